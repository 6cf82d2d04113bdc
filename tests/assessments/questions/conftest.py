"""What tests of question banks share: a quiz with its bank, an author, a learner, and the facts announced."""

from types import SimpleNamespace

import pytest

from assessments import signals
from tests.assessments.questions.factories import decision, matching, ordering, short_text
from tests.assessments.quizzes.factories import make_quiz, numeric, single, true_false
from tests.people.factories import UserFactory
from tests.standing import lay_down
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
def studio(db):
    """A quiz that asks one question of each of six kinds; a decision may be put in reserve."""
    return lay_down("studio", _build)


def _build():
    module = ModuleFactory(key="basics", track__key="frontline")
    kinds = (single(), true_false(), numeric(), short_text(), matching(), ordering())
    quiz = make_quiz(module=module, questions=kinds)
    enrolment = EnrolmentFactory(cohort=CohortFactory(track=module.track))
    return SimpleNamespace(
        quiz=quiz,
        bank=quiz.bank,
        module=module,
        learner=enrolment.user,
        author=UserFactory(perms=["assessments.author_questions"]),
        outsider=EnrolmentFactory().user,
        spare=decision(tags=("reserve",)),
    )


@pytest.fixture(autouse=True)
def _own_files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
