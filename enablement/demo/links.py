"""Sign-in links of the demo people. They exist in demo mode only; anywhere else the door is a 404."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from enablement.demo import example_tool
from enablement.demo.cast import DOMAIN, MENTORS, STAFF
from enablement.demo.stages import STAGES
from enablement.demo.tour import PARTS, Part
from enablement.people.models import User

SIGNER = signing.Signer(salt="enablement.demo.sign-in")
View = Callable[..., HttpResponseBase]


def sign_in_links() -> list[tuple[str, str]]:
    """`(who and what they show, address)` for every persona; first the page that lists them all."""
    everybody = (_("Everybody, on one page"), f"{settings.SITE_URL}{reverse('demo_cast')}")
    return [everybody, *((f"{link.user.email}: {link.shows}", link.url) for link in _links())]


@dataclass(frozen=True, slots=True)
class Link:
    user: User
    shows: str
    url: str

    @property
    def handle(self) -> str:
        return self.user.email.partition("@")[0]


@dataclass(frozen=True, slots=True)
class Line:
    """Somebody on the page, with what to try first as them."""

    link: Link
    tries: str


def _links() -> list[Link]:
    shows = {persona.email: persona.shows for persona in (*STAFF, *MENTORS)}
    shows |= {f"engineer{i}@{DOMAIN}": stage.shows for i, stage in enumerate(STAGES, start=1)}
    people = {user.email: user for user in User.objects.filter(is_active=True, email__in=shows)}
    return [Link(people[email], shows[email], _address(email)) for email in shows if email in people]


def _lines(part: Part, of_handle: dict[str, Link]) -> list[Line]:
    """Takes the people of this part out of `of_handle`."""
    here = [(handle, tries) for handle, tries in part.people if handle in of_handle]
    return [Line(of_handle.pop(handle), str(tries)) for handle, tries in here]


def _address(email: str) -> str:
    return f"{settings.SITE_URL}{reverse('demo_sign_in', args=[SIGNER.sign(email)])}"


def demo_only(view: View) -> View:
    @wraps(view)
    def wrapped(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        if not settings.DEMO:
            raise Http404
        return view(request, *args, **kwargs)

    return wrapped


@login_not_required
@demo_only
@never_cache
@require_safe
def sign_in(request: HttpRequest, key: str) -> HttpResponse:
    """Signs in as the person whom the link names."""
    try:
        email = SIGNER.unsign(key)
    except signing.BadSignature as error:
        raise Http404 from error
    user = get_object_or_404(User, is_active=True, email=email)
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    return redirect("home")


@login_not_required
@demo_only
@never_cache
@require_safe
def cast(request: HttpRequest) -> HttpResponse:
    """Everybody in the demo, with a link to sign in as them."""
    of_handle = {link.handle: link for link in _links()}
    parts = [{"title": part.title, "about": part.about, "lines": _lines(part, of_handle)} for part in PARTS]
    more = [Line(link, capfirst(link.shows)) for link in of_handle.values()]
    context = {"parts": parts, "more": more, "tool": example_tool.address()}
    return render(request, "demo/cast.html", context)
