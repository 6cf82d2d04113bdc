"""A whole department opens the quiz at nine: each looks at its page, starts, and gets the first questions.

Every browser is new to the site and has a connection of its own. With a page it fetches the styles, scripts,
icons and fonts that the page names and that it does not have yet. What is timed is the way from "Start" to
the first questions, with all that belongs to them.
"""

import random
import re
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from django.urls import reverse

from assessments.models import Attempt, Quiz
from bench import stack
from bench.client import Answer, Client
from bench.report import Check, Result
from bench.run import Run
from bench.sessions import sign_in
from bench.timing import Timing
from enablement.people.models import User

PEOPLE = 500
SECONDS = 60.0
WORKERS = 2
LIMIT_MS = 1000
_FILES = re.compile(rb'(?:href|src)="(/static/[^"#]+)')


def run(run: Run) -> Iterator[Result]:
    quiz = Quiz.objects.live().get(module__track=run.data.front_line.track)
    people = User.objects.filter(enrolments__cohort=run.data.front_line).order_by("email")
    fresh = people.exclude(attempts__quiz=quiz)[:PEOPLE]
    sessions = [sign_in(person) for person in fresh]
    before = Attempt.objects.filter(quiz=quiz).count()
    with stack.product(run.folder / "rush.log", workers=WORKERS) as server:
        times, faults = rush(server.port, sessions, quiz=quiz, seconds=SECONDS)
    started = Attempt.objects.filter(quiz=quiz).count() - before
    timing = Timing(sorted(times))
    yield Result(
        name=f"quiz_rush, {len(sessions)} people in {SECONDS:g} s, {WORKERS} web processes",
        timing=timing,
        checks=[
            Check(what="people", actual=PEOPLE - len(sessions), limit=0),
            Check(what="errors", actual=len(faults), limit=0),
            Check(what="not started", actual=len(sessions) - started, limit=0),
            Check(what="p95", actual=timing.p95, limit=LIMIT_MS, unit=" ms"),
        ],
    )


def rush(
    port: int, sessions: Sequence[str], *, quiz: Quiz, seconds: float
) -> tuple[list[float], list[Exception]]:
    """How long each person's start took, in milliseconds, and what went wrong for the others.

    They come at random, and nobody waits for anybody else: who comes while the server is slow waits longer.
    """
    chance = random.Random(1)  # the same rush each time
    arrivals = sorted(chance.uniform(0, seconds) for _ in sessions)
    page, start = quiz.get_absolute_url(), reverse("attempt_start", args=[quiz.pk])
    with ThreadPoolExecutor(max_workers=len(sessions)) as people:
        opened = time.perf_counter()
        waits = []
        for arrival, session in zip(arrivals, sessions, strict=True):
            time.sleep(max(0, opened + arrival - time.perf_counter()))
            waits.append(people.submit(_person, port, session, page=page, start=start))
    faults = [error for wait in waits if isinstance(error := wait.exception(), Exception)]
    return [wait.result() for wait in waits if not wait.exception()], faults


def _person(port: int, session: str, *, page: str, start: str) -> float:
    browser = _Browser(Client(port, session=session))
    browser.open(page, expect=start)
    begun = time.perf_counter()
    started = browser.client.post_form(start, {}, leads_to="/attempts/")
    browser.open(started.location, expect='id="answers"')
    return (time.perf_counter() - begun) * 1000


class _Browser:
    """Keeps every file that a page named: their names change with what they hold."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self._kept: set[bytes] = set()

    def open(self, path: str, *, expect: str) -> Answer:
        """The page, and then what it names, one after the other."""
        answer = self.client.page(path, expect=expect)
        for name in _FILES.findall(answer.body):
            if name not in self._kept:
                self.client.page(name.decode(), expect="")
                self._kept.add(name)
        return answer
