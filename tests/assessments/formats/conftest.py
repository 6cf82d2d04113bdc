"""A track with an empty bank, one whose quiz draws by tag, an author, another one, and a learner."""

from types import SimpleNamespace

import pytest

from assessments import signals
from assessments.models import QuestionBank
from tests.assessments.quizzes.factories import make_quiz
from tests.people.factories import UserFactory
from tests.tracks.factories import CohortFactory, EnrolmentFactory, ModuleFactory


@pytest.fixture
def facts():
    heard = []

    def listen(sender, facts, **kwargs):
        heard.extend(facts)

    signals.question_changed.connect(listen, weak=False)
    yield heard
    signals.question_changed.disconnect(listen)


@pytest.fixture
def desk(db, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    module = ModuleFactory(key="basics", track__key="frontline")
    return SimpleNamespace(
        track=module.track,
        module=module,
        bank=QuestionBank.objects.create(track=module.track, key="handover"),
        quiz=make_quiz(module=module),
        author=UserFactory(perms=["assessments.author_questions"]),
        other=UserFactory(perms=["assessments.author_questions"]),
        learner=EnrolmentFactory(cohort=CohortFactory(track=module.track)).user,
    )
