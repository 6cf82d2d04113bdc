"""What the shadow-mode requirement says of one person."""

import pytest

from assessments.selectors.shadow import ShadowStanding
from enablement.access.requirements.shadow import ShadowMode
from tests.assessments.shadow.factories import AT, make_pool
from tests.tracks.factories import EnrolmentFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("standing", "actual"),
    [
        ({"n": 12}, "12 of 50 judged"),
        ({"n": 50}, "50 of 50 judged"),
        ({"n": 50, "look_id": 1}, "50 judged, not yet in agreement"),
        ({"n": 50, "look_id": 1, "passed": True}, "50 of 50 judged"),
    ],
)
def test_enough_cases_without_agreement_say_so(monkeypatch, standing, actual):
    enrolment = EnrolmentFactory()
    make_pool(track=enrolment.track)
    found = ShadowStanding(drawn=50, waiting_for_judgement=0, next_look_at_n=75, **standing)
    monkeypatch.setattr("assessments.selectors.shadow_standings", lambda **_asked: {enrolment.user_id: found})
    requirement = ShadowMode()
    params = requirement.params(sample_size=50, qa_owner="qa@demo.example")

    leaves = requirement.evaluate(track=enrolment.track, enrolments=[enrolment], params=params, at=AT)

    assert leaves[enrolment.pk].actual == actual
