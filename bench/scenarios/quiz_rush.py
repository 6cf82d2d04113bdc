"""A whole department opens the quiz at nine: each looks at its page, starts, and gets the first questions."""

import asyncio
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus

import httpx
from django.urls import reverse

from assessments.models import Attempt, Quiz
from bench import stack
from bench.client import CSRF_SECRET, HOST
from bench.report import Check, Result
from bench.run import Run
from bench.sessions import sign_in
from bench.timing import Timing
from enablement.people.models import User

PEOPLE = 500
SECONDS = 60.0
WORKERS = 2
LIMIT_MS = 1000


@dataclass(slots=True)
class Seen:
    """What the people met: how long the start and its first page took each, and every fault."""

    milliseconds: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def run(run: Run) -> Iterator[Result]:
    quiz = Quiz.objects.live().get(module__track=run.data.front_line.track)
    people = User.objects.filter(enrolments__cohort=run.data.front_line).order_by("email")
    fresh = people.exclude(attempts__quiz=quiz)[:PEOPLE]
    sessions = [sign_in(person) for person in fresh]
    before = Attempt.objects.filter(quiz=quiz).count()
    with stack.product(run.folder / "rush.log", workers=WORKERS) as server:
        seen = asyncio.run(_rush(server.port, sessions, page=quiz.get_absolute_url(), quiz=quiz.pk))
    started = Attempt.objects.filter(quiz=quiz).count() - before
    timing = Timing(sorted(seen.milliseconds))
    yield Result(
        name=f"quiz_rush, {len(sessions)} people in {SECONDS:g} s, {WORKERS} web processes",
        timing=timing,
        checks=[
            Check(what="people", actual=PEOPLE - len(sessions), limit=0),
            Check(what="errors", actual=len(seen.faults), limit=0),
            Check(what="not started", actual=len(sessions) - started, limit=0),
            Check(what="p95", actual=timing.p95, limit=LIMIT_MS, unit=" ms"),
        ],
    )


async def _rush(port: int, sessions: Sequence[str], *, page: str, quiz: int) -> Seen:
    chance = random.Random(1)  # the same rush each time
    seen = Seen()
    headers = {"Host": HOST, "X-Forwarded-Proto": "https", "Origin": f"https://{HOST}"}
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=30, limits=limits
    ) as client:
        await asyncio.gather(
            *(
                _person(client, session, seen, after=chance.uniform(0, SECONDS), page=page, quiz=quiz)
                for session in sessions
            )
        )
    return seen


async def _person(
    client: httpx.AsyncClient, session: str, seen: Seen, *, after: float, page: str, quiz: int
) -> None:
    await asyncio.sleep(after)
    # A cookie jar of one's own would be the client's: all of them share its connections, not its cookies.
    own = {"Cookie": f"sessionid={session}; csrftoken={CSRF_SECRET}"}
    try:
        looked = await client.get(page, headers=own)
        begun = time.perf_counter()
        start = reverse("attempt_start", args=[quiz])
        started = await client.post(start, headers=own, data={"csrfmiddlewaretoken": CSRF_SECRET})
        first = await client.get(started.headers.get("Location", "/nowhere/"), headers=own)
        seen.milliseconds.append((time.perf_counter() - begun) * 1000)
    except httpx.HTTPError as error:
        seen.faults.append(repr(error))
        return
    codes = (looked.status_code, started.status_code, first.status_code)
    if codes != (HTTPStatus.OK, HTTPStatus.FOUND, HTTPStatus.OK) or b'id="answers"' not in first.content:
        seen.faults.append(f"{codes} {started.headers.get('Location')}")
