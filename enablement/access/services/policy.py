"""What a playbook says about access, as rows: each `put_*` brings one in line and says whether it changed.

All are idempotent. Nothing is deleted: what a playbook no longer holds is retired, and a retired tool denies.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import models, transaction

from enablement.access import gates
from enablement.access.models import Gate, Microtool, Policy, Prompt, RoleProfile
from enablement.access.models.gate import RETENTION_DAYS
from enablement.access.overlays import in_force
from enablement.access.rework import ReworkRule
from enablement.access.services import keeping
from tracks.models import Role, Track

M = TypeVar("M", bound=models.Model)


@transaction.atomic
def put_role_profile(
    *,
    role: Role,
    prompts: Sequence[str],
    approvals: Sequence[str],
    human_in_loop: bool,
    rubric: Mapping[str, Sequence[Mapping[str, Any]]],
) -> tuple[RoleProfile, bool]:
    """`rubric` as `RoleProfile` has it."""
    values = {
        "prompts": list(prompts),
        "approvals": list(approvals),
        "human_in_loop": human_in_loop,
        "rubric": {line: [dict(activity) for activity in found] for line, found in rubric.items()},
    }
    return _put(RoleProfile, {"role": role}, values)


@transaction.atomic
def withdraw_prompts(*, role: Role) -> bool:
    """A retired role runs no prompt any more; its restrictions stay for whoever still holds it."""
    return bool(RoleProfile.objects.filter(role=role).exclude(prompts=[]).update(prompts=[]))


@transaction.atomic
def put_microtool(
    *,
    key: str,
    title: str,
    product: str,
    track: Track | None,
    confidence_threshold: Decimal | None,
    approval_rule: str,
    manual_grant: bool,
    rework_rule: ReworkRule | None = None,
) -> tuple[Microtool, bool]:
    """Grants follow when they are next re-evaluated (`grants.reevaluate`)."""
    values = {
        "title": title,
        "product": product,
        "track": track,
        "confidence_threshold": confidence_threshold,
        "approval_rule": approval_rule,
        "manual_grant": manual_grant,
        "rework_count": rework_rule.count if rework_rule else None,
        "rework_of": rework_rule.of if rework_rule else None,
        "rework_days": rework_rule.days if rework_rule else None,
        "retired_at": None,
    }
    return _put(Microtool, {"key": key}, values)


@transaction.atomic
def put_prompt(*, key: str, microtool: Microtool | None) -> tuple[Prompt, bool]:
    """Without a tool the prompt cannot be run."""
    return _put(Prompt, {"key": key}, {"microtool": microtool, "retired_at": None})


@transaction.atomic
def put_gate(
    *, track: Track, tree: Mapping[str, Any], revision: int, at: datetime, immediate: bool = False
) -> tuple[Gate, bool]:
    """Grants follow when they are next re-evaluated (`grants.reevaluate`). Whoever holds a tool of the track
    keeps it by the gate as it was, for a time, unless `immediate`.

    Raises ValidationError for a tree that `gates.check` refuses.
    """
    _ensure_sound(tree)
    before = Gate.objects.select_for_update().filter(track=track).first()
    if immediate:
        keeping.end(track=track)
    elif before is not None and before.tree != tree:
        keeping.replaced(track=track, before=before.tree, after=tree, revision=revision, at=at)
    return _put(Gate, {"track": track}, {"tree": dict(tree), "immediate": immediate})


def _ensure_sound(tree: Mapping[str, Any]) -> None:
    try:
        gates.check(tree)
    except gates.GateError as error:
        raise ValidationError(str(error)) from error


@transaction.atomic
def put_policy(
    *,
    revision: int,
    regions: Sequence[str],
    yellow_zone_terms: Sequence[str],
    block_on_confidence_lt: Decimal,
    manual_review_required: bool,
    owners: Mapping[str, str],
    slo: Mapping[str, Any],
    keeps_content: bool = True,
    retention_days: int = RETENTION_DAYS,
    overlays: Sequence[Mapping[str, Any]] = (),
    lines_of_business: Mapping[str, str] | None = None,
) -> tuple[Policy, bool]:
    """The one policy in force; every decision from now on names this revision.

    overlays: as `access.overlays.Overlay` reads them. lines_of_business: key to risk tolerance. Raises
    ValidationError for an overlay whose requirement `gates.check` refuses.
    """
    for overlay in in_force(overlays):
        for node in overlay.conditions:
            _ensure_sound(node)
    values = {
        "revision": revision,
        "regions": list(regions),
        "yellow_zone_terms": list(yellow_zone_terms),
        "block_on_confidence_lt": block_on_confidence_lt,
        "manual_review_required": manual_review_required,
        "owners": dict(owners),
        "slo": dict(slo),
        "keeps_content": keeps_content,
        "retention_days": retention_days,
        "overlays": [dict(overlay) for overlay in overlays],
        "lines_of_business": dict(lines_of_business or {}),
    }
    return _put(Policy, {"pk": Policy.SINGLETON}, values)


def _put(model: type[M], lookup: Mapping[str, Any], values: Mapping[str, Any]) -> tuple[M, bool]:
    """Creates or mends one row (and brings a retired one back); the row is locked for the transaction."""
    manager: models.Manager[M] = model._default_manager  # noqa: SLF001  (Django's documented interface)
    row = manager.select_for_update().filter(**lookup).first()
    # Empty lists and missing rows are sound here, though the fields' forms would insist on a value.
    unchecked = {name for name, value in values.items() if not value}
    if row is None:
        row = model(**lookup, **values)
        row.full_clean(exclude=unchecked)
        row.save()
        return row, True
    different = [name for name, value in values.items() if getattr(row, name) != value]
    for name in different:
        setattr(row, name, values[name])
    if different:
        row.full_clean(exclude=unchecked)
        row.save(update_fields=different)
    return row, bool(different)
