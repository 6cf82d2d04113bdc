"""Labs that are marked twice, and labs that are signed twice."""

import pytest
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction

from assessments import signals
from assessments.models import LabMark, SignOff
from assessments.selectors import signed_off_labs
from assessments.services import labs
from tests.assessments.labs.factories import (
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
from tracks.models import ComponentCompletion, Mentorship

pytestmark = pytest.mark.django_db
RIGHTS = ["assessments.review_labs"]


def code(step) -> str:
    with pytest.raises(Refused) as refused:
        step()
    return refused.value.code


def colleague(enrolment):
    """Somebody who mentors another person on the same track."""
    other = EnrolmentFactory(cohort=enrolment.cohort)
    return MentorshipFactory(enrolment=other, mentor=UserFactory(perms=RIGHTS)).mentor


def mark(submission, marker, *, classification=2, reasons=2, **changes):
    arguments = {
        "marks": {"classification": classification, "reasons": reasons},
        "comment": f"By {marker}",
        "evidence_hash": submission.content_hash,
        "actor": marker,
        "at": MONDAY + HOUR,
    }
    return labs.mark(submission=submission, **(arguments | changes))


class TestMarkedTwice:
    @pytest.fixture
    def pair(self):
        return mentored()

    @pytest.fixture
    def submission(self, pair):
        return handed_in(enrolment=pair[0], lab=lab_of(pair[0], second_marker=True, tolerance=1))

    def test_nothing_is_signed_before_both_have_marked(self, pair, submission):
        mentor, second = pair[1], colleague(pair[0])
        assert code(lambda: sign(submission, mentor)) == "marks_open"
        mark(submission, mentor)
        assert code(lambda: sign(submission, mentor)) == "marks_open"
        mark(submission, second)

        assert sign(submission, mentor).review.points == 4
        assert signed_off_labs(enrolment_ids=[pair[0].pk]) == {
            pair[0].pk: {submission.lab_id: SignOff.objects.get().pk}
        }

    def test_within_the_tolerance_the_mean_counts_to_the_half_point(self, pair, submission):
        mark(submission, pair[1], classification=3, comments={"classification": "Clear."})
        mark(submission, colleague(pair[0]), classification=2, comments={"classification": "Fine."})

        review = sign(submission, pair[1], marks={}).review
        assert str(review.points) == "4.5"
        assert review.marks[0] == {
            "key": "classification",
            "title": "Classification",
            "points": "2.5",
            "max_points": 3,
            "weight": 1,
            "level": "Strong / Sound",
            "comment": "Clear.\nFine.",
        }

    def test_or_the_firsts_marks_where_the_lab_says_so(self, pair):
        lab = lab_of(pair[0], second_marker=True, tolerance=1, settle="first")
        submission = handed_in(enrolment=pair[0], lab=lab)
        mark(submission, pair[1], classification=3)
        mark(submission, colleague(pair[0]), classification=2)

        assert sign(submission, pair[1]).review.points == 5

    def test_beyond_it_a_third_person_settles(self, pair, submission):
        mentor, second, third = pair[1], colleague(pair[0]), colleague(pair[0])
        mark(submission, mentor, classification=3)
        mark(submission, second, classification=0)
        assert code(lambda: sign(submission, mentor)) == "marks_open"
        mark(submission, third, classification=2)

        assert sign(submission, mentor).review.points == 4
        assert [(each.part, each.marker, each.points) for each in LabMark.objects.all()] == [
            (1, mentor, 5),
            (2, second, 2),
            (3, third, 4),
        ]
        assert code(lambda: mark(submission, colleague(pair[0]))) == "settled"

    def test_settled_below_the_mark_can_only_be_sent_back(self, pair, submission):
        mark(submission, pair[1], classification=0)
        mark(submission, colleague(pair[0]), classification=0)
        assert code(lambda: sign(submission, pair[1], marks={"classification": 3})) == "below_pass"

        assert back(submission, pair[1]).points == 2

    def test_the_first_mark_is_a_mentors_the_others_are_colleagues(self, pair, submission):
        second, stranger = colleague(pair[0]), MentorshipFactory(mentor=UserFactory(perms=RIGHTS)).mentor
        learner = submission.enrolment.user
        assert code(lambda: mark(submission, second)) == "not_mentor"
        assert code(lambda: mark(submission, learner)) == "own_work"
        first = mark(submission, pair[1])
        assert mark(submission, pair[1], classification=3) == first
        assert code(lambda: mark(submission, stranger)) == "not_colleague"
        assert code(lambda: mark(submission, learner)) == "own_work"
        assert mark(submission, second).part == 2
        assert code(lambda: sign(submission, second)) == "not_mentor"

    def test_marks_are_announced_without_what_they_are_about_to_whom(self, pair, submission):
        with heard(signals.lab_marked) as facts:
            mark(submission, pair[1])
            mark(submission, colleague(pair[0]))
        assert [(f.payload["part"], f.payload["points"], f.payload["settled"]) for f in facts] == [
            (1, 4, False),
            (2, 4, True),
        ]

    def test_a_lab_with_one_marker_takes_no_second_marks(self, pair):
        assert code(lambda: mark(handed_in(enrolment=pair[0]), pair[1])) == "marked_once"

    def test_weights_count_in_marks_and_in_the_pass_mark(self, pair):
        lab = lab_of(pair[0], pass_points=9)
        lab.rubric = [lab.rubric[0] | {"weight": 3}, lab.rubric[1]]
        lab.save()
        submission = handed_in(enrolment=pair[0], lab=lab)

        assert lab.max_points == 11
        assert code(lambda: sign(submission, pair[1])) == "below_pass"
        assert sign(submission, pair[1], marks={"classification": 3, "reasons": 0}).review.points == 9

    @pytest.mark.django_db(transaction=True)
    def test_two_second_markers_at_once_make_one_second_mark(self):
        enrolment, mentor = mentored()
        submission = handed_in(enrolment=enrolment, lab=lab_of(enrolment, second_marker=True))
        mark(submission, mentor)
        others = [colleague(enrolment), colleague(enrolment)]

        assert sorted(at_once(*[lambda m=m: mark(submission, m) for m in others])) == ["done", "settled"]
        assert LabMark.objects.count() == 2

    @pytest.mark.parametrize(
        ("change", "constraint"),
        [
            (lambda mark: {"marker": mark.learner}, "lab_mark_marker_is_not_learner"),
            (lambda mark: {"part": 4}, "lab_mark_one_of_three"),
        ],
    )
    def test_the_database_refuses_marks_of_ones_own(self, pair, submission, change, constraint):
        given = mark(submission, pair[1])
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            LabMark.objects.filter(pk=given.pk).update(**change(given))


class TestCountersigned:
    @pytest.fixture
    def pair(self):
        return mentored()

    @pytest.fixture
    def signed(self, pair):
        lab = lab_of(pair[0], countersigned=True)
        return sign(handed_in(enrolment=pair[0], lab=lab, files=[text_file()]), pair[1])

    def countersign(self, signed, actor, **changes):
        arguments = {"evidence_hash": signed.evidence_hash, "actor": actor, "at": MONDAY + 2 * HOUR}
        return labs.countersign(sign_off=signed, **(arguments | changes))

    def test_one_signature_is_no_proof(self, pair, signed):
        assert signed.pending
        assert signed_off_labs(enrolment_ids=[pair[0].pk]) == {}
        assert not ComponentCompletion.objects.exists()

        second = colleague(pair[0])
        with heard(signals.lab_signed_off) as facts:
            assert self.countersign(signed, second).stands
            assert self.countersign(signed, second).countersigned_at == MONDAY + 2 * HOUR
        assert [(f.kind, f.actor_id, f.payload["countersigner"]) for f in facts] == [
            ("assessments.lab_signed_off", second.pk, str(second.pk))
        ]
        assert signed_off_labs(enrolment_ids=[pair[0].pk]) == {pair[0].pk: {signed.lab_id: signed.pk}}
        assert ComponentCompletion.objects.count() == 1
        assert code(lambda: self.countersign(signed, colleague(pair[0]))) == "already_signed"

    def test_the_first_signature_is_announced_as_no_proof(self, pair):
        submission = handed_in(enrolment=pair[0], lab=lab_of(pair[0], countersigned=True))
        with heard(signals.lab_signed_off, signals.lab_signed_once) as facts:
            sign(submission, pair[1])
        assert [fact.kind for fact in facts] == ["assessments.lab_signed_once"]

    def test_neither_the_learner_nor_the_signer_nor_a_stranger_signs_second(self, pair, signed):
        stranger = MentorshipFactory(mentor=UserFactory(perms=RIGHTS)).mentor
        former = colleague(pair[0])
        Mentorship.objects.filter(mentor=former).update(ended_at=MONDAY)

        assert code(lambda: self.countersign(signed, signed.learner)) == "own_work"
        assert code(lambda: self.countersign(signed, pair[1])) == "same_signer"
        assert code(lambda: self.countersign(signed, stranger)) == "not_colleague"
        assert code(lambda: self.countersign(signed, former)) == "not_colleague"

    def test_nor_somebody_whose_own_lab_the_learner_has_signed(self, pair, signed):
        second = colleague(pair[0])
        of_second = EnrolmentFactory(user=second)
        MentorshipFactory(enrolment=of_second, mentor=signed.learner)
        sign(handed_in(enrolment=of_second), signed.learner)

        assert code(lambda: self.countersign(signed, second)) == "reciprocal"

    def test_who_countersigned_is_not_signed_for_by_the_learner_either(self, pair, signed):
        second = colleague(pair[0])
        self.countersign(signed, second)
        of_second = EnrolmentFactory(user=second)
        MentorshipFactory(enrolment=of_second, mentor=signed.learner)

        work = handed_in(enrolment=of_second)
        assert code(lambda: sign(work, signed.learner)) == "reciprocal"

    def test_evidence_swapped_between_the_signatures_is_not_signed(self, pair, signed):
        with default_storage.open(signed.submission.files.get().file.name, "wb") as file:
            file.write(b"Eleven lines.")
        second = colleague(pair[0])

        assert code(lambda: self.countersign(signed, second, evidence_hash="0" * 64)) == "evidence_changed"
        assert code(lambda: self.countersign(signed, second)) == "evidence_changed"

    def test_other_evidence_voids_what_waits(self, pair, signed):
        work = {"enrolment": pair[0], "lab": signed.lab, "actor": signed.learner, "at": MONDAY + HOUR}
        labs.revise(**work)
        labs.hand_in(submission=labs.save_draft(text="Eleven.", **work), actor=signed.learner, at=MONDAY)

        assert code(lambda: self.countersign(signed, colleague(pair[0]))) == "ended"
        assert SignOff.objects.get().voided_at == MONDAY

    def test_who_may_sign_second_may_send_it_back_with_a_reason(self, pair, signed):
        labs.withdraw_sign_off(
            sign_off=signed, reason="508 is missing.", actor=colleague(pair[0]), at=MONDAY + 2 * HOUR
        )
        assert SignOff.objects.get().withdrawn_reason == "508 is missing."

    @pytest.mark.django_db(transaction=True)
    def test_two_at_once_make_one_second_signature(self):
        enrolment, mentor = mentored()
        signed = sign(handed_in(enrolment=enrolment, lab=lab_of(enrolment, countersigned=True)), mentor)
        others = [colleague(enrolment), colleague(enrolment)]

        outcomes = at_once(*[lambda m=m: self.countersign(signed, m) for m in others])
        assert sorted(outcomes) == ["already_signed", "done"]
        assert ComponentCompletion.objects.count() == 1

    @pytest.mark.django_db(transaction=True)
    def test_a_second_signature_and_the_way_back_at_once_make_one(self):
        """Ann's lab waits for Bob's second signature while Ann signs Bob's lab."""
        of_ann, mentor = mentored()
        ann = of_ann.user
        bob = UserFactory(perms=RIGHTS)
        MentorshipFactory(enrolment=EnrolmentFactory(cohort=of_ann.cohort), mentor=bob)
        of_bob = EnrolmentFactory(user=bob)
        MentorshipFactory(enrolment=of_bob, mentor=ann)
        signed = sign(handed_in(enrolment=of_ann, lab=lab_of(of_ann, countersigned=True)), mentor)
        of_bob_work = handed_in(enrolment=of_bob)

        outcomes = at_once(lambda: self.countersign(signed, bob), lambda: sign(of_bob_work, ann))
        assert sorted(outcomes) == ["done", "reciprocal"]

    @pytest.mark.parametrize(
        ("change", "constraint"),
        [
            (lambda s: {"countersigned_by": s.learner, "countersigned_at": MONDAY}, "sign_off_countersigner"),
            (lambda s: {"countersigned_by": s.signer, "countersigned_at": MONDAY}, "sign_off_countersigner"),
            (lambda s: {"countersigned_at": MONDAY}, "sign_off_countersigned_by_whom_and_when"),
        ],
    )
    def test_the_database_refuses_a_second_signature_by_the_same(self, signed, change, constraint):
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            SignOff.objects.filter(pk=signed.pk).update(**change(signed))
