"""What is refused before any page sees it."""

from collections.abc import Callable

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponseBase


class NulMiddleware:
    """400 for an address with U+0000, which PostgreSQL takes in no text. Forms refuse it by themselves."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_view: object) -> None:
        query = (part for name, values in request.GET.lists() for part in (name, *values))
        if "\0" in request.path or any("\0" in part for part in query):
            raise BadRequest("U+0000 in the address")
