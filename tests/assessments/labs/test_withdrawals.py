"""How sign-offs end: withdrawn with a reason, or void because the evidence changed; they are kept."""

import pytest
from django.core.exceptions import ValidationError

from assessments import signals
from assessments.models import SignOff, Submission
from assessments.services import labs
from tests.assessments.labs.factories import HOUR, MONDAY, handed_in, mentored, sign
from tests.assessments.recording import heard
from tests.people.factories import UserFactory
from tests.tracks.factories import CohortFactory, MentorshipFactory
from tracks.errors import Refused
from tracks.models import ComponentCompletion, Mentorship, ModuleCompletion

pytestmark = pytest.mark.django_db
LATER = MONDAY + 2 * HOUR


@pytest.fixture
def signed():
    enrolment, mentor = mentored()
    return sign(handed_in(enrolment=enrolment), mentor)


def withdraw(sign_off, actor, reason="The evidence is not theirs."):
    return labs.withdraw_sign_off(sign_off=sign_off, reason=reason, actor=actor, at=LATER)


def revised(sign_off, text):
    learner = sign_off.learner
    labs.revise(enrolment=sign_off.enrolment, lab=sign_off.lab, actor=learner, at=LATER)
    draft = labs.save_draft(
        enrolment=sign_off.enrolment, lab=sign_off.lab, text=text, actor=learner, at=LATER
    )
    return labs.hand_in(submission=draft, actor=learner, at=LATER)


def test_a_withdrawn_sign_off_is_kept_and_takes_the_lab_and_module_back(signed):
    with heard(signals.sign_off_withdrawn) as facts:
        withdraw(signed, signed.signer)
        withdraw(signed, signed.signer, "Again.")

    kept = SignOff.objects.get()
    assert (kept.withdrawn_at, kept.withdrawn_by, kept.withdrawn_reason, kept.stands) == (
        LATER,
        signed.signer,
        "The evidence is not theirs.",
        False,
    )
    assert not ComponentCompletion.objects.current().exists()
    assert ModuleCompletion.objects.get().withdrawn_reason == "The evidence is not theirs."
    assert list(Submission.objects.order_by("round").values_list("round", "state")) == [
        (1, "sent_back"),
        (2, "draft"),
    ]
    assert [(fact.kind, fact.actor_id, fact.learner_id) for fact in facts] == [
        ("assessments.sign_off_withdrawn", signed.signer_id, signed.learner_id)
    ]


def test_a_reason_is_needed(signed):
    with pytest.raises(ValidationError, match="Say why"):
        withdraw(signed, signed.signer, " ")
    assert SignOff.objects.get().stands


def test_the_signer_another_mentor_and_who_runs_the_cohort_may_withdraw(signed):
    another = MentorshipFactory(enrolment=signed.enrolment).mentor
    runner = signed.enrolment.cohort.created_by
    Mentorship.objects.filter(mentor=signed.signer).update(ended_at=MONDAY)

    for actor in (signed.signer, another, runner):
        assert not withdraw(signed, actor).stands
        SignOff.objects.update(withdrawn_at=None, withdrawn_by=None, withdrawn_reason="")


def test_nobody_else_may(signed):
    former = MentorshipFactory(enrolment=signed.enrolment, ended_at=MONDAY).mentor
    runner_elsewhere = CohortFactory().created_by

    for actor in (signed.learner, UserFactory(), former, runner_elsewhere):
        with pytest.raises(Refused) as refused:
            withdraw(signed, actor)
        assert refused.value.code == "may_not_withdraw"
    assert SignOff.objects.get().stands


def test_after_a_withdrawal_the_next_round_can_be_signed(signed):
    withdraw(signed, signed.signer)
    draft = Submission.objects.get(round=2)
    labs.hand_in(submission=draft, actor=signed.learner, at=LATER)
    draft.refresh_from_db()

    again = sign(draft, signed.signer, at=LATER)
    assert list(SignOff.objects.standing()) == [again]
    assert ModuleCompletion.objects.current().count() == 1


def test_changed_evidence_voids_the_sign_off_and_waits_for_a_new_one(signed):
    with heard(signals.sign_off_voided) as facts:
        second = revised(signed, "Eleven lines drawn.")

    kept = SignOff.objects.get()
    assert (kept.voided_at, kept.withdrawn_at, kept.stands) == (LATER, None, False)
    assert not ModuleCompletion.objects.current().exists()
    assert [fact.kind for fact in facts] == ["assessments.sign_off_voided"]
    assert second.state == "submitted"
    assert Submission.objects.count() == 2
    with pytest.raises(Refused) as refused:
        withdraw(signed, signed.signer)
    assert refused.value.code == "voided"


def test_the_same_evidence_again_is_not_handed_in(signed):
    with pytest.raises(Refused) as refused:
        revised(signed, signed.submission.text)

    assert refused.value.code == "unchanged"
    assert SignOff.objects.get().stands
    assert Submission.objects.get(round=2).state == "draft"


def test_a_draft_alone_leaves_the_sign_off_standing(signed):
    labs.revise(enrolment=signed.enrolment, lab=signed.lab, actor=signed.learner, at=LATER)

    assert SignOff.objects.get().stands
    assert withdraw(signed, signed.signer).withdrawn_at == LATER
    assert Submission.objects.count() == 2


def test_a_void_sign_off_stays_as_it_ended(signed):
    withdraw(signed, signed.signer)

    kept = labs.void(sign_off=signed, actor=None, at=LATER)
    assert (kept.withdrawn_at, kept.voided_at) == (LATER, None)
