"""Pages of labs: for the learner, their mentors, who runs the cohort, and nobody else."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
import time_machine
from django.contrib.messages import get_messages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from assessments.models import EvidenceFile, LabReview, SignOff, Submission
from assessments.services import labs
from tests.assessments.labs.factories import HOUR, MONDAY, back, handed_in, lab_of, mentored, sign, text_file
from tests.assessments.quizzes.factories import make_quiz
from tests.assessments.scenarios.factories import make_set
from tests.assessments.shadow.factories import make_pool
from tests.people.factories import UserFactory
from tests.tracks.factories import EnrolmentFactory, MentorshipFactory
from tracks.models import Enrolment, Mentorship

pytestmark = [pytest.mark.django_db, pytest.mark.pages]
NOW = MONDAY + 3 * HOUR
ENOUGH = {"mark-classification": "2", "mark-reasons": "2"}


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def cast():
    """A learner with a lab and a mentor; a second mentor, one of others, a colleague, who runs the cohort."""
    enrolment, mentor = mentored()
    second = MentorshipFactory(enrolment=enrolment, mentor=UserFactory(perms=["assessments.review_labs"]))
    stranger = MentorshipFactory(mentor=UserFactory(perms=["assessments.review_labs"]))
    return SimpleNamespace(
        enrolment=enrolment,
        learner=enrolment.user,
        lab=lab_of(enrolment),
        mentor=mentor,
        second=second.mentor,
        stranger=stranger.mentor,
        colleague=EnrolmentFactory(cohort=enrolment.cohort).user,
        runner=enrolment.cohort.created_by,
    )


def url(name, obj):
    return reverse(name, args=[obj.pk])


def told(response) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def downloaded(client, address) -> int:
    """The status, after reading the file to its end, which closes it."""
    response = client.get(address)
    if response.streaming:
        b"".join(response.streaming_content)
    return response.status_code


def upload(name="notes.txt", content=b"Ten lines.", content_type="text/html"):
    return SimpleUploadedFile(name, content, content_type)


class TestLab:
    def test_shows_brief_rubric_and_one_way_to_hand_in(self, client, cast):
        client.force_login(cast.learner)
        page = client.get(url("lab", cast.lab)).content.decode()

        assert "Draw the line on ten workflows." in page
        assert "Every line is on the right side." in page
        assert "Not started" in page
        assert page.count("button-primary") == 1

    @pytest.mark.parametrize("who", ["colleague_elsewhere", "mentor", "runner"])
    def test_is_only_its_learners_page(self, client, cast, who):
        cast.colleague_elsewhere = EnrolmentFactory().user
        client.force_login(getattr(cast, who))

        assert client.get(url("lab", cast.lab)).status_code == 404
        assert client.post(url("lab_save", cast.lab), {"text": "x"}).status_code == 404
        assert client.post(url("lab_hand_in", cast.lab), {"text": "x"}).status_code == 404
        assert not Submission.objects.exists()

    def test_a_draft_is_saved_and_shown_again(self, client, cast):
        client.force_login(cast.learner)
        response = client.post(
            url("lab_save", cast.lab), {"text": "Half of it.", "link": "https://x.example"}
        )

        assert told(response) == ["Draft saved."]
        page = client.get(url("lab", cast.lab)).content.decode()
        assert "Half of it." in page
        assert "A draft, not handed in yet" in page

    def test_typing_saves_in_place(self, client, cast):
        client.force_login(cast.learner)
        response = client.post(url("lab_save", cast.lab), {"text": "Half."}, headers={"hx-request": "true"})

        assert response.status_code == 200
        assert response.content.decode().strip() == "Draft saved at 12:00:00"
        assert Submission.objects.get().text == "Half."

    def test_typing_into_what_is_handed_in_says_why_it_is_not_saved(self, client, cast):
        """In an old tab: the reason stands beside the buttons, not a whole page."""
        handed_in(enrolment=cast.enrolment, lab=cast.lab)
        client.force_login(cast.learner)
        response = client.post(url("lab_save", cast.lab), {"text": "Half."}, headers={"hx-request": "true"})

        assert response.status_code == 409
        assert response.content.decode().strip().startswith("Not saved. This lab is with your mentor")

    def test_a_save_that_comes_after_its_own_hand_in_is_no_refusal(self, client, cast):
        """The field saves itself as one leaves it for the button."""
        submission = handed_in(enrolment=cast.enrolment, lab=cast.lab)
        client.force_login(cast.learner)
        same = {"text": submission.text, "link": submission.link}
        response = client.post(url("lab_save", cast.lab), same, headers={"hx-request": "true"})

        assert (response.status_code, response.content.decode().strip()) == (200, "Handed in.")

    def test_handing_in_keeps_the_files_and_leads_to_waiting(self, client, cast):
        client.force_login(cast.learner)
        form = {"text": "Ten lines.", "files": [upload(), upload("table.csv", b"a,b\n")]}
        response = client.post(url("lab_hand_in", cast.lab), form, follow=True)

        assert "Handed in. Your mentor reviews it next." in response.content.decode()
        assert "With your mentor" in response.content.decode()
        assert Submission.objects.get().state == "submitted"
        assert sorted(EvidenceFile.objects.values_list("name", "content_type")) == [
            ("notes.txt", "text/plain"),
            ("table.csv", "text/csv"),
        ]

    def test_a_second_click_changes_nothing_and_says_so(self, client, cast):
        client.force_login(cast.learner)
        for _ in range(2):
            response = client.post(url("lab_hand_in", cast.lab), {"text": "Ten lines."})

        assert response.url == url("lab", cast.lab)
        assert "This lab is with your mentor" in told(response)[-1]
        assert Submission.objects.count() == 1

    def test_an_error_keeps_what_was_typed_and_the_good_files(self, client, cast):
        client.force_login(cast.learner)
        form = {
            "text": "Ten lines drawn.",
            "link": "not a link",
            "files": [upload(), upload("tool.exe", b"MZ"), upload("wrong.pdf", b"<html>")],
        }
        response = client.post(url("lab_hand_in", cast.lab), form)

        page = response.content.decode()
        assert response.status_code == 422
        assert "Ten lines drawn." in page
        assert 'value="not a link"' in page
        assert "tool.exe: this type cannot be kept" in page
        assert "wrong.pdf: its content is not what “.pdf” says" in page
        draft = Submission.objects.get()
        assert (draft.state, draft.text, draft.link) == ("draft", "Ten lines drawn.", "")
        assert [file.name for file in draft.files.all()] == ["notes.txt"]

    def test_what_the_lab_requires_is_asked_for_at_its_field(self, client, cast):
        client.force_login(cast.learner)
        response = client.post(url("lab_hand_in", cast.lab), {"text": ""})

        assert response.status_code == 422
        assert response.context["form"].errors == {"text": ["Write what you did and what you found."]}

    def test_a_file_that_is_too_large_is_refused(self, client, cast, settings):
        settings.EVIDENCE_MAX_BYTES = 20
        client.force_login(cast.learner)
        response = client.post(url("lab_save", cast.lab), {"text": "x", "files": upload(content=b"x" * 21)})

        assert response.status_code == 422
        assert "notes.txt: it is larger than 20" in response.content.decode()
        assert not EvidenceFile.objects.exists()

    def test_a_file_is_taken_off_by_its_owner_alone(self, client, cast):
        draft = labs.save_draft(
            enrolment=cast.enrolment,
            lab=cast.lab,
            text="x",
            files=[labs.check_file(text_file())],
            actor=cast.learner,
            at=NOW,
        )
        remove = url("evidence_remove", draft.files.get())
        client.force_login(cast.mentor)
        assert client.post(remove).status_code == 404
        client.force_login(cast.learner)
        assert client.get(remove).status_code == 405
        assert client.post(remove).url == url("lab", cast.lab)
        assert not draft.files.exists()

    def test_says_why_nothing_can_be_handed_in(self, client, cast):
        Enrolment.objects.filter(pk=cast.enrolment.pk).update(state="paused", paused_on=NOW.date())
        client.force_login(cast.learner)
        page = client.get(url("lab", cast.lab)).content.decode()

        assert "You are on leave from this track" in page
        assert "<textarea" not in page
        response = client.post(url("lab_hand_in", cast.lab), {"text": "x"})
        assert "You are on leave" in told(response)[0]

    def test_sent_back_shows_the_comment_and_the_next_round(self, client, cast):
        submission = handed_in(enrolment=cast.enrolment, lab=cast.lab)
        back(submission, cast.mentor, comment="Name the rule for line four.")
        client.force_login(cast.learner)
        page = client.get(url("lab", cast.lab)).content.decode()

        assert "Sent back: change it and hand it in again" in page
        assert "Name the rule for line four." in page
        assert "Ten lines drawn." in page
        assert "<textarea" in page

    def test_signed_off_work_can_be_revised_and_is_then_void(self, client, cast):
        sign(handed_in(enrolment=cast.enrolment, lab=cast.lab), cast.mentor)
        client.force_login(cast.learner)
        page = client.get(url("lab", cast.lab)).content.decode()
        assert f"Signed off by {cast.mentor}" in page
        assert "<textarea" not in page

        client.post(url("lab_revise", cast.lab))
        assert "Signed off, and you are changing it" in client.get(url("lab", cast.lab)).content.decode()
        client.post(url("lab_hand_in", cast.lab), {"text": "Other lines."})
        assert SignOff.objects.get().voided_at == NOW


class TestEvidence:
    def test_is_a_download_that_no_browser_runs(self, client, cast):
        submission = handed_in(enrolment=cast.enrolment, lab=cast.lab, files=[text_file("Über.txt")])
        client.force_login(cast.mentor)
        response = client.get(submission.files.get().get_absolute_url())

        assert b"".join(response.streaming_content) == b"Ten lines."
        assert response["Content-Type"] == "text/plain"
        assert response["Content-Disposition"] == "attachment; filename*=utf-8''%C3%9Cber.txt"
        assert response["X-Content-Type-Options"] == "nosniff"
        assert (
            response["Content-Security-Policy"]
            == "default-src 'none'; base-uri 'none'; form-action 'none'; sandbox"
        )
        assert response["Cache-Control"] == "private, no-store"

    def test_opens_to_who_may_see_the_submission(self, client, cast):
        submission = handed_in(enrolment=cast.enrolment, lab=cast.lab, files=[text_file()])
        address = submission.files.get().get_absolute_url()
        seen = {}
        for who in ("learner", "mentor", "second", "runner", "stranger", "colleague"):
            client.force_login(getattr(cast, who))
            seen[who] = downloaded(client, address)

        assert seen == {
            "learner": 200,
            "mentor": 200,
            "second": 200,
            "runner": 200,
            "stranger": 404,
            "colleague": 404,
        }

    def test_of_a_draft_opens_to_its_learner_alone(self, client, cast):
        draft = labs.save_draft(
            enrolment=cast.enrolment,
            lab=cast.lab,
            text="x",
            files=[labs.check_file(text_file())],
            actor=cast.learner,
            at=NOW,
        )
        address = draft.files.get().get_absolute_url()
        client.force_login(cast.learner)
        assert downloaded(client, address) == 200
        client.force_login(cast.mentor)
        assert client.get(address).status_code == 404
        assert client.get(url("submission", draft)).status_code == 404

    def test_that_vanished_is_not_found(self, client, cast):
        submission = handed_in(enrolment=cast.enrolment, lab=cast.lab, files=[text_file()])
        kept = submission.files.get()
        kept.file.storage.delete(kept.file.name)
        client.force_login(cast.learner)

        assert client.get(kept.get_absolute_url()).status_code == 404


class TestQueue:
    def test_holds_ones_mentees_work_the_oldest_first(self, client, cast):
        other = MentorshipFactory(mentor=cast.mentor).enrolment
        late = handed_in(enrolment=other, at=MONDAY - timedelta(days=6))
        new = handed_in(enrolment=cast.enrolment, lab=cast.lab)
        handed_in(enrolment=EnrolmentFactory())
        client.force_login(cast.mentor)
        response = client.get(reverse("review_queue"))

        assert [each.submission for each in response.context["page"]] == [late, new]
        assert [each.late for each in response.context["page"]] == [True, False]
        assert "1 lab is past its due time" in response.content.decode()

    def test_says_who_has_a_claim(self, client, cast):
        submission = handed_in(enrolment=cast.enrolment, lab=cast.lab)
        labs.claim(submission=submission, actor=cast.second, at=NOW)
        client.force_login(cast.mentor)
        assert f"{cast.second} has it" in client.get(reverse("review_queue")).content.decode()
        client.force_login(cast.second)
        assert "You have it" in client.get(reverse("review_queue")).content.decode()

    def test_is_for_mentors(self, client, cast):
        client.force_login(cast.learner)
        for name in ("review_queue", "mentees"):
            assert client.get(reverse(name)).status_code == 403

    @pytest.mark.parametrize("mentees", [1, 6])
    def test_takes_a_constant_number_of_queries(self, client, mentees, django_assert_num_queries):
        mentor = UserFactory(perms=["assessments.review_labs"])
        for _ in range(mentees):
            handed_in(enrolment=MentorshipFactory(mentor=mentor).enrolment)
        client.force_login(mentor)
        client.get(reverse("review_queue"))

        with django_assert_num_queries(7):
            assert client.get(reverse("review_queue")).context["total"] == mentees


class TestReview:
    @pytest.fixture
    def submission(self, cast):
        return handed_in(enrolment=cast.enrolment, lab=cast.lab)

    def review(self, submission, **changes):
        return {"evidence_hash": submission.content_hash, "comment": "", **ENOUGH} | changes

    def test_shows_evidence_beside_the_rubric(self, client, cast, submission):
        client.force_login(cast.mentor)
        page = client.get(url("review", submission)).content.decode()

        assert "Ten lines drawn." in page
        assert "Every line is on the right side." in page
        assert submission.content_hash in page
        assert page.count("button-primary") == 1

    @pytest.mark.parametrize("name", ["review_claim", "review_release", "sign_off", "send_back"])
    def test_a_foreign_submission_is_not_found_and_a_learner_is_refused(self, client, cast, submission, name):
        for who, status in (("stranger", 404), ("runner", 403), ("learner", 403)):
            client.force_login(getattr(cast, who))
            assert client.post(url(name, submission), self.review(submission)).status_code == status
        client.force_login(cast.mentor)
        assert client.get(url(name, submission)).status_code == 405
        assert not LabReview.objects.exists()

    def test_a_former_mentor_finds_nothing(self, client, cast, submission):
        Mentorship.objects.filter(mentor=cast.mentor).update(ended_at=NOW)
        client.force_login(cast.mentor)

        assert client.get(url("review", submission)).status_code == 404

    def test_signing_off_leads_back_to_the_queue_and_twice_to_one_sign_off(self, client, cast, submission):
        client.force_login(cast.mentor)
        for _ in range(2):
            response = client.post(url("sign_off", submission), self.review(submission))
            assert response.url == reverse("review_queue")

        assert told(response)[-1] == f"Signed off: {cast.lab}, {cast.learner}."
        assert SignOff.objects.count() == 1

    def test_below_the_mark_says_why_and_keeps_what_was_chosen(self, client, cast, submission):
        client.force_login(cast.mentor)
        chosen = {"mark-classification": "0", "comment": "Nearly there."}
        response = client.post(url("sign_off", submission), self.review(submission, **chosen))

        page = response.content.decode()
        assert response.status_code == 409
        assert "“Classification” has 0 points and needs 2." in page
        assert "Nearly there." in page
        assert page.count(" checked") == 2
        assert not SignOff.objects.exists()

    def test_an_unmarked_criterion_is_named_at_its_place(self, client, cast, submission):
        client.force_login(cast.mentor)
        response = client.post(url("sign_off", submission), self.review(submission, **{"mark-reasons": ""}))

        assert response.status_code == 422
        assert response.context["form"].errors == {"mark-reasons": ["Choose a level."]}

    def test_sending_back_wants_a_comment(self, client, cast, submission):
        client.force_login(cast.mentor)
        response = client.post(url("send_back", submission), self.review(submission))
        assert response.status_code == 422
        assert response.context["form"].errors == {"comment": ["Say what has to change."]}

        response = client.post(
            url("send_back", submission), self.review(submission, comment="Name the rule.")
        )
        assert response.url == reverse("review_queue")
        assert LabReview.objects.get().comment == "Name the rule."

    def test_another_page_of_evidence_signs_nothing(self, client, cast, submission):
        client.force_login(cast.mentor)
        response = client.post(url("sign_off", submission), self.review(submission, evidence_hash="0" * 64))

        assert response.status_code == 409
        assert "The evidence changed since you opened the page" in response.content.decode()

    def test_a_claim_shows_and_keeps_the_form_from_others(self, client, cast, submission):
        client.force_login(cast.second)
        client.post(url("review_claim", submission))
        assert "Give it back to the queue" in client.get(url("review", submission)).content.decode()
        client.force_login(cast.mentor)
        page = client.get(url("review", submission)).content.decode()
        assert f"{cast.second} has taken this review" in page
        assert "mark-classification" not in page
        response = client.post(url("sign_off", submission), self.review(submission))
        assert response.status_code == 409
        client.force_login(cast.second)
        client.post(url("review_release", submission))
        client.force_login(cast.mentor)
        assert client.post(url("sign_off", submission), self.review(submission)).status_code == 302

    def test_what_another_has_signed_is_shown_as_it_ended(self, client, cast, submission):
        sign(submission, cast.second)
        client.force_login(cast.mentor)

        assert client.get(url("review", submission)).url == url("submission", submission)
        response = client.post(url("sign_off", submission), self.review(submission))
        assert response.url == url("submission", submission)
        assert told(response) == ["This lab has been signed off already."]


class TestWithdrawal:
    @pytest.fixture
    def signed(self, cast):
        return sign(handed_in(enrolment=cast.enrolment, lab=cast.lab), cast.mentor)

    @pytest.mark.parametrize("who", ["mentor", "second", "runner"])
    def test_needs_a_reason_and_takes_effect(self, client, cast, signed, who):
        client.force_login(getattr(cast, who))
        page = client.get(url("submission", signed.submission)).content.decode()
        assert url("sign_off_withdraw", signed) in page
        assert client.post(url("sign_off_withdraw", signed), {"reason": " "}).status_code == 422

        response = client.post(url("sign_off_withdraw", signed), {"reason": "Not theirs."}, follow=True)
        assert "The sign-off was withdrawn" in response.content.decode()
        signed.refresh_from_db()
        assert (signed.withdrawn_reason, signed.withdrawn_by) == ("Not theirs.", getattr(cast, who))

    @pytest.mark.parametrize("who", ["learner", "stranger", "colleague"])
    def test_is_not_found_by_anybody_else(self, client, cast, signed, who):
        client.force_login(getattr(cast, who))

        assert client.get(url("sign_off_withdraw", signed)).status_code == 404
        assert client.post(url("sign_off_withdraw", signed), {"reason": "x"}).status_code == 404
        signed.refresh_from_db()
        assert signed.stands

    def test_the_learner_reads_why(self, client, cast, signed):
        labs.withdraw_sign_off(sign_off=signed, reason="Not theirs.", actor=cast.mentor, at=NOW)
        client.force_login(cast.learner)
        page = client.get(url("lab", cast.lab)).content.decode()

        assert "Your sign-off was withdrawn" in page
        assert "Not theirs." in page


class TestMentees:
    def make(self, mentor, count):
        """A track with a quiz, a lab and a pool, and so many mentees on it, each with a lab handed in."""
        first = MentorshipFactory(mentor=mentor).enrolment
        lab = lab_of(first)
        make_quiz(module=lab.module)
        make_pool(track=first.track)
        enrolments = [first] + [
            MentorshipFactory(mentor=mentor, enrolment=EnrolmentFactory(cohort=first.cohort)).enrolment
            for _ in range(count - 1)
        ]
        for enrolment in enrolments:
            handed_in(enrolment=enrolment, lab=lab)
        return enrolments, lab

    def test_show_how_far_each_one_is(self, client):
        mentor = UserFactory(perms=["assessments.review_labs"])
        (enrolment, other), _lab = self.make(mentor, 2)
        sign(Submission.objects.get(enrolment=enrolment), mentor)
        client.force_login(mentor)
        response = client.get(reverse("mentees"))

        rows = {each.enrolment: each for each in response.context["mentees"]}
        assert (rows[enrolment].labs_signed, rows[enrolment].lab_waits) == (1, False)
        assert (rows[other].labs_signed, rows[other].lab_waits) == (0, True)
        assert "Signed off" in response.content.decode()
        assert "0 / 4" in response.content.decode()

    def test_offer_exception_cases_only_where_the_track_has_some(self, client):
        mentor = UserFactory(perms=["assessments.review_labs"])
        (enrolment,), _lab = self.make(mentor, 1)
        client.force_login(mentor)
        address = reverse("mentee", args=[enrolment.pk])
        assert "Exception cases" not in client.get(address).content.decode()
        make_set(track=enrolment.track)
        assert "Exception cases" in client.get(address).content.decode()

    @pytest.mark.parametrize("count", [1, 5])
    def test_take_a_constant_number_of_queries(self, client, count, django_assert_num_queries):
        mentor = UserFactory(perms=["assessments.review_labs"])
        self.make(mentor, count)
        client.force_login(mentor)
        client.get(reverse("mentees"))

        with django_assert_num_queries(17):
            assert len(client.get(reverse("mentees")).context["mentees"]) == count

    def test_one_has_a_page_with_rounds_for_their_mentor_alone(self, client, cast):
        submission = handed_in(enrolment=cast.enrolment, lab=cast.lab)
        client.force_login(cast.mentor)
        page = client.get(url("mentee", cast.enrolment)).content.decode()
        assert url("review", submission) in page
        assert "Round 1" in page
        client.force_login(cast.stranger)
        assert client.get(url("mentee", cast.enrolment)).status_code == 404
        client.force_login(cast.learner)
        assert client.get(url("mentee", cast.enrolment)).status_code == 403
