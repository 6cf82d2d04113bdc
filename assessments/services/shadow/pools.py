"""Pools as their author wants them, and who judges their cases. What was judged or drawn stays as it was."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from assessments.models import CaseJudgement, ShadowCase, ShadowPool, ShadowSample
from assessments.pool_specs import MIN_CASES, CaseSpec, PoolSpec, check_pool
from assessments.services import agreement
from assessments.services.shadow.doubling import choose_doubles
from assessments.services.shadow.judges import appoint_judge, quality_assurance
from assessments.services.shadow.versions import keep_version
from tracks.models import Track
from tracks.people import Person


@dataclass(frozen=True, kw_only=True, slots=True)
class PoolChange:
    """Keys of the cases that a `put_pool` added, changed or retired, and names of the settings it changed."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    retired: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.retired or self.settings)


@transaction.atomic
def put_pool(
    *,
    track: Track,
    spec: PoolSpec,
    cases: Sequence[CaseSpec],
    at: datetime,
    judges: Sequence[Person] = (),
    minimum: int = MIN_CASES,
) -> tuple[ShadowPool, PoolChange]:
    """Make the track's pool hold exactly these cases; absent ones are retired. Idempotent.

    A changed case that somebody has judged or drawn is retired, and its new version begins anew; where the
    version of the tool changed, so does every case, and imported ones retire. Otherwise these stay. A new
    pool is judged by everybody in quality assurance; `judges` are appointed besides. Raises ValidationError,
    by pool and case; Refused as `appoint_judge` does.
    """
    check_pool(spec, cases, minimum=minimum)
    wanted = _settings(spec)
    pool, created = ShadowPool.objects.get_or_create(track=track, key=spec.key, defaults=wanted)
    pool = ShadowPool.objects.select_for_update().get(pk=pool.pk)
    changed_settings = tuple(name for name, value in wanted.items() if getattr(pool, name) != value)
    for name in changed_settings:
        setattr(pool, name, wanted[name])
    pool.save(update_fields=wanted.keys())
    if keep_version(pool=pool, at=at):
        pool.cases.live().filter(origin=ShadowCase.Origin.IMPORT).update(retired_at=at)
    _check_imported(pool, cases)
    change = _put_cases(pool, cases, at)
    for judge in [*judges, *(quality_assurance() if created else ())]:
        appoint_judge(pool=pool, user=judge, actor=None, at=at)
    settings = tuple(sorted(wanted)) if created else changed_settings
    return pool, PoolChange(
        added=change.added, changed=change.changed, retired=change.retired, settings=settings
    )


def _settings(spec: PoolSpec) -> dict[str, Any]:
    return {
        "microtool_key": spec.microtool_key,
        "microtool_title": spec.microtool_title,
        "title": spec.title,
        "instructions": spec.instructions,
        "decisions": dict(spec.decisions),
        "tool_version": spec.tool_version,
        "model_version": spec.model_version,
        "sample_size": spec.sample_size,
        "mark_lower": spec.rule.lower,
        "mark_kappa": agreement.floored(spec.rule.kappa),
        "mark_critical": spec.rule.critical,
        "mark_yellow": spec.rule.yellow,
        "retired_at": None,
    }


def _check_imported(pool: ShadowPool, specs: Sequence[CaseSpec]) -> None:
    """What quality assurance imported keeps its key and is not brought in a second time."""
    imported = pool.cases.live().filter(origin=ShadowCase.Origin.IMPORT).only("key", "content_sha256")
    keys, contents = {row.key for row in imported}, {row.content_sha256: row.key for row in imported}
    problems = [
        _("Case “%(key)s”: quality assurance has imported a case of this key or text.") % {"key": spec.key}
        for spec in specs
        if spec.key in keys or spec.content_sha256 in contents
    ]
    if problems:
        raise ValidationError(problems)


def _put_cases(pool: ShadowPool, specs: Sequence[CaseSpec], at: datetime) -> PoolChange:
    """A case is known by its key; its hash and the version of the tool tell whether it is still the same."""
    rows = list(pool.cases.filter(origin=ShadowCase.Origin.PLAYBOOK))
    live = {row.key: row for row in rows if row.retired_at is None}
    versions = {(row.key, row.sha256): row for row in rows if row.version == pool.version}
    used = _used(pool)
    change = _Rows()
    for spec in specs:
        current, same = live.get(spec.key), versions.get((spec.key, spec.sha256))
        if current is not None and current == same:
            change.kept.append(current)
            if not current.content_sha256:
                change.unhashed.append(_hashed(current, spec))
            continue
        if current is not None and current.pk not in used and same is None:
            change.rewritten.append(fill(current, spec, pool=pool, at=at))
            continue
        if current is not None:
            change.retired.append(current)
        if same is not None:
            change.revived.append(same)
        else:
            change.new.append(fill(ShadowCase(pool=pool, key=spec.key, added_at=at), spec, pool=pool, at=at))
    gone = [row for key, row in live.items() if key not in {spec.key for spec in specs}]
    change.retired += gone
    imported = pool.cases.live().filter(origin=ShadowCase.Origin.IMPORT)
    kept = [*change.kept, *change.revived, *imported]
    choose_doubles(pool=pool, kept=kept, fresh=[*change.new, *change.rewritten])
    _write(change, at=at)
    before = live.keys()
    touched = [row.key for row in (*change.new, *change.rewritten, *change.revived)]
    return PoolChange(
        added=tuple(key for key in touched if key not in before),
        changed=tuple(key for key in touched if key in before),
        retired=tuple(row.key for row in gone),
    )


@dataclass(kw_only=True, slots=True)
class _Rows:
    """What a put does to the rows of a pool. unhashed: kept, from before a case's text had its own hash."""

    kept: list[ShadowCase] = field(default_factory=list)
    unhashed: list[ShadowCase] = field(default_factory=list)
    new: list[ShadowCase] = field(default_factory=list)
    rewritten: list[ShadowCase] = field(default_factory=list)
    revived: list[ShadowCase] = field(default_factory=list)
    retired: list[ShadowCase] = field(default_factory=list)


def _write(change: _Rows, *, at: datetime) -> None:
    """Retire before anything takes the same key; texts that change places are free for a moment."""
    ShadowCase.objects.filter(pk__in=[row.pk for row in change.retired]).update(retired_at=at)
    ShadowCase.objects.filter(pk__in=[row.pk for row in change.rewritten]).update(content_sha256="")
    ShadowCase.objects.bulk_update(
        change.rewritten, [*_columns(), *_derived(), "sha256", "double"], batch_size=50
    )
    ShadowCase.objects.filter(pk__in=[row.pk for row in change.revived]).update(retired_at=None)
    ShadowCase.objects.bulk_create(change.new, batch_size=100)
    ShadowCase.objects.bulk_update(change.unhashed, ["content_sha256"], batch_size=100)


def _hashed(row: ShadowCase, spec: CaseSpec) -> ShadowCase:
    row.content_sha256 = spec.content_sha256
    return row


def _used(pool: ShadowPool) -> set[Any]:
    """Cases that somebody has judged or drawn: their text is part of what those answers mean."""
    judged = CaseJudgement.objects.filter(case__pool=pool).values_list("case_id", flat=True)
    drawn = ShadowSample.objects.filter(pool=pool).values_list("case_id", flat=True)
    return {*judged, *drawn}


def _columns() -> Mapping[str, str]:
    """By column, the part of the spec that it holds."""
    same = ("category", "complexity", "yellow_zone", "channel", "subject", "body", "output", "confidence")
    return {
        **{name: name for name in (*same, "model_version", "prompt_key", "reason", "ground_truth")},
        "content_sha256": "content_sha256",
        "right_decision": "decision",
        "right_usable": "usable",
    }


def _derived() -> tuple[str, ...]:
    return ("version", "settled_at", "settled_decision", "settled_usable")


def fill(row: ShadowCase, spec: CaseSpec, *, pool: ShadowPool, at: datetime) -> ShadowCase:
    """The row as the spec wants it, of the version in force; a known answer settles it from the start."""
    for column, part in _columns().items():
        setattr(row, column, getattr(spec, part))
    row.sha256, row.version = spec.sha256, pool.version
    known = spec.ground_truth
    row.settled_at = at if known else None
    row.settled_decision, row.settled_usable = (spec.decision, spec.usable) if known else ("", None)
    return row
