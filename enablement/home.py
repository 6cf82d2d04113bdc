"""The front door: takes a person to the page they come for."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from enablement.navigation import first_page


def home(request: HttpRequest) -> HttpResponse:
    return redirect(first_page(request.user))
