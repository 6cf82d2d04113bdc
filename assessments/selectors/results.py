"""The result of a closed attempt: the verdict for everyone, the right answers as far as the quiz allows."""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from django.db.models import Exists, OuterRef

from assessments import rules
from assessments.models import Attempt, AttemptItem, ItemRegrade, QuestionVersion, Quiz
from assessments.rules import AttemptLimits
from assessments.selectors.appeals import QuestionAppeal, appeals_by_position
from assessments.selectors.asking import Asked, Typed
from assessments.selectors.attempts import asked, items_on
from assessments.selectors.graded import GradedQuestion, as_graded
from assessments.selectors.marking import MarkedAnswer, latest_marks, marked_answers
from assessments.selectors.quizzes import attempt_limits, percent
from assessments.selectors.regrades import as_keyed, regrades_of, with_regrade
from assessments.services import grading
from assessments.services.attempts import earning
from tracks.models import Lesson

#: Right answers wait for the end of another attempt of the same person.
RUNNING = "running"


@dataclass(frozen=True, kw_only=True, slots=True)
class LessonAgain:
    """missed: how many of the missed questions name it; None while nothing may tell which they were."""

    lesson: Lesson
    missed: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class AttemptResult:
    """`questions` is empty where the right answers may not be shown; `hidden` then says why. `marked` are the
    answers in words that a mentor has marked: by the rubric alone while right answers are hidden, and not at
    all while another attempt may ask the same. `regraded` says what was put right since; `appeals` are the
    person's own.
    """

    attempt: Attempt
    needed: Decimal
    percent: Decimal
    questions: list[GradedQuestion]
    hidden: str
    marked: list[MarkedAnswer]
    lessons: list[LessonAgain]
    regraded: list[ItemRegrade]
    appeals: list[QuestionAppeal]
    limits: AttemptLimits
    wait_until: datetime | None


def attempt_result(*, attempt: Attempt, at: datetime) -> AttemptResult:
    """For an attempt that is closed, with its quiz, module and track selected."""
    items = list(
        attempt.items.order_by("position").select_related("question_version__question", *earning.WITH_KEY)
    )
    lessons = _lessons(attempt, items)
    hidden = hidden_because(attempt, at)
    regraded = regrades_of(attempt)
    missed = Counter(
        item.question_version.question.lesson_key
        for item in items
        if item.points is not None and item.points < item.max_points
    )
    limits = attempt_limits(quiz=attempt.quiz, user=attempt.user, at=at)
    return AttemptResult(
        attempt=attempt,
        needed=attempt.threshold * attempt.max_points,
        percent=percent(attempt.threshold),
        questions=[]
        if hidden
        else [with_regrade(as_graded(as_keyed(item), lessons), regraded.get(item.pk)) for item in items],
        regraded=list(regraded.values()),
        appeals=appeals_by_position(attempt),
        hidden=hidden,
        marked=_marked(attempt, items, hidden),
        lessons=[
            LessonAgain(lesson=lesson, missed=None if hidden else missed[key])
            for key, lesson in lessons.items()
            if missed[key]
        ],
        limits=limits,
        wait_until=limits.opens_at if limits.cooling_down(at) else None,
    )


def _marked(attempt: Attempt, items: list[AttemptItem], hidden: str) -> list[MarkedAnswer]:
    """Half of the points are the decision's: their sum would tell whether it was right."""
    in_words = [item for item in items if item.question_version.kind == QuestionVersion.Kind.DECISION]
    if not in_words or not attempt.has_result or hidden == RUNNING:
        return []
    marked = marked_answers(in_words, latest_marks(attempt))
    return [replace(each, points=None) for each in marked] if hidden else marked


def hidden_because(attempt: Attempt, at: datetime) -> str:
    """Why the right answers are not shown: `waiting`, `running`, or the quiz's rule; empty where they are."""
    if not attempt.has_result:
        return "waiting"
    everybodys = Attempt.objects.filter(quiz=OuterRef("quiz"))
    same = everybodys.filter(user=OuterRef("user"))
    found = Attempt.objects.filter(pk=attempt.pk).values_list(
        Exists(same.proving().filter(passed=True)), Exists(same.open()), Exists(everybodys.open())
    )
    passed, another_open, somebodys_open = found.get()
    feedback = attempt.quiz.feedback
    closed = attempt.quiz.is_closed(at) and not somebodys_open
    if rules.shows_answers(feedback=feedback, passed=passed, another_open=another_open, closed=closed):
        return ""
    return RUNNING if another_open else feedback


def parts_on(attempt: Attempt, page: int, *, typed: Typed) -> list[Asked | GradedQuestion]:
    """The questions of one page of a running attempt, as they are asked.

    Those whose page was checked come with what is right, while the quiz shows answers page by page.
    """
    items = items_on(attempt, page)
    settled = [item for item in items if item.settled_at is not None]
    if not settled or attempt.quiz.feedback != Quiz.Feedback.AFTER_EACH:
        return [asked(item, typed) for item in items]
    lessons = _lessons(attempt, settled)
    return [
        as_graded(as_keyed(_scored(item)), lessons) if item.settled_at is not None else asked(item, typed)
        for item in items
    ]


def _scored(item: AttemptItem) -> AttemptItem:
    """Not stored: the attempt is graded as a whole when it ends."""
    item.points = grading.stored(earning.earned(item))
    return item


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
