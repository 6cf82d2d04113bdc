"""Reads of quizzes: how often somebody may still try, what they reached, and what the quiz's pages show."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

from django.db.models import BigIntegerField, Count, Max, Q, QuerySet, Sum

from assessments import rules
from assessments.models import Attempt, AttemptAllowance, Quiz, TimeAllowance
from assessments.rules import AttemptLimits
from tracks import rules as track_rules
from tracks.errors import Refused
from tracks.models import Enrolment, Mentorship
from tracks.months import months_later, renewable_from
from tracks.people import Person
from tracks.prepared import Prepared, PreparedObjects


@dataclass(frozen=True, kw_only=True, slots=True)
class QuizResult:
    """The best attempt with a result; 0 points and no attempt where the only one runs or waits for marks.

    last_ended_at: when the latest of all attempts ended.
    """

    points: Decimal
    max_points: int
    attempt_id: UUID | None
    graded_at: datetime | None
    in_progress: bool
    waiting: bool = False
    last_ended_at: datetime | None = None

    @property
    def share(self) -> Fraction:
        return Fraction(self.points) / self.max_points


def quiz_results(*, user_ids: Iterable[UUID], quizzes: Iterable[Quiz]) -> dict[tuple[UUID, int], QuizResult]:
    """What each person reached in each quiz, by (person, quiz); nothing for who never started. One query.

    Attempts of a withdrawn enrolment prove nothing any more, as with labs; they stay used up, though.
    Of equally good attempts the first one is the proof, so a proof does not move when nothing was gained.
    """
    rows = _attempts(users=list(set(user_ids)), quizzes=[quiz.pk for quiz in quizzes])
    results: dict[tuple[UUID, int], QuizResult] = {}
    for user_id, quiz_id, pk, state, points, max_points, ended_at in rows:
        pending = points is None
        this = QuizResult(
            points=points or Decimal(0),
            max_points=max_points,
            attempt_id=None if pending else pk,
            graded_at=None if pending else ended_at,
            in_progress=state == Attempt.State.IN_PROGRESS,
            waiting=state == Attempt.State.WAITING,
            last_ended_at=ended_at,
        )
        results[user_id, quiz_id] = _better(results.get((user_id, quiz_id)), this)
    return results


def _attempts_at(users: list[UUID], quizzes: list[int]) -> QuerySet[Attempt, Any]:
    proving = Attempt.objects.proving().filter(user__in=users, quiz__in=quizzes).order_by("number")
    return proving.values_list("user_id", "quiz_id", "pk", "state", "points", "max_points", "submitted_at")


_attempts = Prepared(_attempts_at, users=[UUID(int=1)], quizzes=[2_000_000_001])


def _better(best: QuizResult | None, this: QuizResult) -> QuizResult:
    if best is None:
        return this
    if this.attempt_id is None:
        winner = best
    else:
        winner = this if best.attempt_id is None or this.share > best.share else best
    return QuizResult(
        points=winner.points,
        max_points=winner.max_points,
        attempt_id=winner.attempt_id,
        graded_at=winner.graded_at,
        in_progress=best.in_progress or this.in_progress,
        waiting=best.waiting or this.waiting,
        last_ended_at=this.last_ended_at or best.last_ended_at,
    )


def latest_passes(*, user_ids: Iterable[UUID], quiz: Quiz, threshold: Decimal) -> dict[UUID, QuizResult]:
    """By person, the latest attempt that reached this share of the points. One query."""
    return {
        user_id: QuizResult(
            points=points, max_points=max_points, attempt_id=pk, graded_at=ended_at, in_progress=False
        )
        for user_id, _quiz, pk, _state, points, max_points, ended_at in _attempts(
            users=list(set(user_ids)), quizzes=[quiz.pk]
        )
        if points is not None and points >= threshold * max_points
    }


def _taken(user: UUID, quiz: int) -> QuerySet[Quiz]:
    return Quiz.objects.select_related("module__track").taken_by(user).filter(pk=quiz)


_quiz_taken = PreparedObjects(_taken, user=UUID(int=1), quiz=2_000_000_001)


def quiz_taken(*, pk: int, user: Person) -> Quiz | None:
    """The quiz, with its module and track, where this person takes it. One query."""
    if pk > BigIntegerField.MAX_BIGINT:
        return None
    return next(iter(_quiz_taken(user=user.pk, quiz=pk)), None)


def attempt_limits(*, quiz: Quiz, user: Person, at: datetime) -> AttemptLimits:
    """How many attempts are used and allowed, and from when the next may start. Two queries; three where a
    pass lapses.

    Once a pass may be renewed, attempts are counted from then on, so that old ones are not in the way.
    """
    passes = _passes(quiz, user)
    anew = _counts_from(quiz, passes, at)
    made = Attempt.objects.filter(quiz=quiz, user=user).aggregate(
        used=Count("pk", filter=Q(started_at__gte=anew) if anew else Q()),
        last=Max("number"),
        ended=Max("submitted_at"),
        running=Count("pk", filter=Q(state=Attempt.State.IN_PROGRESS)),
        # Nobody marks an attempt of a withdrawn enrolment: it does not stand in the way of a new one.
        waiting=Count(
            "pk", filter=Q(state=Attempt.State.WAITING) & ~Q(enrolment__state=Enrolment.State.WITHDRAWN)
        ),
    )
    allowances = AttemptAllowance.objects.filter(quiz=quiz, user=user)
    if anew:
        allowances = allowances.filter(granted_at__gte=anew)
    extra = allowances.aggregate(extra=Sum("extra"))["extra"]
    opens_at = made["ended"] + timedelta(hours=quiz.cooldown_hours) if made["ended"] else None
    return AttemptLimits(
        used=made["used"],
        allowed=quiz.max_attempts + (extra or 0),
        last_number=made["last"] or 0,
        opens_at=opens_at,
        running=bool(made["running"]),
        waiting=bool(made["waiting"]),
        renewing=anew is not None and passes[-1] < anew,
    )


def _passes(quiz: Quiz, user: Person) -> list[datetime]:
    """When this person passed, the first time first; of a quiz whose pass lapses. One query, or none."""
    if quiz.valid_months is None:
        return []
    rows = Attempt.objects.proving().filter(quiz=quiz, user=user, passed=True)
    ended = rows.order_by("submitted_at").values_list("submitted_at", flat=True)
    return [each for each in ended if each is not None]


def _counts_from(quiz: Quiz, passes: Sequence[datetime], at: datetime) -> datetime | None:
    """When the latest time to renew a pass began; None where none has, or a pass holds for good."""
    if quiz.valid_months is None:
        return None
    return rules.renewal_began(passes=passes, valid_months=quiz.valid_months, at=at)


def percent(share: Decimal) -> Decimal:
    """0.850 as 85, 0.875 as 87.5."""
    return share * 100


@dataclass(frozen=True, kw_only=True, slots=True)
class QuizOverview:
    """A quiz's first page for one person, `at` a moment. `blocked` says why the track is not open."""

    quiz: Quiz
    enrolled: bool
    blocked: str
    limits: AttemptLimits
    running: Attempt | None
    closed: list[Attempt]
    mentors: list[Person]
    extra_min: int
    at: datetime

    @property
    def percent(self) -> Decimal:
        return percent(self.quiz.threshold)

    @property
    def needed(self) -> Decimal:
        return self.quiz.threshold * self.quiz.draws

    @property
    def passed(self) -> Attempt | None:
        """The first pass of an enrolment that still counts."""
        counts = (attempt for attempt in reversed(self.closed) if attempt.enrolment.counts)
        return next((attempt for attempt in counts if attempt.passed), None)

    @property
    def _passed_at(self) -> datetime | None:
        """When the latest pass was handed in."""
        passes = (attempt for attempt in self.closed if attempt.enrolment.counts and attempt.passed)
        latest = next(passes, None)
        return latest.submitted_at if latest else None

    @property
    def holds_until(self) -> datetime | None:
        """When the latest pass lapses; None where there is none, or it holds for good."""
        if self._passed_at is None or self.quiz.valid_months is None:
            return None
        return months_later(self._passed_at, self.quiz.valid_months)

    @property
    def renewing(self) -> bool:
        """Whether the pass may be renewed now; the old one holds until it lapses."""
        given, lapses_at = self._passed_at, self.holds_until
        return given is not None and lapses_at is not None and self.at >= renewable_from(given, lapses_at)

    @property
    def wait_until(self) -> datetime | None:
        return self.limits.opens_at if self.limits.cooling_down(self.at) else None

    @property
    def opens_later(self) -> bool:
        return self.quiz.is_before_its_window(self.at)

    @property
    def window_closed(self) -> bool:
        return self.quiz.is_closed(self.at)

    @property
    def used_up(self) -> bool:
        return not self.limits.left

    @property
    def can_start(self) -> bool:
        hindered = self.blocked or self.running or self.used_up or self.wait_until or self.limits.waiting
        return self.enrolled and not (hindered or self.opens_later or self.window_closed)


def quiz_overview(*, quiz: Quiz, user: Person, at: datetime) -> QuizOverview:
    """What this person may do with this quiz now, and what they did (newest attempt first)."""
    enrolment = (
        Enrolment.objects.live()
        .filter(user=user, track=quiz.module.track_id)
        .select_related("cohort")
        .first()
    )
    made = Attempt.objects.filter(quiz=quiz, user=user).select_related("enrolment")
    extra = TimeAllowance.objects.in_force(quiz=quiz, user=user)
    attempts = list(made.order_by("-number"))
    limits = attempt_limits(quiz=quiz, user=user, at=at)
    return QuizOverview(
        quiz=quiz,
        enrolled=enrolment is not None,
        blocked=_blocked(enrolment, renewing=limits.renewing),
        limits=limits,
        running=next((attempt for attempt in attempts if attempt.is_open), None),
        closed=[attempt for attempt in attempts if not attempt.is_open],
        mentors=_mentors(enrolment),
        extra_min=extra.values_list("minutes", flat=True).first() or 0,
        at=at,
    )


def _blocked(enrolment: Enrolment | None, *, renewing: bool) -> str:
    if enrolment is None:
        return ""
    try:
        track_rules.ensure_open(enrolment, renewing=renewing)
    except Refused as refusal:
        return refusal.message
    return ""


def _mentors(enrolment: Enrolment | None) -> list[Person]:
    current = Mentorship.objects.filter(enrolment=enrolment, ended_at=None).select_related("mentor")
    return [mentorship.mentor for mentorship in current] if enrolment else []
