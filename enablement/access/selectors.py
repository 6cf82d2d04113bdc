"""Reads of gates and grants for people."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from enablement.access import gates, overlays, rework
from enablement.access.leaves import Leaf
from enablement.access.models import (
    EmergencyAccess,
    Gate,
    Grant,
    GrantHold,
    Microtool,
    RoleProfile,
    Ruling,
    Stop,
    Waiver,
)
from enablement.access.rework import Tally
from enablement.access.tightening import in_force as overlays_in_force
from enablement.access.tightening import place_of, tightening_of
from enablement.people.models import User
from tracks.models import Enrolment, RoleAssignment, Track
from tracks.months import REFRESHER
from tracks.prepared import PreparedObjects


class OverlayView(NamedTuple):
    """An overlay that holds for a person: what it asks of every call, in words."""

    title: str
    reason: str
    asks: Sequence[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class ToolView:
    """One tool as one person sees it: open or not, and what is missing."""

    tool: Microtool
    open: bool
    stopped: bool
    state: str
    standing: gates.Standing | None
    grant: Grant | None
    hold: GrantHold | None
    enrolment: Enrolment | None
    emergency: EmergencyAccess | None
    at: datetime
    overlays: Sequence["OverlayView"] = ()
    tally: Tally | None = None

    @property
    def open_in_emergency(self) -> bool:
        """Two people opened it for some hours, and nothing else that a call is asked closes it."""
        found = self.emergency
        live = found is not None and found.state(at=self.at) == "live"
        return live and not (self.open or self.hold or self.stopped or self.tool.retired_at or self.bar)

    @property
    def can_ask_for_emergency(self) -> bool:
        """Closed by what is not shown yet, and by nothing that emergency access does not touch."""
        shut = self.open or self.emergency or self.hold or self.stopped or self.tool.retired_at
        return not (shut or self.bar)

    @property
    def bar(self) -> Leaf | None:
        """What closes it whatever is shown."""
        demanded = self.standing.demanded if self.standing else ()
        return next((leaf for leaf in demanded if leaf.closed), None)

    @property
    def kept(self) -> bool:
        """Open by the gate as it was: more has to be shown before it ends."""
        return bool(self.open and self.grant and self.grant.former_gate_id)

    @property
    def unfolds(self) -> bool:
        """Whether what an open tool asks is to be seen at once."""
        return self.ends_soon or self.kept

    @property
    def on_leave(self) -> bool:
        """Closed, and nothing that the person can do about it before they are back."""
        paused = self.enrolment is not None and self.enrolment.state == Enrolment.State.PAUSED
        return paused and not self.open

    @property
    def ends_soon(self) -> bool:
        """Whether proof that lapses can be given anew now."""
        ends = self.grant.not_after if self.open and self.grant else None
        return ends is not None and ends - REFRESHER <= self.at


def standings(*, enrolments: Sequence[Enrolment], at: datetime) -> dict[UUID, gates.Standing]:
    """The standing of each enrolment before its track's gate, evaluated now; no gate, no standing.

    The number of queries depends on the tracks and their requirements, not on the number of people.
    """
    by_track: dict[int, list[Enrolment]] = defaultdict(list)
    for enrolment in enrolments:
        by_track[enrolment.track_id].append(enrolment)
    rows = Gate.objects.filter(track__in=by_track).select_related("track")
    return standings_before([(gate.track, gate.tree, by_track[gate.track_id]) for gate in rows], at=at)


def standings_before(
    asked: Sequence[tuple[Track, gates.Node, Sequence[Enrolment]]], *, at: datetime
) -> dict[UUID, gates.Standing]:
    """The standing of these people before these gates, with the overlays and waivers of this moment."""
    everybody = [enrolment for _track, _tree, enrolments in asked for enrolment in enrolments]
    waived = _waived(everybody, at=at)
    tightening = tightening_of(everybody, tracks={track.pk: track.key for track, _tree, _people in asked})
    found: dict[UUID, gates.Standing] = {}
    for track, tree, enrolments in asked:
        found |= gates.evaluate(
            tree=tree,
            track=track,
            enrolments=enrolments,
            at=at,
            waived=waived[track.pk],
            tightening=tightening,
        )
    return found


def _waived(
    enrolments: Sequence[Enrolment], *, at: datetime
) -> dict[int, dict[UUID, dict[str, gates.Waiving]]]:
    """What is waived now, by track, person and requirement. One query."""
    found: dict[int, dict[UUID, dict[str, gates.Waiving]]] = defaultdict(lambda: defaultdict(dict))
    for row in _waivers(users=list({enrolment.user_id for enrolment in enrolments}), at=at):
        found[row.track_id][row.user_id][row.requirement] = gates.Waiving(
            ends_at=row.ends_at,
            by=_("%(one)s and %(other)s") % {"one": row.proposed_by, "other": row.approved_by},
            proof=f"access.waiver:{row.pk}",
        )
    return found


def _gates_of(tracks: list[int]) -> QuerySet[Gate]:
    return Gate.objects.filter(track__in=tracks).select_related("track")


def _live_waivers(users: list[UUID], at: datetime) -> QuerySet[Waiver]:
    live = Waiver.objects.live(at=at).filter(user__in=users)
    return live.select_related("proposed_by", "approved_by").order_by("ends_at")


_gates = PreparedObjects(_gates_of, tracks=[2_000_000_001])
_waivers = PreparedObjects(_live_waivers, users=[UUID(int=1)], at=datetime.min.replace(tzinfo=UTC))


def tools_for(*, user: User, at: datetime) -> list[ToolView]:
    """The tools of this person's tracks, and any other that was ever theirs, each with what is missing."""
    enrolments = list(Enrolment.objects.live().filter(user=user).select_related("track"))
    by_track = {enrolment.track_id: enrolment for enrolment in enrolments}
    found = standings(enrolments=enrolments, at=at)
    held = list(Grant.objects.filter(user=user).select_related("microtool"))
    grants = {grant.microtool_id: grant for grant in held}
    tallies = rework.tallies(held, at=at) if held else {}
    tools = Microtool.objects.filter(Q(track__in=by_track) | Q(pk__in=grants)).select_related("track")
    stopped = stopped_tools()
    holds = {hold.grant_id: hold for hold in GrantHold.objects.live().filter(grant__user=user)}
    broken = EmergencyAccess.objects.filter(user=user)
    asked = broken.waiting(at=at) | broken.live(at=at)
    emergencies = {emergency.grant_id: emergency for emergency in asked}
    policy, place = overlays_in_force(), place_of(user)
    return [
        _view(
            tool,
            grants.get(tool.pk),
            found,
            by_track,
            holds=holds,
            emergencies=emergencies,
            stopped=tool.key in stopped,
            at=at,
            holding=policy.fitting(place, tool.track.key if tool.track else "") if policy else (),
            tallies=tallies,
        )
        for tool in tools
    ]


def stopped_tools() -> frozenset[str]:
    """The keys of tools that a kill switch stops for everybody now."""
    live = Stop.objects.live().filter(kind=Stop.Kind.MICROTOOL)
    return frozenset(live.values_list("value", flat=True))


def _view(
    tool: Microtool,
    grant: Grant | None,
    found: dict[UUID, gates.Standing],
    by_track: dict[int, Enrolment],
    *,
    holds: dict[UUID, GrantHold],
    emergencies: dict[UUID, EmergencyAccess],
    stopped: bool,
    at: datetime,
    holding: Sequence[overlays.Overlay],
    tallies: Mapping[UUID, Tally],
) -> ToolView:
    enrolment = by_track.get(tool.track_id) if tool.track_id else None
    return ToolView(
        tool=tool,
        open=not stopped and is_open(grant, tool=tool, at=at),
        stopped=stopped,
        state=grant.state if grant else Grant.State.LOCKED,
        standing=found.get(enrolment.pk) if enrolment else None,
        grant=grant,
        hold=holds.get(grant.pk) if grant else None,
        enrolment=enrolment,
        emergency=emergencies.get(grant.pk) if grant else None,
        at=at,
        tally=tallies.get(grant.pk) if grant else None,
        overlays=[OverlayView(each.title, each.reason, overlays.asks(each)) for each in holding],
    )


def is_open(grant: Grant | None, *, tool: Microtool, at: datetime) -> bool:
    """Whether this grant opens its tool now; the same test as `Grant.objects.live` but for kill switches."""
    return (
        grant is not None
        and grant.state == Grant.State.GRANTED
        and tool.retired_at is None
        and (grant.not_after is None or grant.not_after > at)
    )


def own_approvals(user: User) -> list[str]:
    """The tasks for which this person's roles need another person's approval."""
    return _of_profiles(user, "approvals")


def tasks_to_ask_for(user: User) -> tuple[list[str], dict[str, Ruling]]:
    """Of those, what an approval can help with; and what is ruled out whoever approves, with its ruling."""
    tasks, avoided = own_approvals(user), avoided_by(user)
    usable = [key for key in tasks if key not in avoided]
    return usable, {key: avoided[key] for key in tasks if key in avoided}


def own_prompts(user: User) -> list[str]:
    """The prompts that this person's roles hold."""
    return _of_profiles(user, "prompts")


def own_usable_prompts(user: User) -> list[str]:
    """Those of them with which a call is not denied whatever else holds."""
    avoided = avoided_by(user)
    return [key for key in own_prompts(user) if key not in avoided]


def avoided_by(user: User) -> dict[str, Ruling]:
    """By prompt and by activity, what is ruled "avoid" in one of this person's roles. One query."""
    current = RoleAssignment.objects.current().filter(user=user)
    rulings = Ruling.objects.in_force().filter(line=Ruling.Line.AVOID, role__in=current.values("role"))
    return {name: ruling for ruling in rulings for name in (ruling.workflow, ruling.prompt) if name}


def _of_profiles(user: User, field: str) -> list[str]:
    current = RoleAssignment.objects.current().filter(user=user)
    profiles = RoleProfile.objects.filter(role__in=current.values("role"))
    return sorted({key for keys in profiles.values_list(field, flat=True) for key in keys})


def _counts(at: datetime) -> dict[str, Count]:
    live = Grant.objects.live(at=at)
    held = GrantHold.objects.live().values("grant")
    broken = EmergencyAccess.objects.live(at=at).values("grant")
    opened = Grant.objects.filter(pk__in=broken, microtool__retired_at=None)
    closed = opened.exclude(pk__in=live.values("pk")).exclude(pk__in=held)
    return {
        "open_count": Count("grants", filter=Q(grants__in=live)),
        "emergency_count": Count("grants", filter=Q(grants__in=closed)),
    }


def tools_with_counts(*, at: datetime) -> QuerySet[Microtool]:
    """Every tool with `open_count`, how many people it is open to now, and `emergency_count`, to how many
    more two people opened it for some hours.
    """
    return Microtool.objects.select_related("track").annotate(**_counts(at))


def people_with_open_tools(*, query: str, at: datetime) -> QuerySet[User]:
    """People whose name or address contains `query`, with the number of tools open to them, counted so."""
    people = User.objects.annotate(**_counts(at)).order_by("name", "email")
    if query:
        people = people.filter(Q(name__icontains=query) | Q(email__icontains=query))
    return people
