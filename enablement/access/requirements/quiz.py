"""`type: quiz`: the best graded attempt reaches the threshold. Unnamed, it is the track's only quiz."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _
from pydantic import BeforeValidator, Field

from assessments import selectors as assessments
from assessments.models import Quiz
from enablement.access.lasting import LastingParams, lasting
from enablement.access.leaves import Leaf, unknown
from enablement.access.registry import Params
from tracks.models import Enrolment, Track
from tracks.prepared import PreparedObjects
from tracks.words import percent

if TYPE_CHECKING:
    from assessments.selectors import QuizResult

Share = Annotated[Decimal, BeforeValidator(str), Field(gt=0, le=1)]


_live_quizzes: PreparedObjects[Quiz] = PreparedObjects(
    lambda track: Quiz.objects.live().filter(module__track=track, module__retired_at=None),
    track=2_000_000_001,
)


class QuizParams(LastingParams):
    """threshold: share of the points, above 0 and at most 1. quiz: key; None for the track's only one."""

    threshold: Share
    quiz: str | None = None


class QuizPassed:
    name = "quiz"
    params: type[Params] = QuizParams

    def evaluate(
        self, *, track: Track, enrolments: Sequence[Enrolment], params: Any, at: datetime
    ) -> Mapping[UUID, Leaf]:
        quizzes = _live_quizzes(track=track.pk)
        if params.quiz is not None:
            quizzes = [quiz for quiz in quizzes if quiz.key == params.quiz]
        if len(quizzes) != 1:
            leaf = unknown(self.name, label=_("Quiz"), why=_("The track has no single such quiz."))
            return {enrolment.pk: leaf for enrolment in enrolments}
        quiz = quizzes[0]
        people = [enrolment.user_id for enrolment in enrolments]
        results = assessments.quiz_results(user_ids=people, quizzes=[quiz])
        leaves = {
            e.pk: self._leaf(quiz, results.get((e.user_id, quiz.pk)), params.threshold) for e in enrolments
        }
        if params.valid_months is None:
            return leaves
        passes = assessments.latest_passes(user_ids=people, quiz=quiz, threshold=params.threshold)
        return {
            e.pk: self._in_time(quiz, leaves[e.pk], passes.get(e.user_id), params, at) for e in enrolments
        }

    def _in_time(
        self, quiz: Quiz, leaf: Leaf, latest: "QuizResult | None", params: QuizParams, at: datetime
    ) -> Leaf:
        """Not the best pass but the latest one says how long it holds."""
        if latest is not None:
            leaf = replace(leaf, proof=(f"assessments.attempt:{latest.attempt_id}",))
        again = _("Take the quiz “%(title)s” once more") % {"title": quiz.title}
        since = latest.graded_at if latest is not None else None
        link = reverse("quiz", args=[quiz.pk])
        return lasting(leaf, since=since, params=params, at=at, again=again, link=link)

    def _leaf(self, quiz: Quiz, result: "QuizResult | None", threshold: Decimal) -> Leaf:
        # Points against threshold times maximum, in Decimal: 17 of 20 meets 0.85 exactly.
        graded = result if result is not None and result.attempt_id is not None else None
        met = graded is not None and graded.points >= threshold * graded.max_points
        failed = graded is not None and not (met or graded.in_progress or graded.waiting)
        return Leaf(
            type=self.name,
            label=_("Quiz: %(title)s") % {"title": quiz.title},
            met=met,
            begun=result is not None,
            failed=failed,
            opens_at=_opens_at(quiz, result) if failed else None,
            short=_("Quiz"),
            required=_("at least %(percent)s %%") % {"percent": percent(threshold)},
            actual=_actual(result, failed=failed),
            next_step="" if met else _("Take the quiz “%(title)s”") % {"title": quiz.title},
            link="" if met else reverse("quiz", args=[quiz.pk]),
            proof=(f"assessments.attempt:{graded.attempt_id}",) if met and graded else (),
        )


def _opens_at(quiz: Quiz, result: "QuizResult | None") -> datetime | None:
    """When the pause after the latest attempt is over."""
    ended = result.last_ended_at if result else None
    return ended + timedelta(hours=quiz.cooldown_hours) if ended and quiz.cooldown_hours else None


def _actual(result: "QuizResult | None", *, failed: bool) -> str:
    if result is None:
        return _("not taken yet")
    if result.attempt_id is None:
        return _("waits for a mentor's marks") if result.waiting else _("under way")
    points = f"{result.points.normalize():f}"
    counts = {"points": points, "max": result.max_points}
    return _("failed with %(points)s of %(max)d") % counts if failed else _("%(points)s of %(max)d") % counts
