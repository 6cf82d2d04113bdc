"""The result of a closed attempt: the verdict for everyone, the right answers as far as the quiz allows."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from django.db.models import Exists, OuterRef
from django.utils.safestring import SafeString

from assessments import rules
from assessments.models import Attempt, AttemptItem, QuestionVersion
from assessments.rules import AttemptLimits
from assessments.selectors.attempts import as_form_values, choices_of, legend_of
from assessments.selectors.quizzes import attempt_limits, percent
from assessments.services.grading import right_response
from tracks import markdown
from tracks.models import Lesson

if TYPE_CHECKING:
    from assessments.models.question import Option

Kind = QuestionVersion.Kind


@dataclass(frozen=True, kw_only=True, slots=True)
class GradedChoice:
    key: str
    text: str
    picked: bool
    verdict: str
    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class GradedQuestion:
    """`state` is one of the pages' states; `own` and `right` are texts for a number, else empty."""

    position: int
    legend: str
    prose: SafeString
    state: str
    points: Decimal
    several: bool
    choices: list[GradedChoice]
    own: str
    right: str
    unit: str
    explanation: SafeString
    lesson: Lesson | None


@dataclass(frozen=True, kw_only=True, slots=True)
class LessonAgain:
    lesson: Lesson
    missed: int


@dataclass(frozen=True, kw_only=True, slots=True)
class AttemptResult:
    """`questions` is empty where the right answers may not be shown; `hidden` then says why."""

    attempt: Attempt
    needed: Decimal
    percent: Decimal
    questions: list[GradedQuestion]
    hidden: str
    lessons: list[LessonAgain]
    limits: AttemptLimits
    wait_until: datetime | None


def attempt_result(*, attempt: Attempt, at: datetime) -> AttemptResult:
    """For an attempt that is closed, with its quiz, module and track selected."""
    items = list(attempt.items.order_by("position").select_related("question_version__question"))
    lessons = _lessons(attempt, items)
    hidden = _hidden(attempt)
    missed = Counter(
        item.question_version.question.lesson_key for item in items if (item.points or 0) < item.max_points
    )
    limits = attempt_limits(quiz=attempt.quiz, user=attempt.user)
    return AttemptResult(
        attempt=attempt,
        needed=attempt.threshold * attempt.max_points,
        percent=percent(attempt.threshold),
        questions=[] if hidden else [_graded(item, lessons) for item in items],
        hidden=hidden,
        lessons=[
            LessonAgain(lesson=lesson, missed=missed[key]) for key, lesson in lessons.items() if missed[key]
        ],
        limits=limits,
        wait_until=limits.opens_at if limits.cooling_down(at) else None,
    )


def _hidden(attempt: Attempt) -> str:
    """Why the right answers are not shown: `running`, or the quiz's rule; empty where they are."""
    same = Attempt.objects.filter(quiz=OuterRef("quiz"), user=OuterRef("user"))
    found = Attempt.objects.filter(pk=attempt.pk).values_list(
        Exists(same.proving().filter(passed=True)), Exists(same.filter(state=Attempt.State.IN_PROGRESS))
    )
    passed, another_open = found.get()
    feedback = attempt.quiz.feedback
    if rules.shows_answers(feedback=feedback, passed=passed, another_open=another_open):
        return ""
    return "running" if another_open else feedback


def _lessons(attempt: Attempt, items: list[AttemptItem]) -> dict[str, Lesson]:
    """Live lessons that the questions name, by key, in the track's order; the quiz's module goes first."""
    keys = {item.question_version.question.lesson_key for item in items} - {""}
    module = attempt.quiz.module
    found = (
        Lesson.objects.live()
        .filter(module__track=module.track_id, module__retired_at=None, key__in=keys)
        .select_related("module__track")
        .order_by("module__position", "position", "key")
    )
    lessons: dict[str, Lesson] = {}
    for lesson in found:
        if lesson.key not in lessons or lesson.module_id == module.pk:
            lessons[lesson.key] = lesson
    return lessons


def _graded(item: AttemptItem, lessons: dict[str, Lesson]) -> GradedQuestion:
    version = item.question_version
    points = item.points or Decimal(0)
    own, right = as_form_values(item.response), as_form_values(right_response(version))
    legend, prose = legend_of(version.prompt)
    numeric = version.kind == Kind.NUMERIC
    return GradedQuestion(
        position=item.position,
        legend=legend,
        prose=prose,
        state="met" if points == item.max_points else "at-risk" if points else "not-met",
        points=points,
        several=version.kind == Kind.MULTIPLE,
        choices=[] if numeric else _graded_choices(item, own, right),
        own=" ".join(own) if numeric else "",
        right=" ".join(right) if numeric else "",
        unit=version.unit,
        explanation=markdown.render(version.explanation),
        lesson=lessons.get(version.question.lesson_key),
    )


def _graded_choices(item: AttemptItem, own: list[str], right: list[str]) -> list[GradedChoice]:
    options: list[Option] = item.question_version.options
    whys = {option["key"]: option["why"] for option in options}
    return [
        GradedChoice(
            key=key, text=text, picked=key in own, verdict=_verdict(key, own, right), why=whys.get(key, "")
        )
        for key, text in choices_of(item)
    ]


def _verdict(key: str, own: list[str], right: list[str]) -> str:
    if key in own:
        return "right" if key in right else "wrong"
    return "missed" if key in right else ""
