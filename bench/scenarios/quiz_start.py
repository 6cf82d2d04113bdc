"""Starting an attempt: may they, until when, which questions in which order; and all of it kept."""

from collections.abc import Iterator
from itertools import cycle

from django.urls import reverse

from assessments.models import Quiz
from bench import queries
from bench.report import Check, Result
from bench.run import Run
from bench.scenarios.quiz_save import bare_answers
from bench.sessions import sign_in
from bench.timing import WARM_UP, take_turns
from enablement.people.models import User


def run(run: Run) -> Iterator[Result]:
    """Each time somebody else starts, because a second start by the same person only leads back."""
    quiz = Quiz.objects.live().get(module__track=run.data.front_line.track)
    path = reverse("attempt_start", args=[quiz.pk])
    repeat = min(run.repeat, run.data.front_line.enrolments.count() // 2 - WARM_UP)
    # Those whose names come last: quiz_rush takes its people from the other end.
    people = User.objects.filter(enrolments__cohort=run.data.front_line).order_by("-email")
    sessions = iter([sign_in(person) for person in people[: repeat + WARM_UP + 2]])
    counted = queries.of_first_form(path, {}, sessions=(next(sessions), next(sessions)))
    learner, bare = run.learner(), run.bare()

    def start() -> None:
        learner.sign_in(next(sessions))
        learner.post_form(path, {}, leads_to="/attempts/")

    answers = cycle(["yes", "no"])
    ours, floor = take_turns(
        start, lambda: bare.post_form("/save/", bare_answers(next(answers)), leads_to="/"), repeat=repeat
    )
    yield Result(
        name="quiz_start",
        timing=ours,
        floor_name="bare sign-in and upsert",
        floor=floor,
        checks=[Check(what="queries", actual=counted, limit=12)],
    )
