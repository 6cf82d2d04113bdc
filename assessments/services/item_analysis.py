"""Ask for an item analysis of a quiz, and work it out in a job."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from assessments import psychometrics, signals
from assessments.models import Attempt, AttemptItem, ItemAnalysis, QuestionVersion, Quiz
from assessments.psychometrics import Reply, Shape
from assessments.services.attempts.earning import key_of
from tracks.errors import Refused
from tracks.facts import Fact
from tracks.people import Person

Kind = QuestionVersion.Kind


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """What an analysis found, and on what: people, and when the earliest and latest of them ended."""

    results: Mapping[str, Any]
    people: int
    first_at: datetime | None
    last_at: datetime | None


def may_analyse(user: Person) -> bool:
    """Authors, and who runs cohorts; the figures name no right answer."""
    return any(map(user.has_perm, ("assessments.author_questions", "tracks.run_cohorts")))


@transaction.atomic
def request(*, quiz: Quiz, actor: Person, at: datetime) -> ItemAnalysis:
    """The analysis that is under way, else a new one, which a job works out.

    Raises Refused `not_allowed`, `no_attempts`.
    """
    if not may_analyse(actor):
        raise Refused("not_allowed", _("Only authors and program managers analyse quizzes."))
    held = Quiz.objects.select_for_update(of=("self",)).select_related("module__track").get(pk=quiz.pk)
    under_way = held.analyses.filter(finished_at=None).first()
    if under_way is not None:
        return under_way
    if not _first_attempts(held):
        raise Refused("no_attempts", _("Nobody has a result of this quiz yet."))
    wanted = ItemAnalysis.objects.create(quiz=held, requested_by=actor, requested_at=at)
    from assessments.tasks import analyse_items

    analyse_items.delay(str(wanted.pk))
    fact = Fact(
        kind="assessments.analysis_requested",
        subject=("assessments.ItemAnalysis", str(wanted.pk)),
        at=at,
        actor_id=actor.pk,
        payload={"track": held.module.track.key, "quiz": held.key},
    )
    signals.items_analysed.send(sender=ItemAnalysis, facts=[fact])
    return wanted


def analyse(*, analysis_id: UUID, at: datetime) -> Callable[[], None]:
    """Works it out, outside any transaction; the effect keeps the figures. A second time changes nothing."""
    wanted = ItemAnalysis.objects.select_related("quiz").get(pk=analysis_id)
    figures = figures_of(wanted.quiz)
    return partial(_keep, analysis_id, figures, at)


def figures_of(quiz: Quiz) -> Figures:
    """On the first attempt of each person that has a result. Four queries, however many there are."""
    ends = _first_attempts(quiz)
    shapes, kinds = _shapes(quiz)
    sheets: dict[UUID, list[Reply]] = {pk: [] for pk in ends}
    rows = AttemptItem.objects.filter(attempt__quiz=quiz, points__isnull=False).order_by()
    columns = ("attempt_id", "question_version_id", "points", "response")
    for attempt_id, version_id, points, response in rows.values_list(*columns).iterator(chunk_size=5000):
        if attempt_id in sheets:
            reply = Reply(version_id, float(points), _picks(kinds[version_id], response))
            sheets[attempt_id].append(reply)
    return Figures(
        results=psychometrics.analyse(list(sheets.values()), shapes),
        people=len(ends),
        first_at=min(ends.values(), default=None),
        last_at=max(ends.values(), default=None),
    )


@transaction.atomic
def _keep(analysis_id: UUID, figures: Figures, at: datetime) -> None:
    wanted = ItemAnalysis.objects.select_for_update().get(pk=analysis_id)
    if wanted.finished_at is not None:
        return
    wanted.finished_at = at
    wanted.results = dict(figures.results)
    wanted.people, wanted.first_at, wanted.last_at = figures.people, figures.first_at, figures.last_at
    wanted.save()


def _first_attempts(quiz: Quiz) -> dict[UUID, datetime]:
    """The end of each person's first attempt with a result: a second one is helped by the first."""
    rows = Attempt.objects.filter(quiz=quiz, points__isnull=False).order_by("-number")
    first: dict[UUID, tuple[UUID, datetime]] = {}
    for user_id, pk, ended_at in rows.values_list("user_id", "pk", "submitted_at"):
        if ended_at is not None:
            first[user_id] = (pk, ended_at)
    return dict(first.values())


def _shapes(quiz: Quiz) -> tuple[dict[int, Shape], dict[int, str]]:
    """By version, by the key in force; one that everybody is excused keeps its own."""
    asked = AttemptItem.objects.filter(attempt__quiz=quiz).values("question_version")
    versions = QuestionVersion.objects.filter(pk__in=asked).select_related("patch__key")
    shapes, kinds = {}, {}
    for version in versions:
        kinds[version.pk] = version.kind
        shapes[version.pk] = shape_of(key_of(version) or version)
    return shapes, kinds


def shape_of(version: QuestionVersion) -> Shape:
    match version.kind:
        case Kind.SINGLE | Kind.MULTIPLE:
            options = {option["key"]: option["correct"] for option in version.options}
            return Shape(options, several=version.kind == Kind.MULTIPLE)
        case Kind.TRUE_FALSE:
            return Shape({key: version.answer == key for key in ("true", "false")})
        case Kind.DECISION:
            return Shape({key: version.answer == key for key in QuestionVersion.Decision.values})
        case _:
            return Shape({})


def _picks(kind: str, response: Any) -> tuple[str, ...]:
    match kind:
        case Kind.SINGLE:
            return (str(response),)
        case Kind.MULTIPLE if isinstance(response, list):
            return tuple(response)
        case Kind.TRUE_FALSE if isinstance(response, bool):
            return ("true" if response else "false",)
        case Kind.DECISION if isinstance(response, dict):
            return (str(response.get("decision", "")),)
        case _:
            return ()
