"""What the schema alone cannot see: names that must exist or be unique, rules and gates that must parse."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from pydantic import ValidationError as SchemaError

from enablement.access import gates, registry
from enablement.access.decisions import approval_rule
from enablement.playbook import overlay_checks
from enablement.playbook.errors import SourceError, SourceErrors, show
from enablement.playbook.faults import faults, validated
from enablement.playbook.fields import MAX_KEY
from enablement.playbook.schema import PlaybookFile, Track
from enablement.playbook.yaml_source import Path, Source

#: The approver who is another person holding the role `ops_manager` (DESIGN §4, playbook).
MANAGER_APPROVE = "manager_approve"


def read_playbook(source: Source) -> PlaybookFile:
    """The playbook of a YAML document. Raises SourceErrors with all faults of the first kind that occurs."""
    playbook = validated(PlaybookFile, source)
    found = [
        *_roles(playbook, source),
        *_approval_steps(playbook, source),
        *_tracks(playbook, source),
        *_microtools(playbook, source),
        *_gates(playbook, source),
        *_lists(playbook, source),
        *_overlays(playbook, source),
    ]
    # Comparing overlays with gates needs gates that are sound.
    found = found or list(_weaker(playbook, source))
    if found:
        raise SourceErrors(found)
    return playbook


def twice(source: Source, entries: Iterable[tuple[Path, str]], what: str) -> Iterator[SourceError]:
    """A fault for each entry whose name an earlier one has."""
    first: dict[str, Path] = {}
    for path, name in entries:
        if name in first:
            line = source.position(first[name]).line
            yield source.error(path, f"{what} {show(name)} is there twice, first in line {line}")
        first.setdefault(name, path)


def _roles(playbook: PlaybookFile, source: Source) -> Iterator[SourceError]:
    base: Path = ("rbac", "roles")
    yield from twice(
        source, (((*base, i, "name"), name) for i, name in enumerate(playbook.role_names)), "the role"
    )
    for i, role in enumerate(playbook.rbac.roles):
        for key, entries in (("prompts", role.prompts), ("approvals", role.approvals)):
            named = (((*base, i, key, place), entry) for place, entry in enumerate(entries))
            yield from twice(source, named, f"in {key},")


def _lists(playbook: PlaybookFile, source: Source) -> Iterator[SourceError]:
    lists: dict[Path, list[str]] = {
        ("regions", "allowed"): playbook.regions.allowed,
        ("risk_thresholds", "yellow_zone_terms"): playbook.risk_thresholds.yellow_zone_terms,
    }
    if playbook.adoption_reporting is not None:
        lists["adoption_reporting", "fields"] = playbook.adoption_reporting.fields
    for path, entries in lists.items():
        yield from twice(source, (((*path, i), entry) for i, entry in enumerate(entries)), "the entry")


def _approval_steps(playbook: PlaybookFile, source: Source) -> Iterator[SourceError]:
    changes = playbook.approvals.workflow_changes
    known = [*playbook.role_names, *playbook.owners.named()]
    for i, step in enumerate(changes.steps if changes else ()):
        if step not in known:
            yield source.error(
                ("approvals", "workflow_changes", "steps", i),
                f"{show(step)} is neither a role nor an owner",
                f"one of {', '.join(known)}",
            )


def _tracks(playbook: PlaybookFile, source: Source) -> Iterator[SourceError]:
    base: Path = ("training_tracks",)
    ids = (((*base, i, "id"), track.id) for i, track in enumerate(playbook.training_tracks))
    yield from twice(source, ids, "the track")
    roles = ", ".join(playbook.role_names)
    for i, track in enumerate(playbook.training_tracks):
        if track.role is not None and track.role not in playbook.role_names:
            yield source.error((*base, i, "role"), f"unknown role {show(track.role)}", f"one of {roles}")
        elif playbook.role_of(track) is None:
            message = f"no role begins the id {show(track.id)}"
            yield source.error((*base, i, "id"), message, f"a key `role` with one of {roles}")
        yield from _modules(track, source, (*base, i, "modules"))


def _modules(track: Track, source: Source, base: Path) -> Iterator[SourceError]:
    keys = [module.key for module in track.modules]
    yield from twice(source, (((*base, i), key) for i, key in enumerate(keys)), "the module")
    for i, module in enumerate(track.modules):
        if not 0 < len(module.key) <= MAX_KEY:
            yield source.error((*base, i, "name"), "the name gives no key", "a key `id` beside it")
        if module.was in keys:
            message = f"the module {show(module.was)} is there itself"
            yield source.error((*base, i, "was"), message, "the former key of a renamed module")
    renamed = [((*base, i, "was"), module.was) for i, module in enumerate(track.modules) if module.was]
    yield from twice(source, renamed, "the former module")


def _microtools(playbook: PlaybookFile, source: Source) -> Iterator[SourceError]:
    names, prompts = [], []
    held = {prompt for role in playbook.rbac.roles for prompt in role.prompts}
    for i, track in enumerate(playbook.training_tracks):
        for j, tool in enumerate(track.microtools):
            path: Path = ("training_tracks", i, "microtools", j)
            names.append(((*path, "name"), tool.name))
            prompts += [((*path, "prompts", k), prompt) for k, prompt in enumerate(tool.prompts)]
            if tool.approval_rule:
                yield from _approval_rule(tool.approval_rule, playbook, source, (*path, "approval_rule"))
    yield from twice(source, names, "the microtool")
    yield from twice(source, prompts, "the prompt")
    for prompt_path, prompt in prompts:
        if prompt not in held:
            expected = f"one of {', '.join(sorted(held))}" if held else "a prompt of some role"
            yield source.error(prompt_path, f"no role holds the prompt {show(prompt)}", expected)


def _approval_rule(rule: str, playbook: PlaybookFile, source: Source, path: Path) -> Iterator[SourceError]:
    try:
        approver = approval_rule.parse(rule).approver
    except approval_rule.ApprovalRuleError as error:
        yield source.inner_error(path, str(error), line=error.line, column=error.column)
        return
    known = [MANAGER_APPROVE, *playbook.role_names, *playbook.owners.named()]
    if approver not in known:
        yield source.inner_error(
            path,
            f"unknown approver {show(approver)}",
            line=1,
            column=rule.rindex(approver) + 1,
            expected=f"one of {', '.join(known)}",
        )


def _gates(playbook: PlaybookFile, source: Source) -> Iterator[SourceError]:
    for i, track in enumerate(playbook.training_tracks):
        conditions = track.gating_conditions
        path: Path = ("training_tracks", i, "gating_conditions")
        yield from _conditions(conditions, [track], source, path)


def _conditions(
    conditions: Any, tracks: Iterable[Track], source: Source, path: Path
) -> Iterator[SourceError]:
    """Faults of what stands at `path`, which holds for these tracks; nothing stands there by default."""
    if conditions is None and path not in source:
        return
    if isinstance(conditions, list) and conditions:
        for place, node in enumerate(conditions):
            yield from _gate(node, source, (*path, place))
    else:
        yield from _gate({"all_of": []} if conditions == [] else conditions, source, path)
    if isinstance(conditions, list | Mapping):
        for leaf_path, leaf in leaves(conditions, path):
            for track in tracks:
                yield from _leaf(leaf, track, source, leaf_path)


def _overlays(playbook: PlaybookFile, source: Source) -> Iterator[SourceError]:
    lines = ((("lines_of_business", i, "id"), line.id) for i, line in enumerate(playbook.lines_of_business))
    yield from twice(source, lines, "the line of business")
    ids = ((("overlays", i, "id"), overlay.id) for i, overlay in enumerate(playbook.overlays))
    yield from twice(source, ids, "the overlay")
    yield from overlay_checks.overlay_faults(playbook, source)
    for i, overlay in enumerate(playbook.overlays):
        path: Path = ("overlays", i)
        tracks = [track for track in playbook.training_tracks if overlay.covers(track)]
        yield from _conditions(overlay.gating_conditions, tracks, source, (*path, "gating_conditions"))
        if overlay.approval_rule:
            rule_path = (*path, "approval_rule")
            yield from _approval_rule(overlay.approval_rule, playbook, source, rule_path)


def _weaker(playbook: PlaybookFile, source: Source) -> Iterator[SourceError]:
    for i, overlay in enumerate(playbook.overlays):
        for path, leaf in leaves(overlay.gating_conditions, ("overlays", i, "gating_conditions")):
            yield from overlay_checks.weaker_conditions(leaf, overlay, playbook, source, path)


def _gate(node: Any, source: Source, path: Path) -> Iterator[SourceError]:
    try:
        gates.check(node)
    except gates.GateError as error:
        if isinstance(error.__cause__, SchemaError):
            yield from _leaf_faults(node, error, error.__cause__, source, path)
        else:
            yield source.error((*path, *error.path), str(error))


def _leaf_faults(
    node: Any, error: gates.GateError, cause: SchemaError, source: Source, path: Path
) -> Iterator[SourceError]:
    """All faults of one requirement's keys, in the words of the other faults."""
    first = cause.errors()[0]["loc"]
    leaf_path = error.path[: len(error.path) - len(first)]
    for step in leaf_path:
        node = node[step]
    requirement = registry.get(str(node["type"]))
    if requirement is not None:
        yield from faults(cause, requirement.params, source, path=(*path, *leaf_path))


def leaves(node: Any, path: Path) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """The requirements in a list or tree of conditions, as it stands in the file, with their paths."""
    if isinstance(node, list):
        for i, child in enumerate(node):
            yield from leaves(child, (*path, i))
    elif isinstance(node, Mapping) and "type" in node:
        yield path, node
    elif isinstance(node, Mapping):
        for key in ("all_of", "any_of", "of", "not"):
            yield from leaves(node.get(key), (*path, key))


def _leaf(leaf: Mapping[str, Any], track: Track, source: Source, path: Path) -> Iterator[SourceError]:
    """What the types of requirement leave open: the QA owner's address, and modules that the track has."""
    if leaf["type"] == "shadow_mode" and isinstance(leaf.get("qa_owner"), str):
        try:
            validate_email(leaf["qa_owner"])
        except ValidationError:
            message = f"{show(leaf['qa_owner'])} is not an e-mail address"
            yield source.error((*path, "qa_owner"), message, "one like qa@company.com")
    named = leaf.get("modules") if leaf["type"] == "modules_completed" else None
    keys = [module.key for module in track.modules]
    for i, key in enumerate(named if isinstance(named, list) else ()):
        if key not in keys:
            message = f"the track has no module {show(key)}"
            yield source.error((*path, "modules", i), message, f"one of {', '.join(keys)}")
