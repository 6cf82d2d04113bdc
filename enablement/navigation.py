"""Where a person may go: the side navigation, the line under their name, and the page they land on.

Everything here is decided by model-level rights, which Django looks up once a request and keeps on the user;
which cohorts or programs are somebody's own is each page's question.
"""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, TypeAlias

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser, PermissionsMixin
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.functional import Promise, SimpleLazyObject
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

Label: TypeAlias = str | Promise


@dataclass(frozen=True, slots=True)
class Place:
    """A page of the navigation; `permission` is "app.codename", or None for everybody."""

    label: Label
    icon: str
    url_name: str
    permission: str | None = None


@dataclass(frozen=True, slots=True)
class Link:
    label: Label
    icon: str
    url: str
    current: bool


@dataclass(frozen=True, slots=True)
class LinkGroup:
    label: Label
    links: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class Navigation:
    """What the layout draws for one person: groups of links, also as markup, and what they are here as."""

    role: Label
    groups: tuple[LinkGroup, ...] = ()
    html: str = ""


PLACES: tuple[tuple[Label, tuple[Place, ...]], ...] = (
    (
        _("Learn"),
        (
            Place(_("My path"), "route", "my_path"),
            Place(_("Sessions"), "calendar", "my_sessions"),
            Place(_("My tools"), "wrench", "my_tools"),
            Place(_("Prompts"), "message-square", "prompts"),
            Place(_("Procedures"), "clipboard-list", "sops"),
            Place(_("Approvals"), "hand", "approvals"),
            Place(_("Decision ledger"), "scale", "rulings"),
            Place(_("Certificates"), "award", "my_certificates"),
        ),
    ),
    (
        _("Mentor"),
        (
            Place(_("Review queue"), "clipboard-check", "review_queue", "assessments.review_labs"),
            Place(_("My mentees"), "users", "mentees", "assessments.review_labs"),
            Place(_("Justifications"), "scale", "justifications", "assessments.review_labs"),
        ),
    ),
    (
        _("Quality"),
        (
            Place(_("Shadow mode"), "eye", "judgement_queue", "assessments.judge_cases"),
            Place(_("Appeals"), "message-square", "appeal_queue", "assessments.answer_appeals"),
        ),
    ),
    (
        _("Program"),
        (
            Place(_("Readiness"), "gauge", "readiness", "tracks.run_cohorts"),
            Place(_("Cohorts"), "graduation-cap", "cohorts", "tracks.run_cohorts"),
            Place(_("Mentors"), "user-check", "mentor_statistics", "tracks.run_cohorts"),
            Place(_("Item analysis"), "flask-conical", "analyses", "tracks.run_cohorts"),
            Place(_("Reports"), "chart-column", "reports", "tracks.run_cohorts"),
        ),
    ),
    (
        _("Govern"),
        (
            Place(_("Tool access"), "shield-check", "access_overview", "access.view_grant"),
            Place(_("Decision log"), "scroll-text", "access_log", "ledger.view_ledgerentry"),
            Place(_("Who could do what"), "history", "access_roles", "ledger.view_ledgerentry"),
            Place(_("Evidence packs"), "file-check", "evidence_packs", "ledger.view_ledgerentry"),
            Place(_("Retention and holds"), "hourglass", "access_records", "ledger.view_ledgerentry"),
            Place(_("Rules"), "list-checks", "access_rules", "access.explain_rules"),
            Place(_("Tool versions"), "git-branch", "tool_versions", "assessments.declare_material"),
            Place(_("Playbooks"), "scroll-text", "playbooks", "playbook.author_playbooks"),
            Place(_("Question banks"), "library", "question_banks", "assessments.author_questions"),
            Place(_("Roster"), "user-check", "roster", "people.manage_roster"),
            Place(_("Rights to confirm"), "user-check", "rights", "people.confirm_rights"),
            Place(_("Auditors"), "eye", "auditors", "people.give_auditor_access"),
            Place(_("Tokens"), "key-round", "tokens", "people.add_apitoken"),
            Place(_("Webhooks"), "send", "webhooks", "webhooks.view_webhookendpoint"),
        ),
    ),
)

#: In this order: the right that makes a workplace, the page it opens with, what its holder is called.
WORKPLACES: tuple[tuple[str, str, Label], ...] = (
    ("playbook.author_playbooks", "playbooks", _("Author")),
    ("tracks.run_cohorts", "readiness", _("Program manager")),
    ("assessments.judge_cases", "judgement_queue", _("Quality owner")),
    ("assessments.review_labs", "review_queue", _("Mentor")),
    ("people.manage_roster", "roster", _("Administrator")),
    ("access.view_grant", "access_overview", _("Governance")),
    ("ledger.view_ledgerentry", "access_log", _("Auditor")),
)
LEARNER: tuple[str, Label] = ("my_path", _("Learner"))

#: All that the navigation asks about.
RIGHTS = frozenset(
    [permission for permission, _url_name, _label in WORKPLACES]
    + [place.permission for _label, places in PLACES for place in places if place.permission]
)


def navigation(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `navigation` is a `Navigation` (None signed out), made only where it is drawn."""
    return {"navigation": SimpleLazyObject(lambda: _navigation(request))}


def first_page(user: AbstractBaseUser | AnonymousUser) -> str:
    """The name of the URL that this person comes for (DESIGN: who, comes for, first page)."""
    return _workplace(_permissions(user))[0]


def _navigation(request: HttpRequest) -> Navigation | None:
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return None
    held = frozenset(RIGHTS & _permissions(user))
    return _drawn(held, _closest(request.path, _urls(held).values()), get_language())


@lru_cache(maxsize=512)
def _drawn(held: frozenset[str], here: str, _language: str | None) -> Navigation:
    """For these rights, on the page `here`; each is made once a process (rights are looked up every time)."""
    urls = _urls(held)
    groups = (
        LinkGroup(
            label,
            tuple(_link(place, urls[place.url_name], here) for place in places if place.url_name in urls),
        )
        for label, places in PLACES
    )
    made = Navigation(role=_workplace(held)[1], groups=tuple(group for group in groups if group.links))
    return replace(made, html=render_to_string("parts/navigation.html", {"navigation": made}))


@lru_cache(maxsize=64)
def _urls(held: frozenset[str]) -> dict[str, str]:
    """The addresses of the places that these rights open, by the name of the URL."""
    places = (place for _label, places in PLACES for place in places)
    return {
        place.url_name: reverse(place.url_name)
        for place in places
        if place.permission is None or place.permission in held
    }


def _link(place: Place, url: str, here: str) -> Link:
    return Link(label=place.label, icon=place.icon, url=url, current=url == here)


def _permissions(user: AbstractBaseUser | AnonymousUser) -> set[str]:
    """The model-level rights, as "app.codename"; Django's own lookup, kept on the user object."""
    if isinstance(user, PermissionsMixin):
        return user.get_all_permissions()
    return set()


def _workplace(held: AbstractSet[str]) -> tuple[str, Label]:
    for permission, url_name, label in WORKPLACES:
        if permission in held:
            return url_name, label
    return LEARNER


def _closest(path: str, urls: Iterable[str]) -> str:
    """The longest of `urls` that `path` lies on or under; "" where none does."""
    return max(
        (url for url in urls if path == url or (url != "/" and path.startswith(url))), key=len, default=""
    )
