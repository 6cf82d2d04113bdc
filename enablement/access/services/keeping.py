"""Who holds a tool when its gate becomes stricter keeps it until re-certification (DESIGN §4, playbook).

Kept is what the gate was opened by, with all its proof: proof that is withdrawn or lapses, a hold, a stop or
an overlay ends it as before. It never begins for anybody who does not hold the tool, and is never prolonged.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from enablement.access import gates, selectors
from enablement.access.models import FormerGate, Grant, Microtool
from tracks.models import Enrolment, Track
from tracks.months import months_later

#: Where no proof of the gate lapses by itself, in calendar months.
LONGEST = 12

Key = tuple[UUID, int]  # person and tool


@dataclass(frozen=True, kw_only=True, slots=True)
class Keeping:
    """By which gate somebody keeps a tool, until when at the latest, and how they stand before it.

    since_now: more is asked since the revision in force, and nobody has been told yet.
    """

    former: FormerGate
    until: datetime
    standing: gates.Standing
    since_now: bool


def replaced(
    *, track: Track, before: Mapping[str, Any], after: Mapping[str, Any], revision: int, at: datetime
) -> FormerGate | None:
    """Hold on to the gate `before`, where somebody holds a tool by it; the next evaluation says who keeps it.

    No longer than the shortest time for which either gate lets a proof hold.
    """
    if not Grant.objects.filter(microtool__track=track, state=Grant.State.GRANTED).exists():
        return None
    until = months_later(at, _months(before, after))
    return FormerGate.objects.create(
        track=track, tree=dict(before), replaced_at=at, until=until, revision=revision
    )


def end(*, track: Track) -> int:
    """Nobody keeps a tool of the track by what its gate was; how many did."""
    kept = Grant.objects.filter(former_gate__isnull=False, microtool__track=track)
    return kept.update(former_gate=None, kept_until=None)


def kept_since(*, revision: int, at: datetime) -> dict[str, dict[UUID, datetime]]:
    """Who keeps which tool because of this revision, and until when at the latest. One query."""
    found: dict[str, dict[UUID, datetime]] = defaultdict(dict)
    rows = Grant.objects.filter(former_gate__revision=revision, kept_until__gt=at)
    for tool, user, until in rows.values_list("microtool__key", "user", "not_after"):
        if until is not None:
            found[tool][user] = until
    return found


def _months(*trees: Mapping[str, Any]) -> int:
    said = [leaf.get("valid_months") for tree in trees for leaf in gates.leaf_nodes(tree)]
    return min((int(months) for months in said if months is not None), default=LONGEST)


def kept(
    *,
    known: Mapping[Key, Grant],
    enrolments: Sequence[Enrolment],
    standings: Mapping[UUID, gates.Standing],
    revision: int,
    at: datetime,
) -> dict[Key, Keeping]:
    """Which of these grants are kept now, by the gate that they were opened by.

    standings: before the gate in force; who meets that one keeps nothing. revision: in force.
    """
    held = _terms(known, revision=revision, at=at)
    by_person = {(enrolment.user_id, enrolment.track_id): enrolment for enrolment in enrolments}
    asked: dict[int, dict[Key, Enrolment]] = defaultdict(dict)
    for key, (former, _until, _now) in held.items():
        enrolment = by_person.get((key[0], former.track_id))
        standing = standings.get(enrolment.pk) if enrolment else None
        if enrolment and standing and not standing.met:
            asked[former.pk][key] = enrolment
    formers = {former.pk: former for former, _until, _now in held.values()}
    return {
        key: Keeping(former=formers[pk], until=held[key][1], standing=standing, since_now=held[key][2])
        for pk, people in asked.items()
        for key, standing in _standings(formers[pk], people, at=at).items()
        if standing.met
    }


def _terms(
    known: Mapping[Key, Grant], *, revision: int, at: datetime
) -> dict[Key, tuple[FormerGate, datetime, bool]]:
    """The former gate and the last day of those that may be kept, and whether this revision asks for more."""
    open_ones = {key: grant for key, grant in known.items() if _is_open(grant, at)}
    kept_ones = {g.former_gate_id for g in open_ones.values() if g.former_gate_id}
    fresh = any(grant.policy_revision < revision for grant in open_ones.values())
    rows = FormerGate.objects.select_related("track")
    formers = rows.in_bulk(kept_ones) if kept_ones else {}
    new = {former.track_id: former for former in rows.filter(revision=revision)} if fresh else {}
    if not formers and not new:
        return {}
    tools = Microtool.objects.filter(pk__in={tool for _user, tool in open_ones})
    tracks = dict(tools.values_list("pk", "track"))
    found = {}
    for key, grant in open_ones.items():
        track = tracks[key[1]]
        now = grant.policy_revision < revision and track in new
        if grant.former_gate_id and grant.kept_until:
            former, until = formers[grant.former_gate_id], grant.kept_until
        elif now:
            former = new[track]
            until = min(former.until, grant.not_after or former.until)
        else:
            continue
        if former.track_id == track and until > at:
            found[key] = (former, until, now)
    return found


def _is_open(grant: Grant, at: datetime) -> bool:
    """Not once it has lapsed, though nobody has said so yet: what is given anew has to meet the gate."""
    return grant.state == Grant.State.GRANTED and (grant.not_after is None or grant.not_after > at)


def _standings(
    former: FormerGate, people: Mapping[Key, Enrolment], *, at: datetime
) -> dict[Key, gates.Standing]:
    distinct = {enrolment.pk: enrolment for enrolment in people.values()}
    found = selectors.standings_before([(former.track, former.tree, list(distinct.values()))], at=at)
    return {key: found[enrolment.pk] for key, enrolment in people.items()}
