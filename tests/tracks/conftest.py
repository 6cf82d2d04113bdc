"""What tests of tracks share: the facts that were announced, and a module with a bit of everything."""

from types import SimpleNamespace

import pytest

from tests.people.factories import UserFactory
from tests.tracks.factories import (
    CohortFactory,
    ComponentFactory,
    EnrolmentFactory,
    LabFactory,
    LessonFactory,
    ModuleFactory,
)
from tracks import signals


class Heard(list):
    """The facts in the order of their announcement; `batches` counts the signals."""

    batches = 0

    def listen(self, sender, facts, **kwargs):
        self.extend(facts)
        self.batches += 1

    @property
    def kinds(self):
        return [fact.kind for fact in self]


@pytest.fixture
def heard():
    """Everything that tracks announces during a test."""
    facts = Heard()
    every = [value for value in vars(signals).values() if isinstance(value, signals.Signal)]
    for signal in every:
        signal.connect(facts.listen, weak=False)
    yield facts
    for signal in every:
        signal.disconnect(facts.listen)


@pytest.fixture
def cast(db):
    """One person on a track of one module: two lessons, a quiz and a lab; their cohort's manager and
    mentor.
    """
    module = ModuleFactory(key="basics", track__key="frontline")
    lessons = [LessonFactory(module=module), LessonFactory(module=module)]
    quiz = ComponentFactory(module=module, key="check")
    lab = LabFactory(module=module, key="line")
    cohort = CohortFactory(track=module.track)
    enrolment = EnrolmentFactory(cohort=cohort)
    return SimpleNamespace(
        module=module,
        lessons=lessons,
        quiz=quiz,
        lab=lab,
        cohort=cohort,
        enrolment=enrolment,
        learner=enrolment.user,
        manager=cohort.created_by,
        mentor=UserFactory(perms=["assessments.review_labs"]),
        outsider=UserFactory(),
    )
