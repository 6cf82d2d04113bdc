"""Quizzes as their author wants them."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from assessments.models import Quiz
from assessments.services.questions import put_bank
from assessments.specs import QuizSpec
from tracks.models import Component, Module
from tracks.services.content import require_component, retire_component


@transaction.atomic
def put_quiz(*, module: Module, spec: QuizSpec, at: datetime) -> tuple[Quiz, bool]:
    """Make the module have this quiz, with its bank, as one of the things that complete it. Idempotent.

    Open attempts keep their draw, deadline and threshold. Raises ValidationError where the quiz could not be
    drawn, timed or judged, or where another module of the track has one of that key (gates name it by key).
    """
    spec.check()
    _refuse_second(module, spec.key)
    bank, bank_change = put_bank(track=module.track, key=spec.key, questions=spec.questions, at=at)
    wanted = {"bank": bank, **_settings(spec)}
    quiz, created = Quiz.objects.select_for_update().get_or_create(
        module=module, key=spec.key, defaults=wanted
    )
    changed = [name for name, value in wanted.items() if getattr(quiz, name) != value]
    if changed:
        for name in changed:
            setattr(quiz, name, wanted[name])
        quiz.save(update_fields=changed)
    require_component(module=module, kind=Component.Kind.QUIZ, key=quiz.key, title=quiz.title, at=at)
    return quiz, created or bool(changed) or bool(bank_change)


@transaction.atomic
def retire_quiz(*, quiz: Quiz, at: datetime) -> bool:
    """Take a quiz out of its module; attempts and their results stay. True where it was live."""
    retired = Quiz.objects.filter(pk=quiz.pk, retired_at=None).update(retired_at=at)
    retire_component(module=quiz.module, kind=Component.Kind.QUIZ, key=quiz.key, at=at)
    return bool(retired)


def _refuse_second(module: Module, key: str) -> None:
    others = Quiz.objects.live().filter(module__track=module.track_id, key=key).exclude(module=module)
    if other := others.select_related("module").first():
        raise ValidationError(
            _("Quiz “%(key)s” is in module “%(module)s” already; a key names one quiz of a track.")
            % {"key": key, "module": other.module.key}
        )


def _settings(spec: QuizSpec) -> dict[str, Any]:
    return {
        "title": spec.title,
        "intro": spec.intro.strip(),
        "sections": [
            {
                "tag": section.tag,
                "title": section.title,
                "draw": section.draw,
                "questions": list(section.questions),
            }
            for section in spec.sections
        ],
        "time_limit_min": spec.time_limit_min,
        "threshold": spec.threshold,
        "max_attempts": spec.max_attempts,
        "cooldown_hours": spec.cooldown_hours,
        "valid_months": spec.valid_months,
        "feedback": spec.feedback,
        "opens_at": spec.opens_at,
        "closes_at": spec.closes_at,
        "page_size": spec.page_size,
        "shuffle_questions": spec.shuffle_questions,
        "shuffle_options": spec.shuffle_options,
        "position": spec.position,
        "retired_at": None,
    }
