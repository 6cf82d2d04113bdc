"""The roster: who is here, one person, a file with its plan, and who leaves."""

from typing import Any, cast
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from enablement.people import selectors
from enablement.people.groups import GROUPS
from enablement.people.models import User
from enablement.people.services import deactivate, reactivate
from enablement.people.services import roster as files
from enablement.people.services.roster import Action
from tracks.csv_files import CsvFaults
from tracks.errors import Refused
from tracks.forms import CsvConfirmForm, CsvForm
from tracks.models import Role

_PEOPLE_A_PAGE = 50
_keeps_roster = permission_required("people.manage_roster", raise_exception=True)


@require_GET
@_keeps_roster
def people(request: HttpRequest) -> HttpResponse:
    search, left = request.GET.get("q", "").strip(), request.GET.get("left") == "1"
    page = Paginator(selectors.roster(search=search, left=left), _PEOPLE_A_PAGE).get_page(
        request.GET.get("page")
    )
    url = reverse("roster")
    context = {
        "page": page,
        "people": [(person, _labels(person)) for person in page.object_list],
        "search": search,
        "left": left,
        "query": urlencode({"q": search, "left": int(left)}),
        "tabs": [
            {"label": _("Here"), "url": url, "current": not left},
            {"label": _("Left"), "url": f"{url}?left=1", "current": left},
        ],
    }
    return render(request, "people/roster.html", context)


@require_GET
@_keeps_roster
def person(request: HttpRequest, pk: UUID) -> HttpResponse:
    shown = get_object_or_404(User, pk=pk)
    history = shown.role_assignments.select_related("role").order_by("-since")
    waiting = shown.right_requests.waiting(at=timezone.now())
    context = {
        "person": shown,
        "groups": _labels(shown),
        "history": history,
        "waiting": [right.title for right in selectors.titled(waiting)],
    }
    return render(request, "people/person.html", context)


@require_http_methods(["GET", "POST"])
@_keeps_roster
def upload(request: HttpRequest) -> HttpResponse:
    """First the file, then the plan, then the change: the last two steps carry the same rows."""
    form = CsvForm()
    context: dict[str, Any] = {}
    try:
        if "content" in request.POST:
            confirmed = CsvConfirmForm(request.POST)
            if confirmed.is_valid():
                return _applied(request, confirmed.cleaned_data["content"].encode())
        elif request.method == "POST":
            form = CsvForm(request.POST, request.FILES)
            if form.is_valid():
                return _plan(request, form.cleaned_data["content"])
    except CsvFaults as error:
        context["faults"] = error.faults
    context |= {"form": form, "groups": list(GROUPS), "roles": Role.objects.live()}
    status = 422 if form.errors or "faults" in context else 200
    return render(request, "people/upload.html", context, status=status)


@require_http_methods(["GET", "POST"])
@_keeps_roster
def leave(request: HttpRequest, pk: UUID) -> HttpResponse:
    leaver = get_object_or_404(User, pk=pk)
    if request.method == "POST":
        try:
            deactivate(user=leaver, actor=_actor(request), at=timezone.now())
        except Refused as refused:
            messages.error(request, refused.message)
        else:
            messages.success(request, _("%(person)s can no longer sign in.") % {"person": leaver})
        return redirect("roster_person", pk)
    context = {
        "title": _("Deactivate %(person)s?") % {"person": leaver},
        "text": _(
            "%(person)s is signed out at once, loses every group and role, and their mentorships end. "
            "What they achieved stays on record. They can be reactivated, and then begin without rights."
        )
        % {"person": leaver},
        "submit": _("Deactivate"),
        "back": reverse("roster_person", args=[pk]),
    }
    return render(request, "tracks/confirm.html", context)


@require_POST
@_keeps_roster
def come_back(request: HttpRequest, pk: UUID) -> HttpResponse:
    returner = get_object_or_404(User, pk=pk)
    reactivate(user=returner, actor=_actor(request), at=timezone.now())
    done = _("%(person)s can sign in again; give roles and groups by file.")
    messages.success(request, done % {"person": returner})
    return redirect("roster_person", pk)


def _plan(request: HttpRequest, content: bytes) -> HttpResponse:
    lines = files.plan(content=content, actor=_actor(request))
    context = {
        "lines": lines,
        "waits": sum(len(line.waits) for line in lines),
        "counts": {action.value: sum(line.action is action for line in lines) for action in Action},
        "form": CsvConfirmForm(initial={"content": content.decode("utf-8-sig")}),
    }
    return render(request, "people/plan.html", context)


def _applied(request: HttpRequest, content: bytes) -> HttpResponse:
    lines = files.apply(content=content, actor=_actor(request), at=timezone.now())
    counts = {action.value: sum(line.action is action for line in lines) for action in Action}
    messages.success(
        request, _("%(add)s added, %(change)s changed, %(leave)s deactivated, %(keep)s as before.") % counts
    )
    if waits := sum(len(line.waits) for line in lines):
        text = ngettext(
            "%(n)d right waits for a second person.", "%(n)d rights wait for a second person.", waits
        )
        messages.info(request, text % {"n": waits})
    return redirect("roster")


def _labels(person: User) -> list[str]:
    """What the person's groups are called."""
    return [str(GROUPS[group.name].label) for group in person.groups.all() if group.name in GROUPS]


def _actor(request: HttpRequest) -> User:
    """Whoever `permission_required` let in is an account."""
    return cast("User", request.user)
