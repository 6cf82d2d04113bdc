"""Overlays may only tighten: what would loosen, or asks for nothing, is a fault (decision 0090)."""

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from operator import gt, lt
from typing import Any

from pydantic import ValidationError

from enablement.access import registry
from enablement.playbook import gating
from enablement.playbook.errors import SourceError, show
from enablement.playbook.schema import Overlay, PlaybookFile, Track
from enablement.playbook.yaml_source import Path, Source

#: For each number of a requirement, when one is weaker than another.
_WEAKER: Mapping[str, Callable[[Any, Any], bool]] = {
    "threshold": lt,
    "n": lt,
    "right": lt,
    "lower_bound": lt,
    "cases": lt,
    "kappa": lt,
    "yellow_cases": lt,
    "critical_misses": gt,
    "valid_months": gt,
    "sessions": lt,
    "share": lt,
}
#: Left out, they ask for nothing of their own, and what the gate asks for stays.
_OF_THEIR_OWN = frozenset({"sessions", "share"})
#: What is compared with each other: requirements of one type that name the same thing.
_NAMES = ("quiz", "survey", "policy", "track")
ONLY_TIGHTEN = "an overlay may only tighten"
_ASKING = frozenset(
    {
        "gating_conditions",
        "allowed_regions",
        "confidence_threshold",
        "block_on_confidence_lt",
        "yellow_zone_terms",
        "manual_review_required",
        "human_in_loop",
        "approvals",
        "approval_rule",
    }
)


def overlay_faults(playbook: PlaybookFile, source: Source) -> Iterator[SourceError]:
    """All but the form of its requirements and its approval rule: `checks` looks at those."""
    for i, overlay in enumerate(playbook.overlays):
        path: Path = ("overlays", i)
        yield from _people(overlay, playbook, source, path)
        yield from _regions(overlay, playbook, source, path)
        yield from _confidence(overlay, playbook, source, path)
        yield from _looks(overlay, playbook, source, path)
        if not _ASKING & {name for name in overlay.model_fields_set if getattr(overlay, name)}:
            yield source.error((*path, "id"), f"the overlay {show(overlay.id)} asks for nothing")


def weaker_conditions(
    leaf: Mapping[str, Any], overlay: Overlay, playbook: PlaybookFile, source: Source, path: Path
) -> Iterator[SourceError]:
    """A requirement that the gate of a track asks for more strictly already. The leaf's keys are sound."""
    if leaf["type"] == "shadow_mode":
        yield from _other_looks(leaf, overlay, playbook, source, path)
    mine = _params(leaf)
    if mine is None:
        return
    for track in filter(overlay.covers, playbook.training_tracks):
        for theirs in filter(None, map(_params, _same(leaf, track))):
            for name, value, base in _weaker(mine, theirs):
                said = "nothing" if value is None else _number(value)
                message = f"{name} {said} is weaker than {_number(base)} in {track.id}: {ONLY_TIGHTEN}"
                yield source.error((*path, name) if name in leaf else path, message)


def _weaker(mine: registry.Params, theirs: registry.Params) -> Iterator[tuple[str, Any, Any]]:
    """Name, mine (None: nothing) and theirs, of each number of mine that asks for less."""
    for name, is_weaker in _WEAKER.items():
        value, base = getattr(mine, name, None), getattr(theirs, name, None)
        if base is None or (value is None and name in _OF_THEIR_OWN):
            continue
        if value is None or is_weaker(value, base):
            yield name, value, base


def _other_looks(
    leaf: Mapping[str, Any], overlay: Overlay, playbook: PlaybookFile, source: Source, path: Path
) -> Iterator[SourceError]:
    """Looks are taken of as many cases as the gate says, judged by whom it names: for everybody the same."""
    for track in playbook.training_tracks:
        if not overlay.covers(track):
            continue
        owners = gating.qa_owners(track)
        if not owners:
            message = f"the gate of {track.id} has no shadow_mode, of which an overlay could ask more"
            yield source.error((*path, "type"), message, "shadow_mode in the gate")
            continue
        size = gating.sample_size(track)
        if leaf.get("sample_size") != size:
            message = f"looks of {track.id} are of {size} cases: an overlay may only ask for higher marks"
            yield source.error((*path, "sample_size"), message, str(size))
        if leaf.get("qa_owner") not in owners:
            message = f"{show(leaf.get('qa_owner'))} does not judge the cases of {track.id}"
            yield source.error((*path, "qa_owner"), message, f"one of {', '.join(owners)}")


def _same(leaf: Mapping[str, Any], track: Track) -> Iterator[Mapping[str, Any]]:
    for other in gating.leaves_of(track, str(leaf["type"])):
        if all(leaf.get(name) == other.get(name) for name in _NAMES):
            yield other


def _params(leaf: Mapping[str, Any]) -> registry.Params | None:
    requirement = registry.get(str(leaf["type"]))
    try:
        values = {key: value for key, value in leaf.items() if key != "type"}
        return requirement.params.model_validate(values) if requirement else None
    except ValidationError:
        return None


def _people(overlay: Overlay, playbook: PlaybookFile, source: Source, path: Path) -> Iterator[SourceError]:
    people, base = overlay.people, (*path, "for")
    if not (people.regions or people.lines_of_business or people.risk_tolerance):
        yield source.error(
            base, "it is for nobody in particular", "regions, lines_of_business or risk_tolerance"
        )
    lines = {line.id: line.risk_tolerance for line in playbook.lines_of_business}
    known: dict[str, tuple[list[Any], list[str]]] = {
        "regions": (list(people.regions), playbook.regions.allowed),
        "lines_of_business": (list(people.lines_of_business), list(lines)),
        "risk_tolerance": (list(people.risk_tolerance), sorted(set(lines.values()))),
    }
    for name, (given, there) in known.items():
        yield from _unknown(given, there, source, (*base, name))
    yield from _unknown(
        overlay.tracks, [track.id for track in playbook.training_tracks], source, (*path, "tracks")
    )


def _unknown(given: list[Any], known: list[str], source: Source, path: Path) -> Iterator[SourceError]:
    for i, each in enumerate(given):
        if each not in known:
            expected = f"one of {', '.join(known)}" if known else "nothing: the playbook names none"
            yield source.error((*path, i), f"the playbook has no {show(each)} there", expected)


def _regions(overlay: Overlay, playbook: PlaybookFile, source: Source, path: Path) -> Iterator[SourceError]:
    allowed = playbook.regions.allowed
    for i, region in enumerate(overlay.allowed_regions or ()):
        if region not in allowed:
            message = f"{show(region)} is not allowed by the playbook: {ONLY_TIGHTEN}"
            yield source.error((*path, "allowed_regions", i), message, f"some of {', '.join(allowed)}")
    if overlay.allowed_regions is not None and set(allowed) <= set(overlay.allowed_regions):
        message = "these are all the regions that the playbook allows: this asks for nothing"
        yield source.error((*path, "allowed_regions"), message, "fewer of them")


def _confidence(
    overlay: Overlay, playbook: PlaybookFile, source: Source, path: Path
) -> Iterator[SourceError]:
    mine = overlay.confidence_threshold
    tools = [tool for track in playbook.training_tracks if overlay.covers(track) for tool in track.microtools]
    for tool in tools:
        if mine is None:
            break
        place = (*path, "confidence_threshold")
        if tool.confidence_threshold is None:
            message = f"{tool.name} has no threshold, so every output is looked at: {ONLY_TIGHTEN}"
            yield source.error(place, message)
        elif mine < tool.confidence_threshold:
            yield _below(mine, tool.confidence_threshold, f" of {tool.name}", source, place)
    block, base = overlay.block_on_confidence_lt, playbook.risk_thresholds.block_on_confidence_lt
    if block is not None and block < base:
        yield _below(block, base, " of the playbook", source, (*path, "block_on_confidence_lt"))


def _below(value: Decimal, base: Decimal, whose: str, source: Source, path: Path) -> SourceError:
    message = f"{_number(value)} is below {_number(base)}{whose}: {ONLY_TIGHTEN}"
    return source.error(path, message, f"at least {_number(base)}")


def _looks(overlay: Overlay, playbook: PlaybookFile, source: Source, path: Path) -> Iterator[SourceError]:
    for name in ("manual_review_required", "human_in_loop"):
        if getattr(overlay, name) is False:
            yield source.error(
                (*path, name), f"{name} cannot be switched off: {ONLY_TIGHTEN}", "true, or no such key"
            )
    reviewed = playbook.risk_thresholds.manual_review_required or overlay.manual_review_required
    if overlay.yellow_zone_terms and not reviewed:
        message = "without manual_review_required these terms ask for nothing"
        yield source.error((*path, "yellow_zone_terms"), message, "manual_review_required: true beside them")


def _number(value: Any) -> str:
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)
