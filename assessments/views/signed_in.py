"""Who asks."""

from django.http import HttpRequest

from tracks.people import Person


def me(request: HttpRequest) -> Person:
    """The person who is signed in; the login middleware has sent everybody else away."""
    return request.user
