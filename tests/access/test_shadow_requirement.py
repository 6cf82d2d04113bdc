"""What the shadow-mode requirement says of one person."""

from decimal import Decimal

import pytest
from django.urls import reverse

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


FIGURES = {"lower": Decimal("0.8"), "kappa": Decimal("0.65"), "critical": 0, "yellow": 12}


@pytest.mark.parametrize(
    ("asked", "changed", "met", "short"),
    [
        ({}, {}, True, ""),
        ({"lower_bound": "0.8"}, {}, True, ""),
        ({"lower_bound": "0.800001"}, {}, False, "lower bound of agreement at least 80.0001 %"),
        ({"kappa": "0.65", "yellow_cases": 12}, {}, True, ""),
        (
            {"kappa": "0.7", "yellow_cases": 13},
            {},
            False,
            "kappa at least 0.7, at least 13 yellow-zone cases",
        ),
        ({"kappa": "0.65"}, {"kappa": None}, False, "kappa at least 0.65"),
        # The gate's own marks are the pool's, whatever a look of an earlier day had to reach.
        ({"lower_bound": "0.75"}, {"lower": Decimal("0.7")}, True, ""),
        # What has not passed by the pool's own marks is not in agreement, however good its figures.
        ({"lower_bound": "0.78"}, {"passed": False}, False, None),
    ],
)
def test_marks_above_the_pools_have_to_be_reached_by_the_latest_look(monkeypatch, asked, changed, met, short):
    enrolment = EnrolmentFactory()
    make_pool(track=enrolment.track)
    figures = {"n": 75, "look_id": 7, "passed": True, "looked_at": AT} | FIGURES | changed
    found = ShadowStanding(drawn=75, waiting_for_judgement=0, next_look_at_n=100, **figures)
    monkeypatch.setattr("assessments.selectors.shadow_standings", lambda **_asked: {enrolment.user_id: found})
    requirement = ShadowMode()
    params = requirement.params(sample_size=50, qa_owner="qa@demo.example", **asked)

    leaf = requirement.evaluate(track=enrolment.track, enrolments=[enrolment], params=params, at=AT)[
        enrolment.pk
    ]

    assert (leaf.met, bool(leaf.proof)) == (met, met)
    if short:
        assert leaf.actual == f"the latest look falls short of: {short}"
        assert leaf.link == reverse("shadow", args=[enrolment.track.shadow_pools.get().pk])
        assert short in leaf.required
    else:
        assert "falls short" not in leaf.actual
