"""The request of somebody who is signed in: every page asks for that unless it says otherwise."""

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from enablement.people.models import User


class PersonRequest(HttpRequest):
    """For annotations: `LoginRequiredMiddleware` has made sure that `user` is a person."""

    user: User
    htmx: HtmxDetails
