"""The learner's part: drafts, files, handing in, and starting again."""

import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction

from assessments import signals
from assessments.models import EvidenceFile, Submission
from assessments.services import labs
from tests.assessments.labs.factories import (
    HOUR,
    MONDAY,
    back,
    content,
    handed_in,
    lab_of,
    mentored,
    sign,
    text_file,
)
from tests.assessments.recording import heard
from tests.people.factories import UserFactory
from tests.tracks.factories import EnrolmentFactory, LabFactory
from tracks.errors import Refused
from tracks.models import Enrolment

pytestmark = pytest.mark.django_db


@pytest.fixture
def enrolment():
    return EnrolmentFactory()


@pytest.fixture
def lab(enrolment):
    return lab_of(enrolment)


def save(enrolment, lab, **changes):
    arguments = {"text": "Ten lines.", "actor": enrolment.user, "at": MONDAY}
    return labs.save_draft(enrolment=enrolment, lab=lab, **(arguments | changes))


def test_the_first_save_makes_round_one_and_the_next_changes_it(enrolment, lab):
    first = save(enrolment, lab)
    second = save(enrolment, lab, text=None, link="https://work.example/1", at=MONDAY + HOUR)

    assert first == second
    stored = Submission.objects.get()
    assert (stored.round, stored.state, stored.text, stored.link, stored.saved_at) == (
        1,
        "draft",
        "Ten lines.",
        "https://work.example/1",
        MONDAY + HOUR,
    )


def test_files_are_added_once_and_stored_under_a_random_name(enrolment, lab):
    files = [labs.check_file(text_file("../notes.txt"))]
    save(enrolment, lab, files=files)
    save(enrolment, lab, files=[labs.check_file(text_file("again.txt"))])

    kept = EvidenceFile.objects.get()
    assert (kept.name, kept.size, kept.content_type) == ("notes.txt", 10, "text/plain")
    assert kept.file.name.startswith("evidence/")
    assert "notes" not in kept.file.name
    assert content(kept) == b"Ten lines."


def test_five_files_are_kept_and_a_sixth_is_refused_with_nothing_of_it(enrolment, lab):
    five = [labs.check_file(text_file(f"{n}.txt", str(n).encode())) for n in range(5)]
    save(enrolment, lab, files=five)

    with pytest.raises(ValidationError, match="at most 5 files: 5 are there, and you added 1"):
        save(enrolment, lab, text="Changed.", files=[labs.check_file(text_file("6.txt", b"six"))])
    assert EvidenceFile.objects.count() == 5
    assert Submission.objects.get().text == "Ten lines."


class Torn(ContentFile):
    """An upload that cannot be read to its end."""

    def chunks(self, chunk_size=None):
        yield b"The first"
        raise OSError("the disk is full")


def test_nothing_is_left_on_the_disk_where_one_file_cannot_be_kept(enrolment, lab, tmp_path, settings):
    settings.MEDIA_ROOT = tmp_path
    whole = labs.check_file(text_file("whole.txt"))
    torn = labs.CheckedFile(
        file=Torn(b"The first", name="torn.txt"),
        name="torn.txt",
        size=9,
        content_type="text/plain",
        sha256="0" * 64,
    )
    with pytest.raises(OSError, match="the disk is full"):
        save(enrolment, lab, files=[whole, torn])

    assert not Submission.objects.exists()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_file_taken_off_is_gone_from_the_disk_too(enrolment, lab, django_capture_on_commit_callbacks):
    draft = save(enrolment, lab, files=[labs.check_file(text_file())])
    kept = draft.files.get()

    with django_capture_on_commit_callbacks(execute=True):
        labs.remove_file(evidence_file=kept, actor=enrolment.user, at=MONDAY)

    assert not draft.files.exists()
    assert not default_storage.exists(kept.file.name)
    labs.remove_file(evidence_file=kept, actor=enrolment.user, at=MONDAY)


def test_handing_in_binds_the_evidence_and_announces_it_once(enrolment, lab):
    draft = save(enrolment, lab, files=[labs.check_file(text_file())])

    with heard(signals.submission_handed_in) as facts:
        handed = labs.hand_in(submission=draft, actor=enrolment.user, at=MONDAY + HOUR)
        again = labs.hand_in(submission=draft, actor=enrolment.user, at=MONDAY + 2 * HOUR)

    assert handed == again
    stored = Submission.objects.get()
    assert (stored.state, stored.submitted_at) == ("submitted", MONDAY + HOUR)
    (fact,) = facts
    assert fact.kind == "assessments.submission_handed_in"
    assert fact.subject == ("assessments.Submission", str(draft.pk))
    assert (fact.actor_id, fact.learner_id, fact.at) == (enrolment.user_id, enrolment.user_id, MONDAY + HOUR)
    assert dict(fact.payload) == {
        "lab": lab.key,
        "track": enrolment.track.key,
        "enrolment": str(enrolment.pk),
        "round": 1,
        "evidence_hash": stored.content_hash,
        "files": 1,
    }


@pytest.mark.parametrize(
    ("demands", "given_parts", "missing"),
    [
        ({"text": "required"}, {"text": " \n"}, {"text": ["Write what you did and what you found."]}),
        ({"text": "optional", "link": "required"}, {"text": "x"}, {"link": ["Give the link to your work."]}),
        ({"text": "optional", "file": "required"}, {"text": "x"}, {"files": ["Attach at least one file."]}),
        (
            {"text": "optional", "link": "optional"},
            {"text": ""},
            {"__all__": ["There is nothing to hand in yet."]},
        ),
    ],
)
def test_required_evidence_has_to_be_there(enrolment, demands, given_parts, missing):
    lab = lab_of(enrolment, evidence=demands)
    draft = save(enrolment, lab, **given_parts)

    with pytest.raises(ValidationError) as refused:
        labs.hand_in(submission=draft, actor=enrolment.user, at=MONDAY)
    error = refused.value
    assert (error.message_dict if hasattr(error, "error_dict") else {"__all__": error.messages}) == missing
    assert Submission.objects.get().state == "draft"


def test_a_link_has_to_be_one(enrolment, lab):
    with pytest.raises(ValidationError, match="valid URL"):
        save(enrolment, lab, link="javascript:alert(1)")
    assert not Submission.objects.exists()


def test_only_the_learner_writes_and_hands_in(enrolment, lab):
    other = UserFactory()
    draft = save(enrolment, lab)

    for step in (
        lambda: save(enrolment, lab, actor=other),
        lambda: labs.hand_in(submission=draft, actor=other, at=MONDAY),
        lambda: labs.revise(enrolment=enrolment, lab=lab, actor=other, at=MONDAY),
    ):
        with pytest.raises(Refused) as refused:
            step()
        assert refused.value.code == "not_yours"


def test_a_lab_of_another_track_or_a_retired_one_is_refused(enrolment):
    for lab in (LabFactory(), lab_of(enrolment, retired_at=MONDAY)):
        with pytest.raises(Refused) as refused:
            save(enrolment, lab)
        assert refused.value.code == "lab_not_on_track"


def test_on_leave_nothing_is_saved_or_handed_in(enrolment, lab):
    draft = save(enrolment, lab)
    Enrolment.objects.update(state="paused", paused_on=MONDAY.date())

    for step in (
        lambda: save(enrolment, lab),
        lambda: labs.hand_in(submission=draft, actor=enrolment.user, at=MONDAY),
    ):
        with pytest.raises(Refused) as refused:
            step()
        assert refused.value.code == "enrolment_paused"


def test_what_is_with_the_mentor_cannot_be_changed(enrolment, lab):
    submission = handed_in(enrolment=enrolment, lab=lab, files=[text_file()])

    with pytest.raises(Refused) as refused:
        save(enrolment, lab)
    assert refused.value.code == "in_review"
    with pytest.raises(Refused) as refused:
        labs.remove_file(evidence_file=submission.files.get(), actor=enrolment.user, at=MONDAY)
    assert refused.value.code == "not_a_draft"


def test_a_round_that_came_back_goes_on_in_a_new_one_with_its_files(django_capture_on_commit_callbacks):
    enrolment, mentor = mentored()
    first = handed_in(enrolment=enrolment, files=[text_file()])
    back(first, mentor)

    second = Submission.objects.get(round=2)
    assert (second.state, second.text) == ("draft", first.text)
    shared = second.files.get()
    assert shared.file.name == first.files.get().file.name

    with django_capture_on_commit_callbacks(execute=True):
        labs.remove_file(evidence_file=shared, actor=enrolment.user, at=MONDAY + 2 * HOUR)
    assert content(first.files.get()) == b"Ten lines."


def test_signed_off_work_changes_only_in_a_new_round():
    enrolment, mentor = mentored()
    first = handed_in(enrolment=enrolment)
    sign(first, mentor)

    with pytest.raises(Refused) as refused:
        save(enrolment, first.lab)
    assert refused.value.code == "signed_off"

    revised = labs.revise(enrolment=enrolment, lab=first.lab, actor=enrolment.user, at=MONDAY + 2 * HOUR)
    again = labs.revise(enrolment=enrolment, lab=first.lab, actor=enrolment.user, at=MONDAY + 2 * HOUR)
    assert (revised, revised.round, revised.text) == (again, 2, first.text)


def test_nothing_is_revised_before_it_is_handed_in(enrolment, lab):
    with pytest.raises(Refused) as refused:
        labs.revise(enrolment=enrolment, lab=lab, actor=enrolment.user, at=MONDAY)
    assert refused.value.code == "nothing_to_revise"


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ({"round": 0}, "submission_round_positive"),
        ({"state": "submitted"}, "submission_handed_in_has_hash"),
        ({"claimed_until": MONDAY}, "submission_claim_while_waiting"),
    ],
)
def test_the_database_refuses_a_broken_submission(enrolment, lab, change, constraint):
    draft = save(enrolment, lab)

    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Submission.objects.filter(pk=draft.pk).update(**change)


def test_the_database_refuses_a_second_open_round(enrolment, lab):
    draft = save(enrolment, lab)

    with pytest.raises(IntegrityError), transaction.atomic():
        Submission.objects.create(lab=lab, enrolment=enrolment, round=2, saved_at=MONDAY)
    assert Submission.objects.get() == draft
