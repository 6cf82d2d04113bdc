"""Overlays of a playbook: what holds besides, by region, line of business and risk tolerance (decision 0090).

An overlay only ever adds: a requirement, a smaller list of regions, a higher threshold, a further look. What
is not on record of a person may be anything, so every overlay that goes by it applies.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple, Self

from django.utils.translation import gettext as _

from enablement.access.leaves import Leaf
from tracks.words import percent

REGION = "region"


class Place(NamedTuple):
    """Where a person works and for what line of business, as the roster has it; "" is not on record."""

    region: str = ""
    line_of_business: str = ""


UNKNOWN = Place()


@dataclass(frozen=True, kw_only=True, slots=True)
class Overlay:
    """One overlay in force. regions, lines, risks: whom it is for, all that are given have to fit.

    tracks: where it holds; empty, everywhere. What is None, empty or False is not asked.
    """

    key: str
    title: str
    reason: str
    regions: frozenset[str] = frozenset()
    lines: frozenset[str] = frozenset()
    risks: frozenset[str] = frozenset()
    tracks: frozenset[str] = frozenset()
    conditions: tuple[Mapping[str, Any], ...] = ()
    allowed_regions: frozenset[str] | None = None
    confidence_threshold: Decimal | None = None
    block_on_confidence_lt: Decimal | None = None
    yellow_zone_terms: tuple[str, ...] = ()
    manual_review_required: bool = False
    human_in_loop: bool = False
    approvals: tuple[str, ...] = ()
    approval_rule: str = ""

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Self:
        """As `as_json` wrote it; a key that is not known raises, so that nothing is silently left out."""
        values = dict(stored)
        for name in ("regions", "lines", "risks", "tracks", "allowed_regions"):
            if values.get(name) is not None:
                values[name] = frozenset(values[name])
        for name in ("conditions", "yellow_zone_terms", "approvals"):
            values[name] = tuple(values.get(name, ()))
        for name in ("confidence_threshold", "block_on_confidence_lt"):
            if values.get(name) is not None:
                values[name] = Decimal(values[name])
        return cls(**values)

    def fits(self, place: Place, lines: Mapping[str, str]) -> bool:
        """Whether it holds for somebody there. lines: the known lines of business, with their risk."""
        risk = lines.get(place.line_of_business)
        return (
            (not self.regions or not place.region or place.region in self.regions)
            and (not self.lines or risk is None or place.line_of_business in self.lines)
            and (not self.risks or risk is None or risk in self.risks)
        )

    def covers(self, track: str) -> bool:
        return not self.tracks or track in self.tracks


def in_force(stored: Iterable[Mapping[str, Any]]) -> tuple[Overlay, ...]:
    return tuple(Overlay.of(each) for each in stored)


def fitting(
    overlays: Iterable[Overlay], *, place: Place, lines: Mapping[str, str], track: str
) -> tuple[Overlay, ...]:
    """What holds for somebody there on this track and its tools."""
    return tuple(each for each in overlays if each.covers(track) and each.fits(place, lines))


def regions_left(allowed: Iterable[str], overlays: Iterable[Overlay]) -> frozenset[str]:
    """Where these overlays still let a tool run."""
    left = frozenset(allowed)
    for overlay in overlays:
        if overlay.allowed_regions is not None:
            left &= overlay.allowed_regions
    return left


def bar(*, place: Place, allowed: Iterable[str], overlays: Sequence[Overlay]) -> Leaf | None:
    """Why somebody who works there may not use the tool at all; None where nothing speaks against it."""
    left = regions_left(allowed, overlays)
    if not place.region or place.region in left:
        return None
    narrowing = [each.title for each in overlays if each.allowed_regions is not None]
    return Leaf(
        type=REGION,
        label=_("Region of work"),
        met=False,
        closed=True,
        short=_("Region"),
        required=_("works in %(regions)s") % {"regions": ", ".join(sorted(left)) or _("no region at all")},
        actual=_("works in %(region)s") % {"region": place.region},
        next_step=_("Nothing can be shown for this; whoever keeps the roster can mend a wrong region"),
        asked_by=", ".join(narrowing) if place.region in frozenset(allowed) else "",
        asked_as=REGION,
    )


def asks(overlay: Overlay) -> list[str]:
    """In words, what it asks of every call; its requirements are among those of the gate."""
    said = []
    if overlay.allowed_regions is not None:
        regions = ", ".join(sorted(overlay.allowed_regions))
        said.append(_("The tool runs in %(regions)s only.") % {"regions": regions})
    if overlay.confidence_threshold is not None:
        share = percent(overlay.confidence_threshold)
        said.append(
            _("Every output below a confidence of %(share)s %% is looked at first.") % {"share": share}
        )
    if overlay.block_on_confidence_lt is not None:
        share = percent(overlay.block_on_confidence_lt)
        said.append(_("Outputs below a confidence of %(share)s %% are not used.") % {"share": share})
    if overlay.yellow_zone_terms:
        terms = ", ".join(overlay.yellow_zone_terms)
        said.append(
            _("Every output with one of these words is looked at first: %(terms)s.") % {"terms": terms}
        )
    if overlay.manual_review_required:
        said.append(_("Every output that touches the yellow zone is looked at first."))
    if overlay.human_in_loop:
        said.append(_("Every output is looked at first."))
    if overlay.approvals:
        tasks = ", ".join(overlay.approvals)
        said.append(_("Another person approves these tasks first: %(tasks)s.") % {"tasks": tasks})
    if overlay.approval_rule:
        said.append(_("Another person approves by this rule: %(rule)s") % {"rule": overlay.approval_rule})
    return said
