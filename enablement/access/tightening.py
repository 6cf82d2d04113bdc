"""Reads that say which overlays hold for whom: for gates, and for the pages that tell people."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from enablement.access import gates, overlays
from enablement.access.gates import Demand, Node, Tightening
from enablement.access.leaves import Leaf
from enablement.access.models import Gate, Policy
from enablement.access.overlays import UNKNOWN, Overlay, Place
from enablement.people.models import User
from tracks.models import Enrolment, Track
from tracks.prepared import Prepared

NOBODY = UUID(int=0)


@dataclass(frozen=True, kw_only=True, slots=True)
class InForce:
    """The policy's overlays, its known lines of business, and the regions that it allows."""

    overlays: tuple[Overlay, ...]
    lines: Mapping[str, str]
    regions: Sequence[str]

    def fitting(self, place: Place, track: str) -> tuple[Overlay, ...]:
        return overlays.fitting(self.overlays, place=place, lines=self.lines, track=track)


def in_force() -> InForce | None:
    """None before the first playbook. One query."""
    for stored, lines, regions in _policy():
        return InForce(overlays=overlays.in_force(stored), lines=lines, regions=regions)
    return None


def tightening_of(enrolments: Sequence[Enrolment], *, tracks: Mapping[int, str]) -> Tightening:
    """What overlays ask of these enrolments besides their gates. tracks: keys by primary key. Two queries."""
    policy = in_force()
    if policy is None:
        return gates.NOTHING_MORE
    places = _places({enrolment.user_id for enrolment in enrolments})
    found: dict[tuple[Place, int], tuple[tuple[Demand, ...], Leaf | None]] = {}
    demands: dict[UUID, Sequence[Demand]] = {}
    barred: dict[UUID, Leaf] = {}
    for enrolment in enrolments:
        key = (places.get(enrolment.user_id, UNKNOWN), enrolment.track_id)
        if key not in found and enrolment.track_id in tracks:
            found[key] = _asked(policy, key[0], tracks[enrolment.track_id])
        asked, bar = found.get(key, ((), None))
        if asked:
            demands[enrolment.pk] = asked
        if bar is not None:
            barred[enrolment.pk] = bar
    return Tightening(demands=demands, barred=barred)


def _asked(policy: InForce, place: Place, track: str) -> tuple[tuple[Demand, ...], Leaf | None]:
    holding = policy.fitting(place, track)
    return demands_of(holding), overlays.bar(place=place, allowed=policy.regions, overlays=holding)


def demands_of(holding: Sequence[Overlay]) -> tuple[Demand, ...]:
    """The requirements of these overlays."""
    return tuple(
        Demand(node=node, asked_by=each.title, key=f"{each.key}.{number}")
        for each in holding
        for number, node in enumerate(each.conditions)
    )


def demanded_of_anybody(holding: Sequence[Overlay], *, track: Track, at: datetime) -> tuple[Leaf, ...]:
    """What these overlays ask on a track besides its gate, as it stands for who has shown nothing."""
    demands = demands_of(holding)
    if not demands:
        return ()
    nobody = Enrolment(pk=NOBODY, user_id=NOBODY, track=track)
    tightening = Tightening(demands={NOBODY: demands})
    found = gates.evaluate(tree={}, track=track, enrolments=[nobody], at=at, tightening=tightening)
    return found[NOBODY].demanded


def _places(user_ids: set[UUID]) -> dict[UUID, Place]:
    """Where these people work, those alone of whom anything is on record."""
    return {pk: Place(*place) for pk, *place in _known(users=list(user_ids))}


def _known_places(users: list[UUID]) -> QuerySet[User, tuple[UUID, str, str]]:
    known = User.objects.filter(pk__in=users).exclude(region="", line_of_business="").order_by()
    return known.values_list("pk", "region", "line_of_business")


_trees = Prepared(lambda: Gate.objects.filter(track__retired_at=None).values_list("tree"))
_policy = Prepared(lambda: Policy.objects.values_list("overlays", "lines_of_business", "regions"))
_known = Prepared(_known_places, users=[UUID(int=1)])


def place_of(user: User) -> Place:
    return Place(user.region, user.line_of_business)


def nodes_on(track: str) -> Iterator[Node]:
    """The requirements of a track's gate and of every overlay that holds there for somebody. Two queries."""
    gate = Gate.objects.filter(track__key=track).first()
    if gate is not None:
        yield from gates.leaf_nodes(gate.tree)
    yield from _overlay_nodes(track)


def any_asks_for(type_: str) -> bool:
    """Whether a gate in force, or an overlay, has a requirement of this type. Two queries."""
    nodes = [leaf for (tree,) in _trees() for leaf in gates.leaf_nodes(tree)]
    return any(leaf["type"] == type_ for leaf in [*nodes, *_overlay_nodes(None)])


def _overlay_nodes(track: str | None) -> Iterator[Node]:
    policy = in_force()
    for overlay in policy.overlays if policy else ():
        if track is None or overlay.covers(track):
            for node in overlay.conditions:
                yield from gates.leaf_nodes(node)
