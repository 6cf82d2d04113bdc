"""Reads of mentors: what waits for their review, and how their mentees are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from assessments import rules
from assessments.models import Quiz, ShadowPool, Submission
from assessments.selectors.labs import LabState, lab_states
from assessments.selectors.quizzes import QuizResult, quiz_results
from assessments.selectors.shadow import ShadowStanding, shadow_standings
from tracks.models import Enrolment, Lab, Module
from tracks.people import Person
from tracks.selectors import ModuleProgress, ModuleState, module_progress

if TYPE_CHECKING:
    from uuid import UUID


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """A submission in a queue. due_at: by when it should be reviewed; claimed_by: another mentor's claim."""

    submission: Submission
    due_at: datetime
    late: bool
    mine: bool
    claimed_by: Person | None


def review_queue(*, mentor: Person, at: datetime) -> list[Waiting]:
    """What waits for this mentor, the oldest first. One query."""
    rows = (
        Submission.objects.all()
        .mentored_by(mentor)
        .waiting()
        .select_related("lab__module", "enrolment__user", "enrolment__cohort", "claimed_by")
        .order_by("submitted_at", "pk")
    )
    return [_waiting(submission, mentor, at) for submission in rows]


def _waiting(submission: Submission, mentor: Person, at: datetime) -> Waiting:
    due_at = review_due_at(submission)
    claimed = submission.claimed_at(at)
    mine = claimed and submission.claimed_by_id == mentor.pk
    return Waiting(
        submission=submission,
        due_at=due_at,
        late=at > due_at,
        mine=mine,
        claimed_by=submission.claimed_by if claimed and not mine else None,
    )


def review_due_at(submission: Submission) -> datetime:
    """Two working days after it was handed in, by the cohort's calendar."""
    handed_in = submission.submitted_at or submission.saved_at
    return rules.working_days_after(
        handed_in, days=rules.REVIEW_WORKING_DAYS, zone=submission.enrolment.cohort.timezone
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class QuizStanding:
    """result None: never tried."""

    quiz: Quiz
    result: QuizResult | None

    @property
    def passed(self) -> bool:
        result = self.result
        return result is not None and result.points >= self.quiz.threshold * result.max_points


@dataclass(frozen=True, kw_only=True, slots=True)
class LabStanding:
    lab: Lab
    state: LabState


@dataclass(frozen=True, kw_only=True, slots=True)
class PoolStanding:
    pool: ShadowPool
    standing: ShadowStanding


@dataclass(frozen=True, kw_only=True, slots=True)
class ModuleStanding:
    module: Module
    progress: ModuleProgress


@dataclass(frozen=True, kw_only=True, slots=True)
class Mentee:
    """How far one enrolment is, part by part."""

    enrolment: Enrolment
    modules: Sequence[ModuleStanding]
    quizzes: Sequence[QuizStanding]
    labs: Sequence[LabStanding]
    pools: Sequence[PoolStanding]

    @property
    def modules_met(self) -> int:
        return sum(each.progress.state == ModuleState.MET for each in self.modules)

    @property
    def quizzes_passed(self) -> int:
        return sum(each.passed for each in self.quizzes)

    @property
    def labs_signed(self) -> int:
        return sum(each.state == LabState.SIGNED_OFF for each in self.labs)

    @property
    def lab_waits(self) -> bool:
        return any(each.state == LabState.WITH_MENTOR for each in self.labs)


def mentees_of(*, mentor: Person) -> list[Mentee]:
    """Everyone whom this person mentors now, the most urgent first.

    The number of queries depends on the tracks they learn, not on how many they are.
    """
    enrolments = Enrolment.objects.live().filter(mentorships__mentor=mentor, mentorships__ended_at=None)
    return progress_of(
        list(enrolments.select_related("user", "track", "cohort").order_by("due_on", "user__name"))
    )


def progress_of(enrolments: Sequence[Enrolment]) -> list[Mentee]:
    track_ids = {enrolment.track_id for enrolment in enrolments}
    user_ids = [enrolment.user_id for enrolment in enrolments]
    modules = list(Module.objects.live().filter(track__in=track_ids))
    quizzes = list(Quiz.objects.live().filter(module__in=modules).order_by("module__position", "position"))
    labs = list(Lab.objects.live().filter(module__in=modules).order_by("module__position", "position"))
    pools = list(ShadowPool.objects.live().filter(track__in=track_ids))
    track_of = {module.pk: module.track_id for module in modules}
    progress = module_progress(enrolments=enrolments)
    results = quiz_results(user_ids=user_ids, quizzes=quizzes)
    states = lab_states(enrolment_ids=[enrolment.pk for enrolment in enrolments])
    standings: dict[UUID, dict[UUID, ShadowStanding]] = {
        pool.pk: shadow_standings(user_ids=user_ids, pool=pool) for pool in pools
    }
    return [
        Mentee(
            enrolment=each,
            modules=[
                ModuleStanding(module=module, progress=progress[each.pk, module.pk])
                for module in modules
                if module.track_id == each.track_id
            ],
            quizzes=[
                QuizStanding(quiz=quiz, result=results.get((each.user_id, quiz.pk)))
                for quiz in quizzes
                if track_of[quiz.module_id] == each.track_id
            ],
            labs=[
                LabStanding(lab=lab, state=states.get((each.pk, lab.pk), LabState.NOT_STARTED))
                for lab in labs
                if track_of[lab.module_id] == each.track_id
            ],
            pools=[
                PoolStanding(pool=pool, standing=standings[pool.pk][each.user_id])
                for pool in pools
                if pool.track_id == each.track_id
            ],
        )
        for each in enrolments
    ]
