"""Reads of rulings for pages: a role's columns, one ruling's history, whom a change touches."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Prefetch, Q, QuerySet

from enablement.access.models import Grant, Microtool, Ruling, RulingModule
from enablement.people.models import User
from tracks.models import Role

#: For so long My tools says that a ruling has changed.
NOTICE = timedelta(days=30)


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """One line of a role's rubric."""

    line: str
    label: str
    rulings: tuple[Ruling, ...]


def roles_for(user: User) -> QuerySet[Role]:
    """Roles whose rulings this person may read, by title, those with a live role only."""
    shown = Ruling.objects.visible_to(user).in_force()
    return Role.objects.live().filter(pk__in=shown.values("role")).order_by("title")


def columns(role: Role) -> list[Column]:
    """What is automated, watched and avoided in this role now; two queries."""
    links = RulingModule.objects.select_related("module__track").order_by("module__position")
    rows = (
        Ruling.objects.in_force()
        .filter(role=role)
        .order_by("workflow")
        .prefetch_related(Prefetch("taught_in", links))
    )
    found: dict[str, list[Ruling]] = {line: [] for line in Ruling.Line.values}
    for ruling in rows:
        found[ruling.line].append(ruling)
    return [
        Column(line=line.value, label=str(line.label), rulings=tuple(found[line.value]))
        for line in Ruling.Line
    ]


def ended(role: Role) -> QuerySet[Ruling]:
    """Activities of which nothing is said any more, the latest first."""
    rows = Ruling.objects.filter(role=role, effective_until__isnull=False, successor=None)
    return rows.order_by("-effective_until", "workflow")


def history(ruling: Ruling) -> QuerySet[Ruling]:
    """Everything that was ruled on this activity, newest first."""
    rows = Ruling.objects.filter(role=ruling.role_id, workflow=ruling.workflow)
    return rows.select_related("made_by").order_by("-effective_from", "-policy_revision")


def tools_of(ruling: Ruling) -> QuerySet[Microtool]:
    """The tools that a ruling touches: its prompt's, else all of the role's tracks."""
    if ruling.prompt:
        return Microtool.objects.live().filter(prompts__key=ruling.prompt)
    return Microtool.objects.live().filter(track__role=ruling.role_id)


def holders(ruling: Ruling, *, at: datetime) -> QuerySet[User]:
    """People in the role to whom one of those tools is open now, by name."""
    open_now = Grant.objects.live(at=at).filter(microtool__in=tools_of(ruling))
    in_role = Q(role_assignments__role=ruling.role_id, role_assignments__ended_at=None)
    return User.objects.filter(in_role, pk__in=open_now.values("user")).order_by("name", "email").distinct()


def changed_for(user: User, *, at: datetime) -> list[Ruling]:
    """What changed lately in this person's roles, about tools that are open to them. Two queries."""
    own = user.role_assignments.filter(ended_at=None).values("role")
    rows = Ruling.objects.filter(role__in=own, changed_at__gt=at - NOTICE, successor=None).order_by(
        "-changed_at", "workflow"
    )
    changed = list(rows)
    if not changed:
        return []
    grants = Grant.objects.live(at=at).filter(user=user)
    open_tools = list(grants.values_list("microtool__track__role", "microtool__prompts__key"))
    roles, prompts = {role for role, _key in open_tools}, {key for _role, key in open_tools}
    return [one for one in changed if (one.prompt in prompts if one.prompt else one.role_id in roles)]


def flagged() -> QuerySet[RulingModule]:
    """Modules that may be out of date, the oldest first."""
    rows = RulingModule.objects.flagged().select_related("ruling__role", "module__track")
    return rows.order_by("flagged_at", "pk")


def history_counts(rulings: Sequence[Ruling]) -> dict[tuple[int, str], int]:
    """How many rulings there were on each of these activities. One query."""
    roles = {ruling.role_id for ruling in rulings}
    rows = Ruling.objects.filter(role__in=roles).values_list("role", "workflow").order_by()
    return {(role, workflow): n for role, workflow, n in rows.annotate(n=Count("pk"))}
