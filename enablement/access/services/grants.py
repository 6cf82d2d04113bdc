"""Grants follow the gates. Everything here is set-based: one person or a cohort cost the same queries.

What closes closes at once, for everybody. What opens for more than `OPEN_AT_ONCE` people opens in a job.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from django.db import transaction

from enablement.access import gates, selectors
from enablement.access.leaves import marks
from enablement.access.models import EnrolmentStanding, Grant, GrantHold, Microtool, Policy
from enablement.access.services import grant_facts, keeping
from enablement.access.services.grant_facts import Cause, Change
from enablement.jobs.services import enqueue
from tracks.models import Enrolment, Track

State = Grant.State
OPEN = frozenset({State.GRANTED, State.ELIGIBLE})
#: For how many people a fact may open something before it answers (DESIGN §2).
OPEN_AT_ONCE = 50

#: What an evaluation writes.
_EVALUATED = ["state", "since", "not_after", "leaves", "policy_revision", "former_gate", "kept_until"]

Key = tuple[UUID, int]  # person and tool


@dataclass(frozen=True, kw_only=True, slots=True)
class _Target:
    """What one person's grant for one tool should be now. kept: by the gate as it was."""

    state: str
    standing: gates.Standing | None
    kept: keeping.Keeping | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Reevaluation:
    """`changed`: the grants whose state changed. `later`: person and tool of those that a job will open."""

    changed: list[Grant] = field(default_factory=list)
    later: frozenset[Key] = frozenset()


@transaction.atomic
def reevaluate(
    *,
    user_ids: Collection[UUID],
    cause: str,
    actor_id: UUID | None,
    at: datetime,
    tracks: Collection[Track] | None = None,
    at_once: int = OPEN_AT_ONCE,
) -> Reevaluation:
    """Bring the grants of these people in line with their proof, and announce what changed.

    `cause`: the kind of the fact that led here, for the ledger. `at_once`: where more people than this get
    something opened or their track completed, a job does that part; what closes never waits.
    Without a policy in force nothing can be granted, so nothing is done.
    """
    policy = Policy.objects.first()
    if policy is None or not user_ids:
        return Reevaluation()
    known = _locked_grants(user_ids, tracks)
    enrolments = _live_enrolments(user_ids, tracks)
    standings = selectors.standings(enrolments=enrolments, at=at)
    _record_standings(standings, at=at)
    kept = keeping.kept(
        known=known, enrolments=enrolments, standings=standings, revision=policy.revision, at=at
    )
    wanted = _targets(enrolments=enrolments, standings=standings, known=known, kept=kept)
    wanted = _without_held(wanted, known)
    opening = _opening(wanted, known)
    completing = [e for e in enrolments if _completes(e, standings.get(e.pk))]
    waiting = {user_id for user_id, _tool in opening} | {enrolment.user_id for enrolment in completing}
    if len(waiting) > at_once:
        _open_in_a_job(waiting, cause=cause, actor_id=actor_id, at=at)
        wanted = {key: target for key, target in wanted.items() if key not in opening}
        later, completing = opening, []
    else:
        later = frozenset()
    terms = {grant.pk: grant.not_after for grant in known.values() if grant.state == State.GRANTED}
    changed, created, touched = _compare(wanted, known, revision=policy.revision, at=at)
    Grant.objects.bulk_create(created)
    Grant.objects.bulk_update(touched, _EVALUATED)
    because = Cause(cause, actor_id, at)
    grant_facts.changed(changed, cause=because)
    moved = {change.grant.pk for change in changed}
    renewed = [g for g in touched if g.pk in terms and g.pk not in moved and g.not_after != terms[g.pk]]
    grant_facts.renewed(renewed, terms, cause=because)
    grant_facts.kept(_kept_since_now(wanted, known), cause=because)
    still = _still_complete(wanted, enrolments)
    lost = [e for e in enrolments if _is_lost(e, standings.get(e.pk)) and e.pk not in still]
    grant_facts.gates(met=completing, lost=lost, cause=because)
    return Reevaluation(changed=[change.grant for change in changed], later=later)


def _without_held(wanted: Mapping[Key, _Target], known: Mapping[Key, Grant]) -> dict[Key, _Target]:
    """What a person or a rule other than the gate suspended stays so, whatever the gate says."""
    suspended = {key: grant.pk for key, grant in known.items() if grant.state == State.SUSPENDED}
    live = GrantHold.objects.live().filter(grant__in=suspended.values())
    held = set(live.values_list("grant_id", flat=True)) if suspended else set()
    return {
        key: replace(target, state=State.SUSPENDED) if suspended.get(key) in held else target
        for key, target in wanted.items()
    }


def _opening(wanted: Mapping[Key, _Target], known: Mapping[Key, Grant]) -> frozenset[Key]:
    """Whose closed tools would open now."""
    return frozenset(
        key
        for key, target in wanted.items()
        if (before := known[key].state if key in known else None) not in OPEN
        and _next_state(before, target.state) in OPEN
    )


def _completes(enrolment: Enrolment, standing: gates.Standing | None) -> bool:
    return standing is not None and standing.shown and enrolment.state != Enrolment.State.COMPLETED


def _is_lost(enrolment: Enrolment, standing: gates.Standing | None) -> bool:
    return standing is not None and not standing.shown and enrolment.state == Enrolment.State.COMPLETED


def _still_complete(wanted: Mapping[Key, _Target], enrolments: Sequence[Enrolment]) -> set[UUID]:
    """Enrolments by which somebody keeps a tool: what was complete is so until then."""
    kept = [
        key for key, target in wanted.items() if target.kept and target.standing and target.standing.shown
    ]
    if not kept:
        return set()
    tools = Microtool.objects.filter(pk__in={tool for _user, tool in kept})
    tracks = dict(tools.values_list("pk", "track"))
    places = {(user, tracks[tool]) for user, tool in kept}
    return {enrolment.pk for enrolment in enrolments if (enrolment.user_id, enrolment.track_id) in places}


def _open_in_a_job(user_ids: Collection[UUID], *, cause: str, actor_id: UUID | None, at: datetime) -> None:
    """The job evaluates anew: what was lost in the meantime does not open."""
    from enablement.access.tasks import open_grants

    people = sorted(map(str, user_ids))
    args = {"user_ids": people, "cause": cause, "actor_id": str(actor_id) if actor_id else None}
    enqueue(task=open_grants, args=args, at=at)


def _locked_grants(user_ids: Collection[UUID], tracks: Collection[Track] | None) -> dict[Key, Grant]:
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
            met=standing.shown,
            met_count=standing.met_count,
            leaves=[leaf.as_json() for leaf in standing.leaves],
            overlay_leaves=[leaf.as_json() for leaf in standing.demanded],
            overlay_marks=marks(standing.demanded),
            evaluated_at=at,
        )
        for enrolment_id, standing in standings.items()
    ]
    EnrolmentStanding.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["enrolment"],
        update_fields=["met", "met_count", "leaves", "overlay_leaves", "overlay_marks", "evaluated_at"],
    )


def _targets(
    *,
    enrolments: list[Enrolment],
    standings: Mapping[UUID, gates.Standing],
    known: Mapping[Key, Grant],
    kept: Mapping[Key, keeping.Keeping],
) -> dict[Key, _Target]:
    # Nobody keeps a tool by having no enrolment: a grant without one is closed.
    targets = {key: _Target(state=State.LOCKED, standing=None) for key in known}
    tools: dict[int | None, list[Microtool]] = defaultdict(list)
    for tool in Microtool.objects.filter(track__in={enrolment.track_id for enrolment in enrolments}):
        tools[tool.track_id].append(tool)
    for enrolment in enrolments:
        standing = standings.get(enrolment.pk)
        for tool in tools[enrolment.track_id] if standing else ():
            key = enrolment.user_id, tool.pk
            targets[key] = _target(tool, standing)
            if key in kept and targets[key].state == State.LOCKED:
                former = _target(tool, kept[key].standing)
                targets[key] = replace(former, kept=kept[key] if former.state != State.LOCKED else None)
    return targets


def _target(tool: Microtool, standing: gates.Standing | None) -> _Target:
    if standing is None or not standing.met or tool.retired_at is not None:
        state = State.LOCKED
    else:
        state = State.ELIGIBLE if tool.manual_grant else State.GRANTED
    return _Target(state=state, standing=standing)


def _next_state(before: str | None, wanted: str) -> str:
    """What was open and loses its proof is revoked, not merely locked."""
    if wanted == State.LOCKED and before in {State.GRANTED, State.REVOKED, State.EXPIRED}:
        return str(before) if before == State.EXPIRED else State.REVOKED
    if wanted == State.ELIGIBLE and before == State.GRANTED:
        return State.GRANTED
    return wanted


def _compare(
    wanted: Mapping[Key, _Target],
    known: Mapping[Key, Grant],
    *,
    revision: int,
    at: datetime,
) -> tuple[list[Change], list[Grant], list[Grant]]:
    changed: list[Change] = []
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
        lapsed_at = _lapsed_at(grant, at)
        grant.state = _next_state(before or None, target.state)
        if lapsed_at and grant.state == State.REVOKED:
            grant.state = State.EXPIRED
        grant.leaves = [leaf.as_json() for leaf in target.standing.everything] if target.standing else []
        grant.not_after = target.standing.not_after if target.standing else None
        _keep(grant, target)
        grant.policy_revision = revision
        # What lapsed and was renewed is on record too: in between, every call was denied.
        if grant.state != before or lapsed_at:
            grant.since = at
            changed.append(Change(grant, before, lapsed_at))
    return changed, created, touched


def _keep(grant: Grant, target: _Target) -> None:
    """Kept no longer than at first, whatever has been given anew since; or not kept."""
    if target.kept and grant.state == State.GRANTED:
        grant.former_gate, grant.kept_until = target.kept.former, target.kept.until
        grant.not_after = min(grant.not_after or target.kept.until, target.kept.until)
    else:
        grant.former_gate, grant.kept_until = None, None


def _kept_since_now(wanted: Mapping[Key, _Target], known: Mapping[Key, Grant]) -> list[Grant]:
    """What stays open although its gate has just become stricter than what was shown."""
    kept = (known[key] for key, target in wanted.items() if target.kept and target.kept.since_now)
    return [grant for grant in kept if grant.former_gate_id]


def _lapsed_at(grant: Grant, at: datetime) -> datetime | None:
    """When an open grant stopped opening its tool, though nothing has said so yet."""
    lapsed = grant.state == State.GRANTED and grant.not_after is not None and grant.not_after <= at
    return grant.not_after if lapsed else None


def set_state(grant: Grant, state: str, *, cause: str, actor_id: UUID | None, at: datetime) -> None:
    """One locked grant, moved by a person or a rule other than its gate; announced like any other change.

    It is moved under the revision in force now, whichever its gate was last evaluated under.
    """
    before, grant.state, grant.since = grant.state, state, at
    policy = Policy.objects.only("revision").first()
    grant.policy_revision = policy.revision if policy else grant.policy_revision
    if state != State.GRANTED:  # Once it opens again, the gate in force decides.
        grant.former_gate, grant.kept_until = None, None
    grant.save(update_fields=["state", "since", "policy_revision", "former_gate", "kept_until"])
    grant_facts.changed([Change(grant, before)], cause=Cause(cause, actor_id, at))


def mark_used(grant: Grant, *, at: datetime) -> None:
    """Disuse is counted from here."""
    Grant.objects.filter(pk=grant.pk).update(last_used_at=at)
