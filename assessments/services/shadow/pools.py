"""Pools as their author wants them, and who judges their cases. What was judged or drawn stays as it was."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from guardian.shortcuts import assign_perm

from assessments import signals
from assessments.models import CaseJudgement, ShadowCase, ShadowPool, ShadowSample
from assessments.pool_specs import MIN_CASES, CaseSpec, PoolSpec, check_pool
from tracks.errors import Refused
from tracks.facts import Fact
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

    A changed case that somebody has judged or drawn is retired, and its new version begins anew. A new pool
    is judged by everybody in quality assurance; `judges` are appointed besides. Raises ValidationError, by
    pool and case; Refused as `appoint_judge` does.
    """
    check_pool(spec, cases, minimum=minimum)
    wanted = _settings(spec)
    pool, created = ShadowPool.objects.get_or_create(track=track, key=spec.key, defaults=wanted)
    pool = ShadowPool.objects.select_for_update().get(pk=pool.pk)
    changed_settings = tuple(name for name, value in wanted.items() if getattr(pool, name) != value)
    for name in changed_settings:
        setattr(pool, name, wanted[name])
    pool.save(update_fields=wanted.keys())
    change = _put_cases(pool, cases, at)
    for judge in [*judges, *(_quality_assurance() if created else ())]:
        appoint_judge(pool=pool, user=judge, actor=None, at=at)
    settings = tuple(sorted(wanted)) if created else changed_settings
    return pool, PoolChange(
        added=change.added, changed=change.changed, retired=change.retired, settings=settings
    )


@transaction.atomic
def appoint_judge(*, pool: ShadowPool, user: Person, actor: Person | None, at: datetime) -> bool:
    """From now on this person judges the pool's cases; False where they did before.

    Refused `not_quality` unless they hold the right to judge cases at all.
    """
    if not user.has_perm("assessments.judge_cases"):
        raise Refused("not_quality", _("%(name)s is not in quality assurance.") % {"name": user.name})
    if ShadowPool.objects.filter(pk=pool.pk).judged_by(user).exists():
        return False
    assign_perm("assessments.judge_pool", user, pool)
    fact = Fact(
        kind="assessments.judge_appointed",
        subject=("assessments.ShadowPool", str(pool.pk)),
        at=at,
        actor_id=actor.pk if actor else None,
        payload={"pool": pool.key, "track": pool.track.key, "judge": str(user.pk)},
    )
    signals.judge_appointed.send(sender=ShadowPool, facts=[fact])
    return True


@transaction.atomic
def appoint_newcomers(*, users: Iterable[Person], at: datetime) -> None:
    """Those of `users` who have joined quality assurance judge every pool in use from now on."""
    pools = list(ShadowPool.objects.live().select_related("track"))
    for user in users:
        if user.is_active and user.has_perm("assessments.judge_cases"):
            for pool in pools:
                appoint_judge(pool=pool, user=user, actor=None, at=at)


def _quality_assurance() -> list[Person]:
    """Everybody who holds the right to judge cases through a group or by themselves."""
    people = get_user_model().objects.filter(is_active=True)
    right = Q(codename="judge_cases", content_type__app_label="assessments")
    holders = Permission.objects.filter(right)
    found = people.filter(Q(groups__permissions__in=holders) | Q(user_permissions__in=holders))
    return list(found.distinct())


def _settings(spec: PoolSpec) -> dict[str, Any]:
    return {
        "microtool_key": spec.microtool_key,
        "title": spec.title,
        "instructions": spec.instructions,
        "decisions": dict(spec.decisions),
        "tool_version": spec.tool_version,
        "model_version": spec.model_version,
        "sample_size": spec.sample_size,
        "retired_at": None,
    }


def _put_cases(pool: ShadowPool, specs: Sequence[CaseSpec], at: datetime) -> PoolChange:
    """A case is known by its key; its hash tells whether it is still the same."""
    rows = list(pool.cases.all())
    live = {row.key: row for row in rows if row.retired_at is None}
    versions = {(row.key, row.sha256): row for row in rows}
    used = _used(pool)
    new: list[ShadowCase] = []
    rewritten: list[ShadowCase] = []
    revived: list[ShadowCase] = []
    retired: list[ShadowCase] = []
    for spec in specs:
        current, same = live.get(spec.key), versions.get((spec.key, spec.sha256))
        if current is not None and current.sha256 == spec.sha256:
            continue
        if current is not None and current.pk not in used and same is None:
            rewritten.append(_fill(current, spec))
            continue
        if current is not None:
            retired.append(current)
        if same is not None:
            revived.append(same)
        else:
            new.append(_fill(ShadowCase(pool=pool, key=spec.key, added_at=at), spec))
    gone = [row for key, row in live.items() if key not in {spec.key for spec in specs}]
    _write(new=new, rewritten=rewritten, revived=revived, retired=[*retired, *gone], at=at)
    before = live.keys()
    touched = [row.key for row in (*new, *rewritten, *revived)]
    return PoolChange(
        added=tuple(key for key in touched if key not in before),
        changed=tuple(key for key in touched if key in before),
        retired=tuple(row.key for row in gone),
    )


def _write(
    *,
    new: list[ShadowCase],
    rewritten: list[ShadowCase],
    revived: list[ShadowCase],
    retired: list[ShadowCase],
    at: datetime,
) -> None:
    """Retire before anything takes the same key."""
    ShadowCase.objects.filter(pk__in=[row.pk for row in retired]).update(retired_at=at)
    ShadowCase.objects.filter(pk__in=[row.pk for row in revived]).update(retired_at=None)
    ShadowCase.objects.bulk_update(rewritten, [*_columns(), "sha256", "double"], batch_size=50)
    ShadowCase.objects.bulk_create(new, batch_size=100)


def _used(pool: ShadowPool) -> set[Any]:
    """Cases that somebody has judged or drawn: their text is part of what those answers mean."""
    judged = CaseJudgement.objects.filter(case__pool=pool).values_list("case_id", flat=True)
    drawn = ShadowSample.objects.filter(pool=pool).values_list("case_id", flat=True)
    return {*judged, *drawn}


def _columns() -> Mapping[str, str]:
    """By column, the part of the spec that it holds."""
    same = ("category", "complexity", "yellow_zone", "channel", "subject", "body", "output", "confidence")
    return {
        **{name: name for name in (*same, "model_version", "prompt_key", "reason")},
        "right_decision": "decision",
        "right_usable": "usable",
    }


def _fill(row: ShadowCase, spec: CaseSpec) -> ShadowCase:
    for column, part in _columns().items():
        setattr(row, column, getattr(spec, part))
    row.sha256, row.double = spec.sha256, spec.double
    return row
