"""Grants follow the gates. Everything here is set-based: one person or a cohort cost the same queries."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from enablement.access import gates, selectors
from enablement.access.models import EnrolmentStanding, Grant, Microtool, Policy
from enablement.access.signals import gate_lost, gate_met, grant_changed
from tracks.facts import Fact
from tracks.models import Enrolment, Track

State = Grant.State
# Closed by a person or by a rule other than the gate: the gate alone does not open these again.
HELD = frozenset({State.SUSPENDED})


@dataclass(frozen=True, kw_only=True, slots=True)
class _Target:
    """What one person's grant for one tool should be now."""

    state: str
    standing: gates.Standing | None


@transaction.atomic
def reevaluate(
    *,
    user_ids: Collection[UUID],
    cause: str,
    actor_id: UUID | None,
    at: datetime,
    tracks: Collection[Track] | None = None,
) -> list[Grant]:
    """Bring the grants of these people in line with their proof, and announce what changed.

    Returns the grants whose state changed. `cause`: the kind of the fact that led here, for the ledger.
    Without a policy in force nothing can be granted, so nothing is done.
    """
    policy = Policy.objects.first()
    if policy is None or not user_ids:
        return []
    known = _locked_grants(user_ids, tracks)
    enrolments = _live_enrolments(user_ids, tracks)
    standings = selectors.standings(enrolments=enrolments, at=at)
    _record_standings(standings, at=at)
    wanted = _targets(enrolments=enrolments, standings=standings, known=known)
    changed, created, touched = _compare(wanted, known, revision=policy.revision, at=at)
    Grant.objects.bulk_create(created)
    Grant.objects.bulk_update(touched, ["state", "since", "not_after", "leaves", "policy_revision"])
    _announce_grants(changed, cause=cause, actor_id=actor_id, at=at)
    _announce_gates(enrolments, standings, cause=cause, actor_id=actor_id, at=at)
    return [grant for grant, _before in changed]


def _locked_grants(
    user_ids: Collection[UUID], tracks: Collection[Track] | None
) -> dict[tuple[UUID, int], Grant]:
    """The grants as they are, locked in one order so that two re-evaluations wait instead of deadlocking."""
    rows = Grant.objects.select_for_update(of=("self",)).filter(user__in=user_ids).order_by("pk")
    if tracks is not None:
        rows = rows.filter(microtool__track__in=tracks)
    return {(grant.user_id, grant.microtool_id): grant for grant in rows}


def _live_enrolments(user_ids: Collection[UUID], tracks: Collection[Track] | None) -> list[Enrolment]:
    rows = Enrolment.objects.live().filter(user__in=user_ids, user__is_active=True, track__retired_at=None)
    return list(rows if tracks is None else rows.filter(track__in=tracks))


def _record_standings(standings: Mapping[UUID, gates.Standing], *, at: datetime) -> None:
    """Keep the standings for pages and reports, in one statement."""
    rows = [
        EnrolmentStanding(
            enrolment_id=enrolment_id,
            met=standing.met,
            met_count=standing.met_count,
            leaves=[leaf.as_json() for leaf in standing.leaves],
            evaluated_at=at,
        )
        for enrolment_id, standing in standings.items()
    ]
    EnrolmentStanding.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["enrolment"],
        update_fields=["met", "met_count", "leaves", "evaluated_at"],
    )


def _targets(
    *,
    enrolments: list[Enrolment],
    standings: Mapping[UUID, gates.Standing],
    known: Mapping[tuple[UUID, int], Grant],
) -> dict[tuple[UUID, int], _Target]:
    # Nobody keeps a tool by having no enrolment: a grant without one is closed.
    targets = {key: _Target(state=State.LOCKED, standing=None) for key in known}
    tools: dict[int | None, list[Microtool]] = defaultdict(list)
    for tool in Microtool.objects.filter(track__in={enrolment.track_id for enrolment in enrolments}):
        tools[tool.track_id].append(tool)
    for enrolment in enrolments:
        standing = standings.get(enrolment.pk)
        for tool in tools[enrolment.track_id] if standing else ():
            targets[enrolment.user_id, tool.pk] = _target(tool, standing)
    return targets


def _target(tool: Microtool, standing: gates.Standing | None) -> _Target:
    if standing is None or not standing.met or tool.retired_at is not None:
        state = State.LOCKED
    else:
        state = State.ELIGIBLE if tool.manual_grant else State.GRANTED
    return _Target(state=state, standing=standing)


def _next_state(before: str | None, wanted: str) -> str:
    """What was open and loses its proof is revoked, not merely locked."""
    if before in HELD:
        return str(before)
    if wanted == State.LOCKED and before in {State.GRANTED, State.REVOKED, State.EXPIRED}:
        return str(before) if before == State.EXPIRED else State.REVOKED
    if wanted == State.ELIGIBLE and before == State.GRANTED:
        return State.GRANTED
    return wanted


def _compare(
    wanted: Mapping[tuple[UUID, int], _Target],
    known: Mapping[tuple[UUID, int], Grant],
    *,
    revision: int,
    at: datetime,
) -> tuple[list[tuple[Grant, str]], list[Grant], list[Grant]]:
    changed: list[tuple[Grant, str]] = []
    created: list[Grant] = []
    touched: list[Grant] = []
    for (user_id, tool_id), target in wanted.items():
        grant = known.get((user_id, tool_id))
        before = grant.state if grant else ""
        if grant is None:
            grant = Grant(user_id=user_id, microtool_id=tool_id, since=at, state="")
            created.append(grant)
        else:
            touched.append(grant)
        grant.state = _next_state(before or None, target.state)
        grant.leaves = [leaf.as_json() for leaf in target.standing.leaves] if target.standing else []
        grant.not_after = target.standing.not_after if target.standing else None
        grant.policy_revision = revision
        if grant.state != before:
            grant.since = at
            changed.append((grant, before))
    return changed, created, touched


def _announce_grants(
    changed: list[tuple[Grant, str]], *, cause: str, actor_id: UUID | None, at: datetime
) -> None:
    tool_keys = dict(Microtool.objects.values_list("pk", "key")) if changed else {}
    facts = [
        Fact(
            kind=f"access.grant_{grant.state}",
            subject=("access.grant", str(grant.pk)),
            at=at,
            actor_id=actor_id,
            learner_id=grant.user_id,
            payload={
                "microtool": tool_keys[grant.microtool_id],
                "before": before,
                "after": grant.state,
                "cause": cause,
                "policy_revision": grant.policy_revision,
                "proof": [fact for leaf in grant.leaves for fact in leaf["proof"]],
            },
        )
        for grant, before in changed
    ]
    if facts:
        grant_changed.send(sender=Grant, facts=facts)


def _announce_gates(
    enrolments: list[Enrolment],
    standings: Mapping[UUID, gates.Standing],
    *,
    cause: str,
    actor_id: UUID | None,
    at: datetime,
) -> None:
    """Say whose gate is met while the enrolment is not complete, and whose is lost while it is."""
    known = [
        (enrolment, standings[enrolment.pk].met) for enrolment in enrolments if enrolment.pk in standings
    ]
    complete = Enrolment.State.COMPLETED
    for signal, kind, turned in (
        (gate_met, "access.gate_met", [e for e, met in known if met and e.state != complete]),
        (gate_lost, "access.gate_lost", [e for e, met in known if not met and e.state == complete]),
    ):
        facts = [
            Fact(
                kind=kind,
                subject=("tracks.Enrolment", str(enrolment.pk)),
                at=at,
                actor_id=actor_id,
                learner_id=enrolment.user_id,
                payload={"cause": cause},
            )
            for enrolment in turned
        ]
        if facts:
            signal.send(sender=Enrolment, facts=facts)
