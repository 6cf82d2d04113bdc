from collections.abc import Iterator
from itertools import cycle

from django.urls import reverse
from django.utils import timezone

from assessments.models import Attempt, AttemptItem, QuestionVersion, Quiz
from assessments.services import attempts
from bench import queries
from bench.report import Check, Result, ratio
from bench.run import Run
from bench.timing import take_turns

PAGE_SIZE = 5
Kind = QuestionVersion.Kind
Fields = dict[str, str | list[str]]


def run(run: Run) -> Iterator[Result]:
    """The page's form as a browser without scripts sends it; each time all five answers are new ones."""
    quiz = Quiz.objects.live().get(module__track=run.data.front_line.track)
    attempt = attempts.start(quiz=quiz, actor=run.data.learner, at=timezone.now())
    path = reverse("attempt_save", args=[attempt.pk])
    pages = _pages(attempt)
    learner, bare = run.learner(), run.bare()
    turns, bare_turns = cycle(pages), cycle(["yes", "no"])
    ours, floor = take_turns(
        lambda: learner.post_form(path, next(turns), leads_to=attempt.get_absolute_url()),
        lambda: bare.post_form("/save/", bare_answers(next(bare_turns)), leads_to="/"),
        repeat=run.repeat,
    )
    counts = [queries.of_form(path, page, session=run.data.learner_session) for page in pages]
    yield Result(
        name="quiz_save",
        timing=ours,
        floor_name="bare sign-in and upsert",
        floor=floor,
        checks=[ratio(ours, floor, limit=2.5), Check(what="queries", actual=max(counts), limit=10)],
    )


def bare_answers(value: str) -> Fields:
    """Five answers as the floor keeps them."""
    positions = [str(number) for number in range(1, PAGE_SIZE + 1)]
    return {"item": positions} | {f"q-{position}": value for position in positions}


def _pages(attempt: Attempt) -> list[Fields]:
    """Two ways to fill in the first page that differ in every answer."""
    items = list(attempt.items.filter(position__lte=PAGE_SIZE).select_related("question_version"))
    pages: list[Fields] = []
    for turn in (0, 1):
        page: Fields = {"item": [str(item.position) for item in items], "go": "2"}
        pages.append(page | {f"q-{item.position}": _answer(item, turn) for item in items})
    return pages


def _answer(item: AttemptItem, turn: int) -> str:
    if item.question_version.kind == Kind.NUMERIC:
        return str(turn)
    if item.question_version.kind == Kind.TRUE_FALSE:
        return ("true", "false")[turn]
    return str(item.option_order[turn])
