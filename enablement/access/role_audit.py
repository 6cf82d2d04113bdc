"""Who could do what at a moment, and why: put together from the ledger's entries, not from today's tables.

A grant was open where the newest entry about it up to then says so, its proof had not lapsed by then, its
tool was not stopped, and a playbook was in force; emergency access stands in for a grant. That a proof had
lapsed is found later (by the next evaluation), so the entries after the moment are asked for that as well.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from enablement.access.history import CAUSES, LIFTED, lift_reasons
from enablement.access.models import Grant, GrantHold
from enablement.ledger.models import LedgerEntry, PolicyRevision
from enablement.ledger.selectors import revision_at
from enablement.people.models import User
from tracks.models import RoleAssignment

State = Grant.State
SUBJECT = "access.grant"
KINDS = [f"access.grant_{state}" for state in State.values]
STOPS = ("access.stop_started", "access.stop_ended")
EMERGENCIES = ("access.emergency_approved", "access.emergency_ended")


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One person and one tool at the moment. `entry` is the ledger entry that says so, `since` its time.

    emergency: opened by two people for some hours, whatever the grant's `state` was.
    """

    grant: UUID
    person: UUID
    name: str
    email: str
    microtool: str
    tool: str
    state: str
    since: datetime
    entry: UUID
    open: bool
    emergency: bool = False

    @property
    def state_label(self) -> str:
        return str(State(self.state).label)


@dataclass(frozen=True, kw_only=True, slots=True)
class Why:
    """What a row rests on: the cause, who acted, the facts that prove it, the roles held then.

    reason: in the words of who suspended it, or of who lifted that.
    """

    row: Row
    cause: str
    actor: str
    proof: Sequence[str]
    policy_revision: int | None
    roles: Sequence[str]
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Audit:
    """`rows` by name, then tool. `stops`: what was stopped then, by kind ("microtool", "region", "model")."""

    at: datetime
    rows: Sequence[Row]
    revision: PolicyRevision | None
    stops: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def open_rows(self) -> list[Row]:
        return [row for row in self.rows if row.open]


def audit(*, at: datetime, people: frozenset[UUID] | None = None, microtool: str = "") -> Audit:
    """Six queries, whatever the number of people and tools."""
    grants = _grants(people, microtool)
    revision, stops = revision_at(at), _stops(at)
    lapsed = _lapsed_later(grants if people is not None else None, at=at)
    rows = [
        _row(grant, found, lapsed.get(subject, ()), revision, stops, at=at)
        for subject, *found in _latest(grants if people is not None else None, at=at)
        if (grant := grants.get(UUID(subject))) is not None
    ]
    emergencies = _emergencies(at)
    rows += _locked_but_for(emergencies, grants, known={row.grant for row in rows})
    rows = [
        _with_emergency(row, emergencies.get((str(row.person), row.microtool)), revision, stops)
        for row in rows
    ]
    return Audit(
        at=at,
        rows=sorted(rows, key=lambda row: (row.name.casefold(), row.email, row.tool)),
        revision=revision,
        stops=stops,
    )


def explain(rows: Sequence[Row], *, at: datetime) -> list[Why]:
    """The reasons of these rows, in four queries, and one more where a suspension was lifted."""
    entries = LedgerEntry.objects.in_bulk([row.entry for row in rows])
    actors = User.objects.in_bulk([entry.actor_id for entry in entries.values() if entry.actor_id])
    roles = _roles({row.person for row in rows}, at=at)
    holds = _holds([row.grant for row in rows if row.state == State.SUSPENDED], at=at)
    lifts = lift_reasons([row.grant for row in rows if LIFTED in entries[row.entry].payload])
    said = {
        row.grant: holds.get(row.grant) or lifts.get((row.grant, row.since), "")
        for row in rows
        if not row.emergency
    }
    return [_why(row, entries[row.entry], actors, roles, said) for row in rows]


def _grants(people: frozenset[UUID] | None, microtool: str) -> dict[UUID, Mapping[str, Any]]:
    """Whose and for what each grant is; these never change, and no grant is ever deleted."""
    found = Grant.objects.all()
    if people is not None:
        found = found.filter(user__in=people)
    if microtool:
        found = found.filter(microtool__key=microtool)
    rows = found.values(
        "pk",
        "user_id",
        "user__name",
        "user__email",
        "microtool__key",
        "microtool__title",
        "state",
        "not_after",
    )
    return {row["pk"]: row for row in rows}


def _entries(only: Iterable[UUID] | None) -> QuerySet[LedgerEntry]:
    entries = LedgerEntry.objects.filter(subject_type=SUBJECT, kind__in=KINDS)
    return entries if only is None else entries.filter(subject_id__in=[str(pk) for pk in only])


def _latest(only: Iterable[UUID] | None, *, at: datetime) -> list[tuple[str, UUID, str, datetime]]:
    """The newest entry of each grant up to then: grant, entry, kind, time.

    PostgreSQL keeps the newest of each; SQLite has no DISTINCT ON, and gives them all, newest first.
    """
    found = _entries(only).filter(at__lte=at).order_by("-subject_id", "-at", "-recorded_at", "-id")
    if connection.features.can_distinct_on_fields:
        found = found.distinct("subject_id")
    newest: dict[str, tuple[str, UUID, str, datetime]] = {}
    for row in found.values_list("subject_id", "id", "kind", "at").iterator():
        newest.setdefault(row[0], row)
    return list(newest.values())


def _lapsed_later(only: Iterable[UUID] | None, *, at: datetime) -> dict[str, list[datetime]]:
    """When a proof had run out, as it was found only after the moment; by grant."""
    found: dict[str, list[datetime]] = defaultdict(list)
    later = _entries(only).filter(at__gt=at, payload__contains='"lapsed_at":')
    for subject, payload in later.values_list("subject_id", "payload"):
        found[subject].append(datetime.fromisoformat(json.loads(payload)["lapsed_at"]))
    return found


def _row(
    grant: Mapping[str, Any],
    found: Sequence[Any],
    lapsed: Iterable[datetime],
    revision: PolicyRevision | None,
    stops: Mapping[str, Sequence[str]],
    *,
    at: datetime,
) -> Row:
    entry, kind, since = found
    state = kind.removeprefix("access.grant_")
    if state == State.GRANTED:
        run_out = [moment for moment in lapsed if since < moment <= at]
        # Nobody has looked since: then what the grant says now is what it said then.
        if grant["state"] == State.GRANTED and grant["not_after"] is not None and grant["not_after"] <= at:
            run_out.append(grant["not_after"])
        if run_out:
            state, since = State.EXPIRED.value, min(run_out)
    stopped = grant["microtool__key"] in stops.get("microtool", ())
    return Row(
        grant=grant["pk"],
        person=grant["user_id"],
        name=grant["user__name"],
        email=grant["user__email"],
        microtool=grant["microtool__key"],
        tool=grant["microtool__title"],
        state=state,
        since=since,
        entry=entry,
        open=state == State.GRANTED and not stopped and revision is not None,
    )


def _with_emergency(
    row: Row,
    emergency: tuple[UUID, datetime] | None,
    revision: PolicyRevision | None,
    stops: Mapping[str, Sequence[str]],
) -> Row:
    """What a grant did not open, emergency access may have; a stop closes that as well."""
    if row.state == State.GRANTED or emergency is None:
        return row
    entry, since = emergency
    stopped = row.microtool in stops.get("microtool", ())
    return replace(row, entry=entry, since=since, open=not stopped and revision is not None, emergency=True)


def _locked_but_for(
    emergencies: Mapping[tuple[str, str], tuple[UUID, datetime]],
    grants: Mapping[UUID, Mapping[str, Any]],
    *,
    known: set[UUID],
) -> list[Row]:
    """Grants that no evaluation had made yet: an emergency needed them."""
    rows = []
    for pk, grant in grants.items():
        emergency = emergencies.get((str(grant["user_id"]), grant["microtool__key"]))
        if emergency is not None and pk not in known:
            found = (emergency[0], "access.grant_locked", emergency[1])
            rows.append(_row(grant, found, (), None, {}, at=emergency[1]))
    return rows


def _emergencies(at: datetime) -> dict[tuple[str, str], tuple[UUID, datetime]]:
    """The emergency access of that moment, by person and tool: the entry that approved it, and since when."""
    live: dict[str, tuple[tuple[str, str], tuple[UUID, datetime]]] = {}
    entries = LedgerEntry.objects.filter(kind__in=EMERGENCIES, at__lte=at).order_by("at", "recorded_at")
    for kind, subject, payload, pk, since in entries.values_list("kind", "subject_id", "payload", "pk", "at"):
        said = json.loads(payload)
        live.pop(subject, None)
        if kind == EMERGENCIES[0] and datetime.fromisoformat(said["ends_at"]) > at:
            live[subject] = ((said["learner"], said["microtool"]), (pk, since))
    return dict(live.values())


def _stops(at: datetime) -> dict[str, list[str]]:
    """What was stopped then, by kind."""
    live: dict[str, tuple[str, str]] = {}
    entries = LedgerEntry.objects.filter(kind__in=STOPS, at__lte=at).order_by("at", "recorded_at")
    for kind, subject, payload in entries.values_list("kind", "subject_id", "payload"):
        said = json.loads(payload)
        if kind == STOPS[0]:
            live[subject] = (said["of"], said["value"])
        else:
            live.pop(subject, None)
    stops: dict[str, list[str]] = defaultdict(list)
    for of, value in sorted(live.values()):
        stops[of].append(value)
    return dict(stops)


def _roles(people: Iterable[UUID], *, at: datetime) -> dict[UUID, list[str]]:
    then = RoleAssignment.objects.filter(
        Q(ended_at=None) | Q(ended_at__gt=at), user__in=people, since__lte=at
    )
    roles: dict[UUID, list[str]] = defaultdict(list)
    for user, title in then.order_by("role__title").values_list("user", "role__title"):
        roles[user].append(title)
    return roles


def _holds(grants: Sequence[UUID], *, at: datetime) -> dict[UUID, str]:
    """Why each was suspended then, in the words of who did it."""
    then = GrantHold.objects.filter(
        Q(lifted_at=None) | Q(lifted_at__gt=at), grant__in=grants, placed_at__lte=at
    )
    return dict(then.values_list("grant", "reason"))


def _why(
    row: Row,
    entry: LedgerEntry,
    actors: Mapping[Any, User],
    roles: Mapping[UUID, Sequence[str]],
    reasons: Mapping[UUID, str],
) -> Why:
    said = json.loads(entry.payload)
    return Why(
        row=row,
        cause=_cause(row, entry, said),
        actor=str(actors[entry.actor_id]) if entry.actor_id in actors else "",
        proof=said.get("proof", ()),
        policy_revision=said.get("policy_revision"),
        roles=roles.get(row.person, ()),
        reason=reasons.get(row.grant, ""),
    )


def _cause(row: Row, entry: LedgerEntry, said: Mapping[str, Any]) -> str:
    if row.emergency:
        return _("Emergency access, asked for by one person and approved by another")
    if row.state == State.EXPIRED and row.since != entry.at:
        return _("Its proof ran out")
    return str(CAUSES.get(said["cause"], said["cause"]))
