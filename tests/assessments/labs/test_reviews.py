"""The mentor's part: claims, marks, sending back, signing off, and who may not."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction

from assessments import signals
from assessments.models import LabReview, SignOff, Submission
from assessments.services import labs
from assessments.services.labs.claims import CLAIM
from tests.assessments.labs.factories import (
    BELOW_MINIMUM,
    ENOUGH,
    HOUR,
    MONDAY,
    back,
    handed_in,
    lab_of,
    mentored,
    sign,
    text_file,
)
from tests.assessments.racing import at_once
from tests.assessments.recording import heard
from tests.people.factories import UserFactory
from tests.tracks.factories import EnrolmentFactory, MentorshipFactory
from tracks.errors import Refused
from tracks.models import ComponentCompletion, Enrolment, Mentorship, ModuleCompletion

pytestmark = pytest.mark.django_db
RIGHTS = ["assessments.review_labs"]
MARK = {"points": 2, "weight": 1, "level": "Sound", "comment": ""}


def refused_code(step) -> str:
    with pytest.raises(Refused) as refused:
        step()
    return refused.value.code


@pytest.fixture
def pair():
    return mentored()


@pytest.fixture
def submission(pair):
    return handed_in(enrolment=pair[0], files=[text_file()])


@pytest.fixture
def mentor(pair):
    return pair[1]


def second_mentor(submission):
    return MentorshipFactory(enrolment=submission.enrolment, mentor=UserFactory(perms=RIGHTS)).mentor


def test_a_sign_off_completes_the_lab_and_is_announced_once(submission, mentor):
    with heard(signals.lab_signed_off) as facts:
        signed = sign(submission, mentor)
        again = sign(submission, mentor, at=MONDAY + 2 * HOUR)

    assert signed == again == SignOff.objects.get()
    assert (signed.learner, signed.signer, signed.signed_at) == (
        submission.enrolment.user,
        mentor,
        MONDAY + HOUR,
    )
    assert signed.evidence_hash == submission.content_hash
    assert Submission.objects.get().state == "signed_off"
    review = LabReview.objects.get()
    assert (review.verdict, review.points) == ("sign_off", 4)
    assert review.marks == [
        MARK | {"key": "classification", "title": "Classification", "max_points": 3},
        MARK | {"key": "reasons", "title": "Reasons", "max_points": 2},
    ]
    assert ComponentCompletion.objects.get(withdrawn_at=None).achieved_at == MONDAY + HOUR
    assert ModuleCompletion.objects.filter(withdrawn_at=None).count() == 1
    (fact,) = facts
    assert (fact.kind, fact.subject) == (
        "assessments.lab_signed_off",
        ("assessments.SignOff", str(signed.pk)),
    )
    assert (fact.actor_id, fact.learner_id) == (mentor.pk, submission.enrolment.user_id)
    assert fact.payload["points"] == 4


@pytest.mark.parametrize("step", [sign, back, lambda s, m: labs.claim(submission=s, actor=m, at=MONDAY)])
def test_only_a_current_mentor_reviews(submission, mentor, step):
    stranger = UserFactory(perms=RIGHTS)
    former = second_mentor(submission)
    Mentorship.objects.filter(mentor=former).update(ended_at=MONDAY)

    assert refused_code(lambda: step(submission, stranger)) == "not_mentor"
    assert refused_code(lambda: step(submission, former)) == "not_mentor"
    assert refused_code(lambda: step(submission, submission.enrolment.user)) == "own_work"
    assert step(submission, mentor)


def test_two_people_do_not_sign_each_others_labs():
    ann, bob = UserFactory(perms=RIGHTS), UserFactory(perms=RIGHTS)
    of_ann = EnrolmentFactory(user=ann)
    of_bob = EnrolmentFactory(user=bob, cohort=of_ann.cohort)
    MentorshipFactory(enrolment=of_ann, mentor=bob)
    MentorshipFactory(enrolment=of_bob, mentor=ann)
    lab = lab_of(of_ann)
    first = sign(handed_in(enrolment=of_ann, lab=lab), bob)
    second = handed_in(enrolment=of_bob, lab=lab)

    assert refused_code(lambda: sign(second, ann)) == "reciprocal"

    labs.withdraw_sign_off(sign_off=first, reason="Not enough.", actor=bob, at=MONDAY + HOUR)
    assert sign(second, ann).stands


def test_nor_on_different_tracks():
    ann, bob = UserFactory(perms=RIGHTS), UserFactory(perms=RIGHTS)
    of_ann, of_bob = EnrolmentFactory(user=ann), EnrolmentFactory(user=bob)
    MentorshipFactory(enrolment=of_ann, mentor=bob)
    MentorshipFactory(enrolment=of_bob, mentor=ann)

    sign(handed_in(enrolment=of_ann), bob)
    assert refused_code(lambda: sign(handed_in(enrolment=of_bob), ann)) == "reciprocal"


@pytest.mark.parametrize(
    ("marks", "why"),
    [
        (BELOW_MINIMUM, "“Classification” has 0 points and needs 2. The total is 2 points and has to be 4."),
        ({"classification": 3, "reasons": 0}, "The total is 3 points and has to be 4."),
    ],
)
def test_below_the_mark_it_can_only_be_sent_back(submission, mentor, marks, why):
    with pytest.raises(Refused) as refused:
        sign(submission, mentor, marks=marks)
    assert refused.value.code == "below_pass"
    assert refused.value.message.endswith(why)
    assert not SignOff.objects.exists()

    assert back(submission, mentor, marks=marks).points == sum(marks.values())


def test_a_minimum_holds_whatever_the_total(pair, mentor):
    lab = lab_of(pair[0], pass_points=2)
    submission = handed_in(enrolment=pair[0], lab=lab)

    assert refused_code(lambda: sign(submission, mentor, marks=BELOW_MINIMUM)) == "below_pass"
    assert sign(submission, mentor, marks={"classification": 2, "reasons": 0}).review.points == 2


@pytest.mark.parametrize(
    ("marks", "messages"),
    [
        ({"classification": 2}, {"reasons": ["Choose a level."]}),
        ({"classification": 1, "reasons": 2}, {"classification": ["This level is not part of the rubric."]}),
    ],
)
def test_every_criterion_is_marked_with_a_level_of_the_rubric(submission, mentor, marks, messages):
    with pytest.raises(ValidationError) as refused:
        sign(submission, mentor, marks=marks)
    assert refused.value.message_dict == messages


def test_a_criterion_that_the_rubric_does_not_have_is_refused(submission, mentor):
    with pytest.raises(ValidationError, match="The rubric has changed"):
        sign(submission, mentor, marks={**ENOUGH, "style": 1})


def test_a_page_about_other_evidence_signs_nothing(submission, mentor):
    assert refused_code(lambda: sign(submission, mentor, evidence_hash="0" * 64)) == "evidence_changed"
    assert refused_code(lambda: back(submission, mentor, evidence_hash="")) == "evidence_changed"
    assert not LabReview.objects.exists()


def test_a_stored_file_that_changed_or_vanished_is_not_signed(submission, mentor):
    stored = submission.files.get().file.name
    with default_storage.open(stored, "wb") as file:
        file.write(b"Eleven lines.")
    assert refused_code(lambda: sign(submission, mentor)) == "evidence_changed"

    default_storage.delete(stored)
    assert refused_code(lambda: sign(submission, mentor)) == "evidence_changed"
    assert back(submission, mentor).verdict == "send_back"


def test_sending_back_says_why_and_happens_once(submission, mentor):
    with pytest.raises(ValidationError, match="Say what has to change"):
        back(submission, mentor, comment="  ")

    with heard(signals.lab_sent_back) as facts:
        first = back(submission, mentor)
        again = back(submission, mentor)
    assert first == again == LabReview.objects.get()
    assert [fact.kind for fact in facts] == ["assessments.lab_sent_back"]
    assert Submission.objects.get(round=1).state == "sent_back"
    assert refused_code(lambda: sign(submission, mentor)) == "reviewed"


def test_a_claim_keeps_others_off_for_eight_hours(submission, mentor):
    other = second_mentor(submission)
    claimed = labs.claim(submission=submission, actor=mentor, at=MONDAY)

    assert (claimed.claimed_by, claimed.claimed_until) == (mentor, MONDAY + timedelta(hours=8))
    before, lapsed = MONDAY + CLAIM - timedelta(seconds=1), MONDAY + CLAIM
    for step in (
        lambda at: labs.claim(submission=submission, actor=other, at=at),
        lambda at: sign(submission, other, at=at),
        lambda at: back(submission, other, at=at),
    ):
        assert refused_code(lambda: step(before)) == "claimed"  # noqa: B023 - called at once
    assert labs.claim(submission=submission, actor=other, at=lapsed).claimed_by == other


def test_a_claim_is_given_back_by_its_holder_alone(submission, mentor):
    other = second_mentor(submission)
    labs.claim(submission=submission, actor=mentor, at=MONDAY)

    assert not labs.release(submission=submission, actor=other, at=MONDAY)
    assert labs.release(submission=submission, actor=mentor, at=MONDAY)
    assert not labs.release(submission=submission, actor=mentor, at=MONDAY)
    assert labs.claim(submission=submission, actor=other, at=MONDAY).claimed_by == other


def test_a_decided_round_has_no_claim(submission, mentor):
    labs.claim(submission=submission, actor=mentor, at=MONDAY)
    sign(submission, mentor)

    stored = Submission.objects.get()
    assert (stored.claimed_by, stored.claimed_until) == (None, None)
    assert (
        refused_code(lambda: labs.claim(submission=submission, actor=mentor, at=MONDAY)) == "already_signed"
    )


def test_nobody_is_signed_off_after_leaving_the_track(submission, mentor):
    Enrolment.objects.update(state="withdrawn", withdrawn_at=MONDAY)

    assert refused_code(lambda: sign(submission, mentor)) == "enrolment_withdrawn"


def test_a_second_mentor_finds_it_signed(submission, mentor):
    other = second_mentor(submission)
    sign(submission, mentor)

    assert refused_code(lambda: sign(submission, other)) == "already_signed"
    assert refused_code(lambda: back(submission, other)) == "already_signed"


def test_the_database_refuses_a_sign_off_of_ones_own_work(submission, mentor):
    signed = sign(submission, mentor)

    with pytest.raises(IntegrityError, match="sign_off_signer_is_not_learner"), transaction.atomic():
        SignOff.objects.filter(pk=signed.pk).update(signer=signed.learner)


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ({"withdrawn_at": MONDAY}, "sign_off_withdrawn_by_whom_and_why"),
        ({"evidence_hash": ""}, "sign_off_is_bound_to_evidence"),
    ],
)
def test_the_database_refuses_a_broken_sign_off(submission, mentor, change, constraint):
    signed = sign(submission, mentor)

    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        SignOff.objects.filter(pk=signed.pk).update(**change)


@pytest.mark.django_db(transaction=True)
def test_two_mentors_signing_at_once_make_one_sign_off():
    enrolment, mentor = mentored()
    submission = handed_in(enrolment=enrolment)
    mentors = [mentor, second_mentor(submission)]
    outcomes = at_once(*[lambda m=m: sign(submission, m) for m in mentors])

    assert sorted(outcomes) == ["already_signed", "done"]
    assert SignOff.objects.count() == LabReview.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("one_track", [True, False])
def test_two_people_signing_for_each_other_at_once_make_one_sign_off(one_track):
    ann, bob = UserFactory(perms=RIGHTS), UserFactory(perms=RIGHTS)
    of_ann = EnrolmentFactory(user=ann)
    of_bob = EnrolmentFactory(user=bob, **({"cohort": of_ann.cohort} if one_track else {}))
    MentorshipFactory(enrolment=of_ann, mentor=bob)
    MentorshipFactory(enrolment=of_bob, mentor=ann)
    from_ann, from_bob = handed_in(enrolment=of_ann), handed_in(enrolment=of_bob)

    outcomes = at_once(lambda: sign(from_ann, bob), lambda: sign(from_bob, ann))

    assert sorted(outcomes) == ["done", "reciprocal"]
    assert SignOff.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_double_click_makes_one_sign_off():
    enrolment, mentor = mentored()
    submission = handed_in(enrolment=enrolment)

    assert at_once(*[lambda: sign(submission, mentor)] * 2) == ["done", "done"]
    assert SignOff.objects.count() == 1
