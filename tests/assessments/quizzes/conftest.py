"""What tests of quizzes share: a quiz, who learns and who mentors, and the facts that were announced."""

from types import SimpleNamespace

import pytest

from assessments import signals
from tests.assessments.quizzes.factories import make_quiz
from tests.people.factories import UserFactory
from tests.standing import lay_down
from tests.tracks.factories import CohortFactory, EnrolmentFactory, MentorshipFactory, ModuleFactory


@pytest.fixture
def heard():
    """The facts that this app announces during a test, in order."""
    facts = []

    def listen(sender, facts, **kwargs):
        heard_facts.extend(facts)

    heard_facts = facts
    names = ("attempt_started", "attempt_graded", "attempt_lapsed", "attempts_granted")
    for name in names:
        getattr(signals, name).connect(listen, weak=False)
    yield facts
    for name in names:
        getattr(signals, name).disconnect(listen)


@pytest.fixture
def cast(db):
    """A learner, their mentor, an outsider with an enrolment elsewhere, and a quiz of three questions."""
    return lay_down("quizzes", _build)


def _build():
    module = ModuleFactory(key="basics", track__key="frontline")
    cohort = CohortFactory(track=module.track)
    enrolment = EnrolmentFactory(cohort=cohort)
    mentorship = MentorshipFactory(enrolment=enrolment)
    return SimpleNamespace(
        module=module,
        cohort=cohort,
        enrolment=enrolment,
        learner=enrolment.user,
        mentor=mentorship.mentor,
        colleague=EnrolmentFactory(cohort=cohort).user,
        outsider=EnrolmentFactory().user,
        nobody=UserFactory(),
        quiz=make_quiz(module=module),
    )
