import pytest

from surveys import services
from tests.surveys.factories import SPEC
from tests.tracks.factories import START, EnrolmentFactory


@pytest.fixture
def enrolment(db):
    return EnrolmentFactory()


@pytest.fixture
def survey(enrolment):
    survey, _changed = services.put_survey(track=enrolment.track, spec=SPEC, at=START)
    return survey
