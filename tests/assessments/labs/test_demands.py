"""What a lab asks for at hand-in, cases that a mentor observes, and evidence that changes behind our back."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction

from assessments import signals
from assessments.models import Observation, SignOff, Submission
from assessments.services import labs
from assessments.tasks import void_changed_evidence
from tests.assessments.labs.factories import (
    HOUR,
    MONDAY,
    back,
    handed_in,
    lab_of,
    mentored,
    office_file,
    sign,
    text_file,
)
from tests.assessments.recording import heard
from tests.people.factories import UserFactory
from tests.tracks.factories import MentorshipFactory
from tracks.errors import Refused
from tracks.models import Enrolment, Mentorship

pytestmark = pytest.mark.django_db
RIGHTS = ["assessments.review_labs"]


def code(step) -> str:
    with pytest.raises(Refused) as refused:
        step()
    return refused.value.code


def problems(step):
    with pytest.raises(ValidationError) as refused:
        step()
    error = refused.value
    return error.message_dict if hasattr(error, "error_dict") else error.messages


@pytest.fixture
def pair():
    return mentored()


class TestFiles:
    def test_only_types_that_the_lab_takes(self, pair):
        lab = lab_of(pair[0], file_types=["csv", "xlsx"])
        refused = problems(lambda: handed_in(enrolment=pair[0], lab=lab, files=[text_file()]))

        assert refused == {"files": ["notes.txt: this lab takes files of type csv, xlsx."]}
        assert not Submission.objects.exists()
        taken = [text_file("TABLE.CSV"), office_file()]
        assert handed_in(enrolment=pair[0], lab=lab, files=taken).files.count() == 2

    def test_a_lab_that_became_stricter_says_so_at_hand_in(self, pair):
        lab = lab_of(pair[0])
        work = {"enrolment": pair[0], "lab": lab, "actor": pair[0].user, "at": MONDAY}
        draft = labs.save_draft(text="x", files=[labs.check_file(text_file())], **work)
        type(lab).objects.update(file_types=["pdf"])

        refused = problems(lambda: labs.hand_in(submission=draft, actor=pair[0].user, at=MONDAY))
        assert refused == {"files": ["notes.txt: this lab takes files of type pdf."]}

    @pytest.mark.parametrize(
        ("count", "message"),
        [
            (0, "Attach at least 2 files; 0 are there."),
            (1, "Attach at least 2 files; 1 is there."),
            (4, "Keep at most 3 files: 0 are there, and you added 4."),
        ],
    )
    def test_as_many_as_the_lab_asks_for(self, pair, count, message):
        lab = lab_of(pair[0], min_files=2, max_files=3, evidence={"text": "none", "file": "required"})
        files = [text_file(f"{n}.txt", b"%d" % n) for n in range(count)]

        assert problems(lambda: handed_in(enrolment=pair[0], lab=lab, text="", files=files)) == {
            "files": [message]
        }

    def test_enough_files_are_handed_in(self, pair):
        lab = lab_of(pair[0], min_files=2, max_files=3, evidence={"text": "none", "file": "required"})
        files = [text_file(f"{n}.txt", b"%d" % n) for n in range(3)]

        assert handed_in(enrolment=pair[0], lab=lab, text="", files=files).state == "submitted"


class TestObservation:
    @pytest.fixture
    def lab(self, pair):
        return lab_of(pair[0], observed_cases=2, evidence={"text": "optional"})

    def record(self, pair, lab, what="Chargeback 4711", **changes):
        arguments = {
            "happened_on": MONDAY.date(),
            "outcome": "alone",
            "note": "Looked it up first.",
            "actor": pair[1],
            "at": MONDAY,
        }
        return labs.record_case(enrolment=pair[0], lab=lab, what=what, **(arguments | changes))

    def hand_in(self, pair, lab):
        draft = Submission.objects.get(state="draft")
        return labs.hand_in(submission=draft, actor=pair[0].user, at=MONDAY + HOUR)

    def test_so_many_handled_cases_are_needed(self, pair, lab):
        self.record(pair, lab)
        self.record(pair, lab, "Refund 12", outcome="taken_over")
        assert problems(lambda: self.hand_in(pair, lab)) == [
            "A mentor has to observe 2 cases that you handle; recorded so far: 1."
        ]
        self.record(pair, lab, "Refund 13", outcome="helped")

        assert self.hand_in(pair, lab).state == "submitted"

    def test_they_are_part_of_what_is_signed(self, pair, lab):
        self.record(pair, lab)
        self.record(pair, lab, "Refund 13")
        submission = self.hand_in(pair, lab)
        without = labs.evidence.content_hash(text="", link="", file_hashes=[])
        assert submission.content_hash != without
        sign(submission, pair[1])

        Observation.objects.filter(what="Refund 13").update(outcome="helped")
        assert labs.void_changed(at=MONDAY + 2 * HOUR) == 1
        assert SignOff.objects.get().voided_at == MONDAY + 2 * HOUR

    def test_nor_is_it_signed_after_they_changed(self, pair, lab):
        self.record(pair, lab)
        self.record(pair, lab, "Refund 13")
        submission = self.hand_in(pair, lab)
        Observation.objects.filter(what="Refund 13").delete()

        assert code(lambda: sign(submission, pair[1])) == "evidence_changed"

    def test_the_same_case_again_is_one_case_and_one_fact(self, pair, lab):
        with heard(signals.case_observed) as facts:
            assert self.record(pair, lab) == self.record(pair, lab)
        assert [(f.kind, f.payload["outcome"]) for f in facts] == [("assessments.case_observed", "alone")]

    def test_only_who_mentors_now_records_and_never_the_learner(self, pair, lab):
        former = MentorshipFactory(enrolment=pair[0], mentor=UserFactory(perms=RIGHTS)).mentor
        Mentorship.objects.filter(mentor=former).update(ended_at=MONDAY)

        assert code(lambda: self.record(pair, lab, actor=pair[0].user)) == "own_work"
        assert code(lambda: self.record(pair, lab, actor=former)) == "not_mentor"
        assert code(lambda: self.record(pair, lab_of(pair[0]))) == "not_observed"

    def test_what_is_handed_in_takes_no_more_and_goes_into_the_next_round(self, pair, lab):
        first = self.record(pair, lab)
        self.record(pair, lab, "Refund 13")
        submission = self.hand_in(pair, lab)
        assert code(lambda: self.record(pair, lab, "Refund 14")) == "in_review"
        assert code(lambda: labs.remove_case(observation=first, actor=pair[1], at=MONDAY)) == "not_a_draft"
        back(submission, pair[1])

        self.record(pair, lab, "Refund 14")
        draft = Submission.objects.get(state="draft")
        assert list(draft.observations.order_by("what").values_list("what", "observer")) == [
            ("Chargeback 4711", pair[1].pk),
            ("Refund 13", pair[1].pk),
            ("Refund 14", pair[1].pk),
        ]

    def test_a_mistake_is_taken_back_by_who_made_it(self, pair, lab):
        case = self.record(pair, lab)
        other = MentorshipFactory(enrolment=pair[0], mentor=UserFactory(perms=RIGHTS)).mentor
        remove = {"observation": case, "at": MONDAY}

        assert code(lambda: labs.remove_case(actor=other, **remove)) == "not_yours"
        assert code(lambda: labs.remove_case(actor=pair[0].user, **remove)) == "own_work"
        labs.remove_case(actor=pair[1], **remove)
        labs.remove_case(actor=pair[1], **remove)
        assert not Observation.objects.exists()

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"happened_on": MONDAY.date() + timedelta(days=1)}, "happened_on"),
            ({"happened_on": MONDAY.date() - timedelta(days=1)}, "happened_on"),
            ({"what": " "}, "what"),
            ({"outcome": "well"}, "outcome"),
        ],
    )
    def test_bad_input_is_named(self, pair, lab, changes, field):
        assert list(problems(lambda: self.record(pair, lab, **changes))) == [field]
        assert not Observation.objects.exists()

    def test_not_while_somebody_is_on_leave(self, pair, lab):
        Enrolment.objects.update(state="paused", paused_on=MONDAY.date())
        with pytest.raises(Refused, match="on leave"):
            self.record(pair, lab)

    def test_the_database_refuses_a_learner_who_observes_themselves(self, pair, lab):
        case = self.record(pair, lab)
        with (
            pytest.raises(IntegrityError, match="observation_observer_is_not_learner"),
            transaction.atomic(),
        ):
            Observation.objects.filter(pk=case.pk).update(observer=pair[0].user)


class TestBulk:
    def plain(self, enrolment, **fields):
        return lab_of(enrolment, rubric=[], pass_points=None, **fields)

    def test_labs_without_a_rubric_are_signed_together(self, pair):
        work = [handed_in(enrolment=pair[0], lab=self.plain(pair[0])) for _ in range(3)]
        chosen = [(each, each.content_hash) for each in work]
        with heard(signals.lab_signed_off) as facts:
            signed = labs.sign_off_many(chosen=chosen, actor=pair[1], at=MONDAY + HOUR)
            again = labs.sign_off_many(chosen=chosen, actor=pair[1], at=MONDAY + 2 * HOUR)

        assert {each.pk for each in signed} == {each.pk for each in again}
        assert len(facts) == SignOff.objects.standing().count() == 3
        assert {each.review.points for each in signed} == {0}

    @pytest.mark.parametrize(
        ("second", "why"), [("rubric", "needs_rubric"), ("hash", "evidence_changed"), ("own", "own_work")]
    )
    def test_all_or_none(self, pair, second, why):
        first = handed_in(enrolment=pair[0], lab=self.plain(pair[0]))
        own = MentorshipFactory(enrolment__user=pair[1], mentor=pair[0].user).enrolment
        other = {
            "rubric": lambda: handed_in(enrolment=pair[0]),
            "hash": lambda: handed_in(enrolment=pair[0], lab=self.plain(pair[0])),
            "own": lambda: handed_in(enrolment=own, lab=self.plain(own)),
        }[second]()
        chosen = [(first, first.content_hash), (other, "0" * 64 if second == "hash" else other.content_hash)]

        with pytest.raises(Refused) as refused:
            labs.sign_off_many(chosen=chosen, actor=pair[1], at=MONDAY + HOUR)
        assert (refused.value.code, str(other.lab) in refused.value.message) == (why, True)
        assert not SignOff.objects.exists()

    def test_one_by_one_it_needs_no_marks(self, pair):
        signed = sign(handed_in(enrolment=pair[0], lab=self.plain(pair[0])), pair[1], marks={})
        assert signed.stands


class TestWatch:
    def test_a_file_swapped_after_the_sign_off_voids_it(self, pair):
        signed = sign(handed_in(enrolment=pair[0], files=[text_file()]), pair[1])
        assert labs.void_changed(at=MONDAY + 2 * HOUR) == 0
        with default_storage.open(signed.submission.files.get().file.name, "wb") as file:
            file.write(b"Eleven lines.")

        with heard(signals.sign_off_voided) as facts:
            void_changed_evidence()
            void_changed_evidence()
        assert [fact.actor_id for fact in facts] == [None]
        assert not SignOff.objects.standing().exists()

    def test_a_text_changed_in_the_table_voids_it(self, pair):
        signed = sign(handed_in(enrolment=pair[0]), pair[1])
        Submission.objects.filter(pk=signed.submission_id).update(text="Another text.")

        assert labs.void_changed(at=MONDAY) == 1

    def test_a_missing_file_is_told_and_voids_nothing(self, pair, caplog):
        signed = sign(handed_in(enrolment=pair[0], files=[text_file()]), pair[1])
        default_storage.delete(signed.submission.files.get().file.name)

        assert labs.void_changed(at=MONDAY) == 0
        assert "is missing" in caplog.text
