"""Who stands in for a mentor, until when; and claims of people who may not review any more."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from assessments.rings import rings
from assessments.services import labs
from tests.assessments.labs.factories import HOUR, MONDAY, handed_in, mentored, sign
from tests.assessments.recording import heard
from tests.people.factories import UserFactory
from tests.tracks.factories import EnrolmentFactory, MentorshipFactory
from tracks import signals
from tracks.errors import Refused
from tracks.models import Delegation, Mentorship
from tracks.services import delegations

pytestmark = pytest.mark.django_db
RIGHTS = ["assessments.review_labs"]
TODAY = MONDAY.date()


def code(step) -> str:
    with pytest.raises(Refused) as refused:
        step()
    return refused.value.code


def delegate_to(delegate, *, by, first=TODAY, last=TODAY, at=MONDAY):
    return delegations.name_delegate(delegate=delegate, first_day=first, last_day=last, actor=by, at=at)


@pytest.fixture
def pair():
    return mentored()


@pytest.fixture
def stand_in():
    return UserFactory(perms=RIGHTS)


def test_a_delegate_signs_in_the_mentors_place_until_the_end_of_the_last_day(pair, stand_in):
    enrolment, mentor = pair
    submission = handed_in(enrolment=enrolment)
    assert code(lambda: sign(submission, stand_in)) == "not_mentor"
    delegate_to(stand_in, by=mentor)
    midnight = datetime(2026, 11, 3, tzinfo=UTC)
    assert code(lambda: sign(submission, stand_in, at=midnight)) == "not_mentor"

    signed = sign(submission, stand_in, at=midnight - timedelta(seconds=1))
    assert (signed.signer, signed.on_behalf_of) == (stand_in, mentor)


def test_the_days_are_those_of_the_mentors_zone(pair, stand_in):
    pair[1].timezone = "America/New_York"
    pair[1].save()
    held = delegate_to(stand_in, by=pair[1], first=TODAY + timedelta(days=1), last=TODAY + timedelta(days=1))

    assert held.starts_at == datetime(2026, 11, 3, 5, tzinfo=UTC)
    assert held.ends_at == datetime(2026, 11, 4, 5, tzinfo=UTC)


def test_the_mentor_signs_as_before_and_in_their_own_name(pair, stand_in):
    delegate_to(stand_in, by=pair[1])

    assert sign(handed_in(enrolment=pair[0]), pair[1]).on_behalf_of is None


def test_it_passes_nothing_on(pair, stand_in):
    further = UserFactory(perms=RIGHTS)
    delegate_to(stand_in, by=pair[1])
    delegate_to(further, by=stand_in)

    assert code(lambda: sign(handed_in(enrolment=pair[0]), further)) == "not_mentor"


def test_a_learner_who_stands_in_does_not_sign_their_own_work(pair):
    learner = UserFactory(perms=RIGHTS)
    of_learner = EnrolmentFactory(user=learner, cohort=pair[0].cohort)
    MentorshipFactory(enrolment=of_learner, mentor=pair[1])
    delegate_to(learner, by=pair[1])

    assert code(lambda: sign(handed_in(enrolment=of_learner), learner)) == "own_work"
    assert sign(handed_in(enrolment=pair[0]), learner).signer == learner


def test_with_the_mentorship_the_delegates_right_ends(pair, stand_in):
    delegate_to(stand_in, by=pair[1])
    Mentorship.objects.update(ended_at=MONDAY)

    assert code(lambda: sign(handed_in(enrolment=pair[0]), stand_in)) == "not_mentor"


def test_another_one_replaces_the_first_and_the_same_is_no_change(pair, stand_in):
    other = UserFactory(perms=RIGHTS)
    with heard(signals.delegation_changed) as facts:
        first = delegate_to(stand_in, by=pair[1])
        assert delegate_to(stand_in, by=pair[1], at=MONDAY + HOUR) == first
        second = delegate_to(other, by=pair[1], at=MONDAY + HOUR)
    first.refresh_from_db()
    assert (first.ended_at, second.ended_at) == (MONDAY + HOUR, None)
    assert [fact.kind for fact in facts] == [
        "tracks.delegate_named",
        "tracks.delegate_ended",
        "tracks.delegate_named",
    ]


def test_it_is_ended_by_the_mentor_alone_and_once(pair, stand_in):
    held = delegate_to(stand_in, by=pair[1])
    end = {"delegation": held, "at": MONDAY + HOUR}

    assert code(lambda: delegations.end_delegation(actor=stand_in, **end)) == "not_yours"
    assert delegations.end_delegation(actor=pair[1], **end)
    assert not delegations.end_delegation(actor=pair[1], **end)
    assert code(lambda: sign(handed_in(enrolment=pair[0]), stand_in, at=MONDAY + 2 * HOUR)) == "not_mentor"


def test_who_may_not_review_stands_in_for_nobody(pair):
    gone = UserFactory(perms=RIGHTS, is_active=False)
    assert code(lambda: delegate_to(UserFactory(), by=pair[1])) == "not_a_mentor"
    assert code(lambda: delegate_to(gone, by=pair[1])) == "person_left"
    assert code(lambda: delegate_to(pair[1], by=pair[1])) == "own_delegate"


@pytest.mark.parametrize(
    ("first", "last", "field"),
    [
        (date(2026, 11, 1), TODAY, "first_day"),
        (TODAY, date(2026, 11, 1), "last_day"),
        (TODAY, TODAY + timedelta(days=90), "last_day"),
    ],
)
def test_days_in_the_past_and_very_long_leave_are_refused(pair, stand_in, first, last, field):
    with pytest.raises(ValidationError) as refused:
        delegate_to(stand_in, by=pair[1], first=first, last=last)
    assert list(refused.value.message_dict) == [field]
    assert delegate_to(stand_in, by=pair[1], last=TODAY + timedelta(days=89))


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        (lambda d: {"delegate": d.mentor}, "delegation_is_to_another"),
        (lambda d: {"ends_at": d.starts_at}, "delegation_ends_after_start"),
    ],
)
def test_the_database_refuses_a_broken_delegation(pair, stand_in, change, constraint):
    held = delegate_to(stand_in, by=pair[1])
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Delegation.objects.filter(pk=held.pk).update(**change(held))


def test_a_claim_ends_with_the_right_to_review(pair, stand_in):
    enrolment, mentor = pair
    other = MentorshipFactory(enrolment=enrolment, mentor=UserFactory(perms=RIGHTS)).mentor
    submission = handed_in(enrolment=enrolment)
    delegate_to(stand_in, by=mentor)
    labs.claim(submission=submission, actor=stand_in, at=MONDAY)
    assert code(lambda: labs.claim(submission=submission, actor=other, at=MONDAY)) == "claimed"

    Mentorship.objects.filter(mentor=mentor).update(ended_at=MONDAY)
    assert labs.claim(submission=submission, actor=other, at=MONDAY).claimed_by == other


@pytest.mark.parametrize(
    ("edges", "found"),
    [
        ([], []),
        (["ab", "bc", "ac"], []),
        (["ab", "bc", "ca"], ["abc"]),
        (["ab", "bc", "cd", "da", "ca"], ["abc"]),
        (["ab", "ba", "cd", "de", "ec", "bc"], ["ab", "cde"]),
        (["xa", "ab", "bc", "ca", "cx"], ["abc"]),
    ],
)
def test_rings_are_found_once_and_short(edges, found):
    assert ["".join(ring) for ring in rings([(edge[0], edge[1]) for edge in edges])] == found


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)).filter(lambda e: e[0] != e[1]), max_size=16))
def test_there_is_a_ring_exactly_where_somebody_signs_back_to_themselves(edges):
    reach = dict.fromkeys(edges, True)
    for middle in range(7):
        for one in range(7):
            for other in range(7):
                if reach.get((one, middle)) and reach.get((middle, other)):
                    reach[one, other] = True
    found = rings(edges)

    assert bool(found) == any(reach.get((each, each)) for each in range(7))
    for ring in found:
        assert set(zip(ring, [*ring[1:], ring[0]], strict=True)) <= set(edges)
        assert len(set(ring)) == len(ring) >= 2
