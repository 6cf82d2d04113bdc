from datetime import timedelta

import pytest

from enablement.access.services import grants
from tests.certificates.factories import meet_gate, put_gate
from tests.tracks.factories import (
    DUE,
    START,
    CohortFactory,
    EnrolmentFactory,
    MentorshipFactory,
    ModuleFactory,
)
from tracks.models import Enrolment


@pytest.fixture
def cohort(db):
    """Wave 1: Amara has met the gate, Ben has not and is late, Chen has not and is in time."""
    cohort = CohortFactory(name="Wave 1", track__title="Front line")
    ModuleFactory(track=cohort.track, title="Automate-vs-Avoid 101")
    ModuleFactory(track=cohort.track, title="Copilot")
    put_gate(cohort.track)
    for name, days in (("Amara Okafor", 0), ("Ben Sørensen", -20), ("Chen Wei", 0)):
        EnrolmentFactory(cohort=cohort, user__name=name, due_on=DUE + timedelta(days=days))
    amara = Enrolment.objects.get(user__name="Amara Okafor")
    MentorshipFactory(enrolment=amara, mentor__name="Mona Mentor")
    meet_gate(amara)
    reevaluate(cohort)
    return cohort


def reevaluate(cohort):
    everyone = list(cohort.enrolments.values_list("user", flat=True))
    grants.reevaluate(user_ids=everyone, cause="test", actor_id=None, at=START)
