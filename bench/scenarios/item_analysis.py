"""An item analysis of 2,300 people by 40 questions, from the rows of the database to the figures."""

import random
import time
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

from django.utils import timezone

from assessments.models import Attempt, AttemptItem, Quiz
from assessments.question_specs import OptionSpec, QuestionSpec
from assessments.services.item_analysis import figures_of
from assessments.services.quizzes import put_quiz
from assessments.specs import QuizSpec, SectionSpec
from bench.report import Check, Result
from bench.run import Run
from enablement.people.models import User
from tracks.models import Cohort, Enrolment, Module

PEOPLE = 2300
QUESTIONS = 40
OPTIONS = 4


def run(run: Run) -> Iterator[Result]:
    """Attempts are written in bulk; the analysis reads them as its job does."""
    quiz = _quiz(run.data.many)
    _sit(quiz, run.data.many)
    began = time.perf_counter()
    figures = figures_of(quiz)
    seconds = time.perf_counter() - began
    checks = [
        Check(what="seconds", actual=seconds, limit=10, unit=" s"),
        Check(what="people left out", actual=PEOPLE - figures.people, limit=0),
    ]
    yield Result(name=f"item analysis, {PEOPLE} people by {QUESTIONS} questions", checks=checks)


def _quiz(cohort: Cohort) -> Quiz:
    questions = tuple(_question(number) for number in range(QUESTIONS))
    spec = QuizSpec(
        key="bench-analysis",
        title="Forty questions",
        intro="",
        threshold=Decimal("0.85"),
        time_limit_min=60,
        sections=(SectionSpec(tag="all", title="All", draw=QUESTIONS),),
        questions=questions,
    )
    module = Module.objects.filter(track=cohort.track).order_by("position")[0]
    quiz, _changed = put_quiz(module=module, spec=spec, at=timezone.now())
    return quiz


def _question(number: int) -> QuestionSpec:
    options = tuple(
        OptionSpec(text=f"Option {place} of {number}", correct=place == 0, why="") for place in range(OPTIONS)
    )
    return QuestionSpec(
        key=f"q-{number}", kind="single", prompt=f"Question {number}?", tags=("all",), options=options
    )


def _sit(quiz: Quiz, cohort: Cohort) -> None:
    """Who knows more is right more often."""
    chance = random.Random(1)
    people = User.objects.bulk_create(
        User(email=f"analysed-{n:04}@bench.example", name=f"Analysed {n}") for n in range(PEOPLE)
    )
    at = timezone.now() - timedelta(days=1)
    enrolments = Enrolment.objects.bulk_create(
        Enrolment(
            user=user, cohort=cohort, track=cohort.track, enrolled_at=at, content_at=at, due_on=at.date()
        )
        for user in people
    )
    versions = [question.versions.get() for question in quiz.bank.questions.order_by("pk")]
    attempts, items = [], []
    for enrolment in enrolments:
        attempt = Attempt(
            quiz=quiz,
            enrolment=enrolment,
            user_id=enrolment.user_id,
            number=1,
            state=Attempt.State.GRADED,
            started_at=at,
            deadline_at=at + timedelta(hours=1),
            submitted_at=at + timedelta(minutes=20),
            threshold=quiz.threshold,
            max_points=QUESTIONS,
            passed=False,
        )
        knows = chance.random()
        right = [chance.random() < 0.2 + 0.7 * knows for _version in versions]
        attempt.points = Decimal(sum(right))
        attempt.passed = sum(right) >= quiz.threshold * QUESTIONS
        attempts.append(attempt)
        items += [
            AttemptItem(
                attempt=attempt,
                position=place,
                question_version=version,
                response=version.options[0 if knew else chance.randint(1, OPTIONS - 1)]["key"],
                points=int(knew),
            )
            for place, (version, knew) in enumerate(zip(versions, right, strict=True), start=1)
        ]
    Attempt.objects.bulk_create(attempts, batch_size=1000)
    AttemptItem.objects.bulk_create(items, batch_size=2000)
