"""The addresses of pages. Knowing them means importing every view: seconds, in a process that is new."""

from functools import cache

from django.urls import get_resolver


@cache
def know_addresses() -> None:
    """Have it done now. Whoever is about to hold a lock calls this first, or others wait for the imports."""
    get_resolver().reverse_dict  # noqa: B018 - looking at it imports them
