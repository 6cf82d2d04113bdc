"""Reads of mentors: how their mentees are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from assessments.models import Quiz, ShadowPool
from assessments.selectors.labs import LabState, lab_states
from assessments.selectors.quizzes import QuizResult, quiz_results
from assessments.selectors.shadow import ShadowStanding, shadow_standings
from tracks.models import Enrolment, Lab, Mentorship, Module
from tracks.people import Person
from tracks.selectors import ModuleProgress, ModuleState, module_progress

if TYPE_CHECKING:
    from uuid import UUID


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


def mentees_of(*, mentor: Person, at: datetime) -> list[Mentee]:
    """Everyone whom this person mentors now, or stands in for, the most urgent first.

    The number of queries depends on the tracks they learn, not on how many they are.
    """
    answered = Mentorship.objects.all().answered_by(mentor, at).exclude(learner=mentor)
    enrolments = Enrolment.objects.live().filter(pk__in=answered.values("enrolment"))
    return progress_of(
        list(enrolments.select_related("user", "track", "cohort").order_by("due_on", "user__name")), at=at
    )


def progress_of(enrolments: Sequence[Enrolment], *, at: datetime) -> list[Mentee]:
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
        pool.pk: shadow_standings(user_ids=user_ids, pool=pool, at=at) for pool in pools
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
