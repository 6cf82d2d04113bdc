"""What an engineer of the demo does, by the same services as a real one."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from assessments.models import Quiz, ShadowPool, ShadowSample, Submission
from assessments.models.question import QuestionVersion
from assessments.services import attempts, labs, shadow
from assessments.services.grading import right_response
from enablement.demo import stages, texts
from enablement.demo.stages import Stage
from enablement.people.models import User
from surveys import services as surveys
from surveys.models import Survey
from tracks.models import Enrolment, Lab, Lesson, Mentorship
from tracks.services import cohorts, progress

MINUTE = timedelta(minutes=1)


@dataclass(kw_only=True)
class Clock:
    """Time in the demo: moves on with every step and never past the present."""

    now: datetime
    end: datetime

    def step(self, minutes: int = 1) -> datetime:
        self.now = min(self.now + minutes * MINUTE, self.end)
        return self.now


@dataclass(frozen=True, kw_only=True)
class Learner:
    """One enrolment being brought to a stage. `chance` is seeded: the same seed, the same demo."""

    enrolment: Enrolment
    stage: Stage
    clock: Clock
    chance: random.Random

    @property
    def user(self) -> User:
        user: User = self.enrolment.user
        return user

    def learn(self) -> None:
        """Everything but shadow mode, which waits for quality assurance."""
        self._read()
        self._quiz()
        self._lab()
        self._survey()

    def pause(self, *, actor: User) -> None:
        if self.stage.paused:
            cohorts.pause(enrolment=self.enrolment, actor=actor, at=self.clock.step())

    def _read(self) -> None:
        lessons = Lesson.objects.live().filter(module__track=self.enrolment.track, module__retired_at=None)
        for lesson in lessons.order_by("module__position", "position")[: self.stage.lessons]:
            at = self.clock.step(lesson.minutes)
            progress.read_lesson(enrolment=self.enrolment, lesson=lesson, actor=self.user, at=at)

    def _quiz(self) -> None:
        quiz = Quiz.objects.live().filter(module__track=self.enrolment.track).first()
        if quiz is None or self.stage.quiz == stages.QUIZ_NONE:
            return
        if self.stage.quiz == stages.QUIZ_OPEN:
            # Started a moment ago, so that whoever tries the demo can go on with it.
            self.clock.now = self.clock.end - 3 * MINUTE
        attempt = attempts.start(quiz=quiz, actor=self.user, at=self.clock.step(), rng=self.chance)
        items = list(attempt.items.select_related("question_version").order_by("position"))
        answered = {item.position: item for item in items}
        if self.stage.quiz == stages.QUIZ_OPEN:
            answered = dict(list(answered.items())[:5])
        wrong = set(self.chance.sample(sorted(answered), self._mistakes(len(answered))))
        answers = {
            position: _answer(item.question_version, right=position not in wrong)
            for position, item in answered.items()
        }
        attempts.save(attempt=attempt, answers=answers, actor=self.user, at=self.clock.step())
        if self.stage.quiz != stages.QUIZ_OPEN:
            attempts.submit(attempt=attempt, actor=self.user, at=self.clock.step(18))

    def _mistakes(self, questions: int) -> int:
        if self.stage.quiz == stages.QUIZ_FAILED:
            return questions // 4
        return self.chance.randint(0, questions // 10)

    def _lab(self) -> None:
        lab = Lab.objects.live().filter(module__track=self.enrolment.track).first()
        if lab is None or self.stage.lab == stages.LAB_NONE:
            return
        draft = labs.save_draft(
            enrolment=self.enrolment, lab=lab, text=texts.LAB_WORK, actor=self.user, at=self.clock.step(30)
        )
        if self.stage.lab == stages.LAB_DRAFT:
            return
        submission = labs.hand_in(submission=draft, actor=self.user, at=self.clock.step(5))
        if self.stage.lab in {stages.LAB_SIGNED, stages.LAB_SENT_BACK}:
            self._review(submission)

    def _review(self, submission: Submission) -> None:
        mentorship = Mentorship.objects.current().get(enrolment=self.enrolment)
        mentor, at = mentorship.mentor, self.clock.step(180)
        labs.claim(submission=submission, actor=mentor, at=at)
        if self.stage.lab == stages.LAB_SENT_BACK:
            labs.send_back(
                submission=submission,
                marks=_no_marks(submission.lab),
                comment=texts.SENT_BACK,
                actor=mentor,
                at=self.clock.step(10),
            )
            return
        labs.sign_off(
            submission=submission,
            marks=full_marks(submission.lab),
            comment=texts.SIGNED_OFF,
            evidence_hash=submission.content_hash,
            actor=mentor,
            at=self.clock.step(10),
        )

    def _survey(self) -> None:
        survey = Survey.objects.live().filter(track=self.enrolment.track).first()
        if survey is None or not self.stage.survey:
            return
        answers = {item.key: _reply(item.kind, item.options, self.chance) for item in survey.items.live()}
        surveys.answer(
            survey=survey, respondent=self.user, answers=answers, actor=self.user, at=self.clock.step(4)
        )

    def shadow_samples(self, pool: ShadowPool, *, count: int) -> Iterator[ShadowSample]:
        """Decide so many cases; about one in thirty is taken for the neighbouring kind."""
        for _ in range(count):
            sample = shadow.draw(pool=pool, actor=self.user, at=self.clock.step(), rng=self.chance)
            case = sample.case
            slip = self.chance.random() < 1 / 30
            decision = _neighbour(case.right_decision) if slip else case.right_decision
            shadow.decide(sample=sample, decision=decision, actor=self.user, at=self.clock.step())
            yield shadow.judge_output(
                sample=sample, usable=case.right_usable, actor=self.user, at=self.clock.step()
            )


def _neighbour(decision: str) -> str:
    """A mistake on the safe side, so that the demo has slips and no critical miss."""
    return {"automate": "review", "review": "avoid", "avoid": "escalate", "escalate": "avoid"}[decision]


def _answer(version: QuestionVersion, *, right: bool) -> object:
    if right:
        return right_response(version)
    if version.kind == QuestionVersion.Kind.NUMERIC:
        return "999999"
    if version.kind == QuestionVersion.Kind.TRUE_FALSE:
        return version.answer != "true"
    wrong = [option["key"] for option in version.options if option["key"] not in version.right_keys]
    return wrong[0] if version.kind == QuestionVersion.Kind.SINGLE else wrong


def full_marks(lab: Lab) -> dict[str, int]:
    """The best level of each criterion."""
    return {criterion["key"]: criterion["levels"][-1]["points"] for criterion in lab.rubric}


def _no_marks(lab: Lab) -> dict[str, int]:
    return {criterion["key"]: criterion["levels"][0]["points"] for criterion in lab.rubric}


def _reply(kind: str, options: list[dict[str, str]], chance: random.Random) -> object:
    return {
        "likert": chance.choice([4, 4, 5]),
        "yes_no": "yes",
        "choice": chance.choice(options)["key"] if options else "",
        "number": chance.randint(0, 6),
        "text": chance.choice(texts.SURVEY_REMARKS),
    }[kind]
