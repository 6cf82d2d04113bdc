"""Content comes from playbooks: each `put_*` brings one thing in line, and says whether that changed
anything.

All are idempotent. What a playbook no longer holds is retired, never deleted; putting it again brings it
back.
"""

import dataclasses
import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar, cast

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils.translation import gettext as _

from tracks.models import Component, Lab, Lesson, LessonVersion, Module, Role, StarterFile, Track
from tracks.rubric import PLAIN, LabRules, validate_lab
from tracks.services.progress import settle

M = TypeVar("M", bound=models.Model)

LESSONS_KEY = "lessons"


@transaction.atomic
def put_role(*, key: str, title: str, description: str, at: datetime) -> tuple[Role, bool]:  # noqa: ARG001
    """`at` is taken by every service of content, also where no version keeps it."""
    return _put(Role, {"key": key}, {"title": title, "description": description})


@transaction.atomic
def put_track(
    *,
    key: str,
    role: Role,
    title: str,
    summary: str,
    kpis: Sequence[str],
    due_days: int,
    position: int,
    at: datetime,  # noqa: ARG001
) -> tuple[Track, bool]:
    values = {
        "role": role,
        "title": title,
        "summary": summary,
        "kpis": list(kpis),
        "due_days": due_days,
        "position": position,
    }
    return _put(Track, {"key": key}, values)


@transaction.atomic
def put_module(
    *,
    track: Track,
    key: str,
    title: str,
    duration_min: int,
    outcomes: Sequence[str],
    position: int,
    at: datetime,  # noqa: ARG001
    valid_months: int | None = None,
) -> tuple[Module, bool]:
    values = {
        "title": title,
        "duration_min": duration_min,
        "outcomes": list(outcomes),
        "position": position,
        "valid_months": valid_months,
    }
    return _put(Module, {"track": track, "key": key}, values)


@transaction.atomic
def put_lesson(
    *,
    module: Module,
    key: str,
    title: str,
    kind: str,
    minutes: int,
    position: int,
    body: str,
    at: datetime,
    major: int | None = None,
) -> tuple[Lesson, bool]:
    """The module then needs its lessons to be read.

    The same text makes no version; another text is a patch, which reaches everyone; a higher `major` is a new
    major version, which only new enrolments read. ValidationError where `major` is lower than the newest.
    """
    values = {"title": title, "kind": kind, "minutes": minutes, "position": position}
    lesson, lesson_changed = _put(Lesson, {"module": module, "key": key}, values)
    version_added = _put_version(lesson=lesson, body=body, major=major, at=at)
    _component, needed_now = require_component(
        module=module, kind=Component.Kind.LESSONS, key=LESSONS_KEY, title=_("Lessons"), at=at
    )
    return lesson, lesson_changed or version_added or needed_now


@transaction.atomic
def put_lab(
    *,
    module: Module,
    key: str,
    title: str,
    minutes: int,
    brief: str,
    evidence: Mapping[str, str],
    rubric: Sequence[Mapping[str, Any]],
    pass_points: int | None,
    position: int,
    at: datetime,
    rules: LabRules = PLAIN,
    starter: Mapping[str, str] | None = None,
) -> tuple[Lab, bool]:
    """The module then needs the lab to be signed off. ValidationError where nobody could pass the rubric.

    starter: the texts of the files that it starts from, by name; others are retired.
    """
    validate_lab(evidence=evidence, rubric=rubric, pass_points=pass_points, rules=rules)
    values = {
        "title": title,
        "minutes": minutes,
        "brief": brief,
        "evidence": dict(evidence),
        "rubric": [dict(criterion) for criterion in rubric],
        "pass_points": pass_points,
        "position": position,
        **dataclasses.asdict(rules),
        "file_types": list(rules.file_types),
    }
    lab, lab_changed = _put(Lab, {"module": module, "key": key}, values)
    starter_changed = _put_starter(lab, starter or {}, at=at)
    _component, needed_now = require_component(
        module=module, kind=Component.Kind.LAB, key=key, title=title, at=at
    )
    return lab, lab_changed or starter_changed or needed_now


def _put_starter(lab: Lab, texts: Mapping[str, str], *, at: datetime) -> bool:
    """What learners took away stays at its address: a file that changes is retired, and another one added."""
    held = {(file.name, file.sha256): file for file in lab.starter_files.select_for_update()}
    wanted = {(name, hashlib.sha256(text.encode()).hexdigest()): text for name, text in texts.items()}
    gone = [file.pk for key, file in held.items() if key not in wanted and file.retired_at is None]
    back = [held[key].pk for key in wanted if key in held and held[key].retired_at is not None]
    new = [
        StarterFile(lab=lab, name=name, sha256=sha256, body=text, size=len(text.encode()))
        for (name, sha256), text in wanted.items()
        if (name, sha256) not in held
    ]
    StarterFile.objects.filter(pk__in=gone).update(retired_at=at)
    StarterFile.objects.filter(pk__in=back).update(retired_at=None)
    for file in new:
        file.full_clean()
    StarterFile.objects.bulk_create(new)
    return bool(gone or back or new)


@transaction.atomic
def require_component(
    *,
    module: Module,
    kind: str,
    key: str,
    title: str,
    at: datetime,  # noqa: ARG001
) -> tuple[Component, bool]:
    """From now on the module is complete only with this; people who completed it before keep their
    completion.
    """
    return _put(Component, {"module": module, "kind": kind, "key": key}, {"title": title})


@transaction.atomic
def retire_component(*, module: Module, kind: str, key: str, at: datetime) -> tuple[Component | None, bool]:
    """The module no longer needs this: who lacked nothing else has completed it now."""
    component = Component.objects.select_for_update().filter(module=module, kind=kind, key=key).first()
    if component is None or component.retired_at is not None:
        return component, False
    component.retired_at = at
    component.save(update_fields=["retired_at"])
    settle(modules=[module], at=at)
    return component, True


@transaction.atomic
def retire(*, queryset: "models.QuerySet[Any]", at: datetime) -> int:
    """Retires what of the queryset is live; the number of rows. Modules follow: see `retire_component`."""
    live = list(queryset.filter(retired_at=None).select_for_update())
    if not live:
        return 0
    model = queryset.model
    model.objects.filter(pk__in=[row.pk for row in live]).update(retired_at=at)
    if model is Lab:
        for lab in live:
            retire_component(module=lab.module, kind=Component.Kind.LAB, key=lab.key, at=at)
    elif model is Lesson:
        _settle_lessons(modules={lesson.module_id: lesson.module for lesson in live}, at=at)
    return len(live)


def _settle_lessons(*, modules: Mapping[int, Module], at: datetime) -> None:
    with_lessons = set(
        Lesson.objects.live().filter(module__in=modules).values_list("module_id", flat=True).distinct()
    )
    for module_id, module in modules.items():
        if module_id not in with_lessons:
            retire_component(module=module, kind=Component.Kind.LESSONS, key=LESSONS_KEY, at=at)
    settle(modules=[module for pk, module in modules.items() if pk in with_lessons], at=at)


def _put_version(*, lesson: Lesson, body: str, major: int | None, at: datetime) -> bool:
    newest = LessonVersion.objects.filter(lesson=lesson).order_by("-major", "-patch").first()
    sha256 = hashlib.sha256(body.encode()).hexdigest()
    if newest is None:
        number = (major or 1, 0)
    elif major is not None and major < newest.major:
        raise ValidationError(
            _("“%(lesson)s” is already at version %(newest)s; expected that or a higher one, not %(major)s."),
            code="version_behind",
            params={"lesson": lesson.title, "newest": newest.major, "major": major},
        )
    elif major is not None and major > newest.major:
        number = (major, 0)
    elif newest.sha256 != sha256:
        number = (newest.major, newest.patch + 1)
    else:
        return False
    LessonVersion.objects.create(
        lesson=lesson, major=number[0], patch=number[1], body=body, sha256=sha256, published_at=at
    )
    return True


def _put(model: type[M], lookup: Mapping[str, Any], values: Mapping[str, Any]) -> tuple[M, bool]:
    """Creates or mends one row (and brings a retired one back); the row is locked for the transaction."""
    wanted = {**values, "retired_at": None}
    manager = cast("Any", model).objects
    row = manager.select_for_update().filter(**lookup).first()
    if row is None:
        row = model(**lookup, **wanted)
        row.full_clean()
        row.save()
        return row, True
    different = [name for name, value in wanted.items() if getattr(row, name) != value]
    for name in different:
        setattr(row, name, wanted[name])
    if different:
        row.full_clean()
        row.save(update_fields=different)
    return row, bool(different)
