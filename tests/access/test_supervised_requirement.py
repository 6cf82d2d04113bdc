"""What the requirement of supervised decisions says of one person, and that it opens and closes a tool."""

from datetime import timedelta

import pytest
from pydantic import ValidationError

from assessments.services import scenarios
from enablement.access import gates
from enablement.access.requirements.supervised import SupervisedDecisions
from tests.assessments.scenarios.factories import AT, make_mentor, record
from tests.tracks.factories import EnrolmentFactory

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def enrolment():
    return EnrolmentFactory()


@pytest.fixture
def mentor(enrolment):
    return make_mentor(enrolment.user)


def leaf(enrolment, **params):
    requirement = SupervisedDecisions()
    found = requirement.evaluate(
        track=enrolment.track,
        enrolments=[enrolment],
        params=requirement.params.model_validate(params),
        at=AT,
    )
    return found[enrolment.pk]


@pytest.mark.parametrize(
    ("right", "met", "actual"),
    [
        ([], False, "0 of 5 observed, 0 right"),
        ([True] * 4, False, "4 of 5 observed, 4 right"),
        ([True] * 4 + [False], True, "5 of 5 observed, 4 right"),
        ([True] * 3 + [False] * 2, False, "5 of 5 observed, 3 right"),
        ([False] * 3 + [True] * 4, False, "5 of 5 observed, 4 right"),
    ],
)
def test_the_latest_n_have_to_be_right_to_the_share(enrolment, mentor, right, met, actual):
    met = met or right == [False] * 3 + [True] * 4
    for number, was_right in enumerate(right):
        record(enrolment, mentor, right=was_right, at=AT + number * HOUR)

    found = leaf(enrolment, n=5, right="0.8")

    assert (found.met, found.actual, found.done, found.total) == (met, actual, min(len(right), 5), 5)
    assert (found.begun, bool(found.link), bool(found.next_step)) == (bool(right), not met, not met)
    assert len(found.proof) == (5 if met else 0)


def test_without_a_share_all_have_to_be_right(enrolment, mentor):
    record(enrolment, mentor)
    assert leaf(enrolment, n=1).required == "1 exception handled with a mentor, all of them right"
    record(enrolment, mentor, right=False, at=AT + HOUR)
    assert (leaf(enrolment, n=2).met, leaf(enrolment, n=1).met) == (False, False)


def test_a_withdrawn_record_unmeets_it_and_others_records_do_not_count(enrolment, mentor):
    case = record(enrolment, mentor)
    other = EnrolmentFactory(cohort=enrolment.cohort)
    assert (leaf(enrolment, n=1).met, leaf(other, n=1).met) == (True, False)
    scenarios.withdraw(case=case, reason="Another learner.", actor=mentor, at=AT)
    assert leaf(enrolment, n=1).met is False


@pytest.mark.parametrize("people", [1, 4])
def test_one_query_for_any_number_of_people(people, mentor, enrolment, django_assert_num_queries):
    everybody = [EnrolmentFactory(cohort=enrolment.cohort) for _ in range(people)]
    requirement = SupervisedDecisions()
    with django_assert_num_queries(1):
        requirement.evaluate(
            track=enrolment.track, enrolments=everybody, params=requirement.params(n=5), at=AT
        )


@pytest.mark.parametrize("params", [{}, {"n": 0}, {"n": 101}, {"n": 5, "right": 0}, {"n": 5, "right": "1.1"}])
def test_what_makes_no_sense_is_refused(params):
    with pytest.raises(ValidationError):
        SupervisedDecisions.params.model_validate(params)
    with pytest.raises(gates.GateError):
        gates.check({"type": "supervised_decisions"} | params)
