"""Writes a playbook into the tables, through the services of the apps that own them.

First everything that is there is put, then what is absent is retired: a new requirement stands before an old
one goes, so that nobody passes a gate in between.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from enablement.access.models import Microtool, Prompt
from enablement.access.rework import ReworkRule
from enablement.access.services import policy, prompts, sops
from enablement.playbook import gating
from enablement.playbook.content.prompts import spec_of
from enablement.playbook.reading import Reading
from enablement.playbook.schema import Microtool as MicrotoolEntry
from enablement.playbook.schema import Overlay, plain
from enablement.playbook.schema import Track as TrackEntry
from enablement.playbook.services import writing_content
from enablement.playbook.titles import humanised, tool_title
from tracks.models import Module, Role, Track
from tracks.services import content as tracks


def write(reading: Reading, *, revision: int, at: datetime) -> None:
    """Bring every table in line with the playbook. Runs in the caller's transaction."""
    _put_policy(reading, revision=revision)
    roles = _put_roles(reading, at=at)
    rows = _put_tracks(reading, roles, revision=revision, at=at)
    for entry in reading.playbook.training_tracks:
        track, modules = rows[entry.id]
        writing_content.put(
            entry=entry,
            track=track,
            modules=modules,
            content=reading.track_content(entry),
            overlays=[each for each in reading.playbook.overlays if each.covers(entry)],
            at=at,
        )
    _put_prompts(reading, roles, revision=revision, at=at)
    sops.put(specs=reading.content.sops, revision=revision, at=at)
    for entry in reading.playbook.training_tracks:
        track, modules = rows[entry.id]
        writing_content.retire_absent(
            track=track, modules=modules, content=reading.track_content(entry), at=at
        )
    _retire_absent(reading, rows, at=at)


def _put_policy(reading: Reading, *, revision: int) -> None:
    playbook = reading.playbook
    policy.put_policy(
        revision=revision,
        regions=playbook.regions.allowed,
        yellow_zone_terms=playbook.risk_thresholds.yellow_zone_terms,
        block_on_confidence_lt=playbook.risk_thresholds.block_on_confidence_lt,
        manual_review_required=playbook.risk_thresholds.manual_review_required,
        owners=playbook.owners.named(),
        slo=plain(playbook.slo.model_dump(exclude_none=True)),
        keeps_content=playbook.observability.keeps_content,
        retention_days=playbook.observability.retention_days,
        overlays=[_overlay(entry) for entry in playbook.overlays],
        lines_of_business={line.id: line.risk_tolerance for line in playbook.lines_of_business},
    )


def _overlay(entry: Overlay) -> dict[str, Any]:
    """As `access.overlays` reads it; decimals as their digits."""
    return {
        "key": entry.id,
        "title": entry.title or humanised(entry.id),
        "reason": entry.reason,
        "regions": entry.people.regions,
        "lines": entry.people.lines_of_business,
        "risks": entry.people.risk_tolerance,
        "tracks": entry.tracks,
        "conditions": entry.conditions,
        "allowed_regions": entry.allowed_regions,
        "confidence_threshold": plain(entry.confidence_threshold),
        "block_on_confidence_lt": plain(entry.block_on_confidence_lt),
        "yellow_zone_terms": entry.yellow_zone_terms,
        "manual_review_required": bool(entry.manual_review_required),
        "human_in_loop": bool(entry.human_in_loop),
        "approvals": entry.approvals,
        "approval_rule": entry.approval_rule,
    }


def _put_roles(reading: Reading, *, at: datetime) -> dict[str, Role]:
    roles = {}
    for entry in reading.playbook.rbac.roles:
        text = reading.content.roles.get(entry.name)
        role, _changed = tracks.put_role(
            key=entry.name,
            title=text.title if text else humanised(entry.name),
            description=text.description if text else "",
            at=at,
        )
        policy.put_role_profile(
            role=role,
            prompts=entry.prompts,
            approvals=entry.approvals,
            human_in_loop=entry.human_in_loop,
            rubric=text.rubric() if text else {},
        )
        roles[entry.name] = role
    return roles


def _put_tracks(
    reading: Reading, roles: dict[str, Role], *, revision: int, at: datetime
) -> dict[str, tuple[Track, dict[str, Module]]]:
    rows = {}
    for position, entry in enumerate(reading.playbook.training_tracks):
        head = reading.track_content(entry).head
        track, _changed = tracks.put_track(
            key=entry.id,
            role=roles[str(reading.playbook.role_of(entry))],
            title=head.title if head else humanised(entry.id),
            summary=head.summary if head else "",
            kpis=entry.kpis,
            due_days=entry.due_days,
            position=position,
            at=at,
        )
        overlays = [each for each in reading.playbook.overlays if each.covers(entry)]
        modules = _put_modules(entry, track, overlays, at=at)
        policy.put_gate(
            track=track,
            tree=gating.tree_of(entry),
            immediate=entry.gating_immediate,
            revision=revision,
            at=at,
        )
        for tool in entry.microtools:
            _put_microtool(tool, track, title=tool_title(tool.name, head))
        rows[entry.id] = (track, modules)
    return rows


def _put_modules(
    entry: TrackEntry, track: Track, overlays: Sequence[Overlay], *, at: datetime
) -> dict[str, Module]:
    modules = {}
    for position, module in enumerate(entry.modules):
        if module.was:
            _rename(track, before=module.was, after=module.key)
        modules[module.key], _changed = tracks.put_module(
            track=track,
            key=module.key,
            title=module.name,
            duration_min=module.duration_min,
            outcomes=module.outcomes,
            valid_months=gating.shortest_months_of_module(entry, overlays, module.key),
            position=position,
            at=at,
        )
    return modules


def _rename(track: Track, *, before: str, after: str) -> None:
    """The module keeps its row, and so everybody's progress; `was:` may stay in the file afterwards."""
    if not Module.objects.filter(track=track, key=after).exists():
        Module.objects.filter(track=track, key=before).update(key=after)


def _put_microtool(entry: MicrotoolEntry, track: Track, *, title: str) -> None:
    policy.put_microtool(
        key=entry.name,
        title=title,
        product=entry.product,
        track=track,
        confidence_threshold=entry.confidence_threshold,
        approval_rule=entry.approval_rule,
        manual_grant=entry.manual_grant,
        rework_rule=_rework_rule(entry),
    )


def _rework_rule(entry: MicrotoolEntry) -> ReworkRule | None:
    if entry.rework_rule is None:
        return None
    said = entry.rework_rule
    return ReworkRule(count=said.reworked, of=said.of, days=said.days, own=True)


def _put_prompts(reading: Reading, roles: dict[str, Role], *, revision: int, at: datetime) -> None:
    tools = {tool.key: tool for tool in Microtool.objects.live()}
    tool_of = {
        prompt: tool.name
        for track in reading.playbook.training_tracks
        for tool in track.microtools
        for prompt in tool.prompts
    }
    for prompt in sorted(_prompts(reading)):
        tool = tools[tool_of[prompt]] if prompt in tool_of else None
        row, _changed = policy.put_prompt(key=prompt, microtool=tool)
        if text := reading.content.prompts.get(prompt):
            prompts.put_version(
                prompt=row,
                spec=spec_of(text),
                owner=roles[text.owner] if text.owner else None,
                changelog=text.changelog,
                revision=revision,
                at=at,
            )
    prompts.retire_absent(keep=reading.content.prompts.keys(), at=at)


def _prompts(reading: Reading) -> set[str]:
    return {prompt for role in reading.playbook.rbac.roles for prompt in role.prompts}


def _retire_absent(
    reading: Reading, rows: dict[str, tuple[Track, dict[str, Module]]], *, at: datetime
) -> None:
    for track, modules in rows.values():
        tracks.retire(queryset=Module.objects.live().filter(track=track).exclude(key__in=modules), at=at)
    tools = [tool.name for entry in reading.playbook.training_tracks for tool in entry.microtools]
    gone_prompts = Prompt.objects.filter(retired_at=None).exclude(key__in=_prompts(reading))
    tracks.retire(queryset=Track.objects.live().exclude(key__in=rows), at=at)
    tracks.retire(queryset=Microtool.objects.live().exclude(key__in=tools), at=at)
    tracks.retire(queryset=gone_prompts, at=at)
    gone = Role.objects.live().exclude(key__in=reading.playbook.role_names)
    for role in gone:
        policy.withdraw_prompts(role=role)
    tracks.retire(queryset=gone, at=at)
