"""Files in the browser: sent, planned, agreed to, imported; and who may not."""

import pytest
import time_machine
from django.contrib.messages import get_messages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from assessments.models import QuestionUpload
from assessments.services.question_imports import import_questions
from tests.assessments.formats.samples import GIFT, gift
from tests.assessments.quizzes.factories import NOW

pytestmark = pytest.mark.pages


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def as_author(client, desk):
    client.force_login(desk.author)
    return client


def send(client, desk, data, name="handover.gift", **fields):
    file = SimpleUploadedFile(name, data)
    return client.post(reverse("question_files", args=[desk.bank.pk]), {"file": file, **fields})


def test_a_file_is_sent_planned_agreed_to_and_imported(as_author, desk):
    sent = send(as_author, desk, GIFT)
    upload = QuestionUpload.objects.get()
    assert (sent.status_code, sent.url) == (302, upload.get_absolute_url())
    page = as_author.get(sent.url)
    text = page.content.decode()
    for words in (
        "Not all of it fits",
        "line 82, column 35",
        "It is an essay",
        "refund-limit",
        "GIFT, for the bank",
    ):
        assert words in text
    assert not desk.bank.questions.exists()
    seen = page.context["form"].initial["seen"]
    refused = as_author.post(reverse("question_upload_import", args=[upload.pk]), {"seen": seen})
    assert refused.status_code == 422
    assert not desk.bank.questions.exists()
    done = as_author.post(reverse("question_upload_import", args=[upload.pk]), {"seen": seen, "agree": "on"})
    assert (done.status_code, done.url) == (302, desk.bank.get_absolute_url())
    assert [str(message) for message in get_messages(done.wsgi_request)] == ["13 questions were imported."]
    assert desk.bank.questions.count() == 13
    assert not QuestionUpload.objects.exists()


def test_a_file_that_fits_needs_no_agreement_and_the_second_time_there_is_nothing_to_do(as_author, desk):
    page = as_author.get(send(as_author, desk, b"::Home::Is it?{T}", tag="limits").url)
    assert "All of it fits" in page.content.decode()
    assert list(page.context["form"].fields) == ["seen"]
    url = reverse("question_upload_import", args=[QuestionUpload.objects.get().pk])
    as_author.post(url, {"seen": page.context["form"].initial["seen"]})
    assert desk.bank.questions.get().tags == ["limits"]
    again = as_author.get(send(as_author, desk, b"::Home::Is it?{T}", tag="limits").url)
    assert "Nothing to do" in again.content.decode()


def test_a_bank_that_changed_since_the_plan_is_said(as_author, desk):
    page = as_author.get(send(as_author, desk, b"::Home::Is it?{T}").url)
    import_questions(
        track=desk.track,
        key=desk.bank.key,
        parsed=gift("::Home::Is it?{F}"),
        accept_losses=False,
        actor=desk.other,
        at=NOW,
    )
    upload = QuestionUpload.objects.get()
    url = reverse("question_upload_import", args=[upload.pk])
    refused = as_author.post(url, {"seen": page.context["form"].initial["seen"]})
    assert refused.url == upload.get_absolute_url()
    assert [str(message) for message in get_messages(refused.wsgi_request)] == [
        "The bank has changed since you saw the plan. Look at it again, then agree."
    ]


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        (b"Gr\xfcn?{T}", "a.gift", "line 1, column 3: The byte 0xfc is not UTF-8."),
        (b"<!DOCTYPE quiz [<!ENTITY a 'b'>]><quiz>&a;</quiz>", "a.xml", "document type or entities"),
        (b"PK\x03\x04 no archive", "a.zip", "The archive cannot be read."),
        (b"", "a.gift", "The submitted file is empty."),
    ],
)
def test_a_file_that_cannot_be_read_says_why_and_is_not_kept(as_author, desk, data, name, words):
    page = send(as_author, desk, data, name)
    assert page.status_code == 422
    assert words in page.content.decode()
    assert not QuestionUpload.objects.exists()


def test_fifty_megabytes_are_refused_by_their_size(as_author, desk):
    page = send(as_author, desk, b"=" * 50_000_000)
    assert page.status_code == 422
    assert "The file is larger than 10 MB. Split it." in page.content.decode()


def test_a_file_can_be_dropped(as_author, desk):
    send(as_author, desk, b"Is it?{T}")
    gone = as_author.post(reverse("question_upload_drop", args=[QuestionUpload.objects.get().pk]))
    assert gone.url == reverse("question_files", args=[desk.bank.pk])
    assert not QuestionUpload.objects.exists()


def test_another_authors_file_is_not_there_for_anybody_else(as_author, client, desk):
    send(as_author, desk, b"Is it?{T}")
    upload = QuestionUpload.objects.get()
    client.force_login(desk.other)
    assert client.get(upload.get_absolute_url()).status_code == 404
    assert client.post(reverse("question_upload_import", args=[upload.pk])).status_code == 404
    assert client.post(reverse("question_upload_drop", args=[upload.pk])).status_code == 404
    assert QuestionUpload.objects.count() == 1


def test_a_learner_gets_neither_page_nor_answers(client, desk):
    client.force_login(desk.learner)
    bank = desk.quiz.bank.pk
    for method, name, args in (
        ("get", "question_files", [bank]),
        ("post", "question_files", [bank]),
        ("get", "question_export", [bank, "gift"]),
        ("get", "question_export", [bank, "qti3"]),
        ("get", "question_upload", ["0b8c7a0e-0000-4000-8000-000000000000"]),
    ):
        answer = getattr(client, method)(reverse(name, args=args))
        assert answer.status_code == 403
        assert "CANARY" not in answer.content.decode()


def test_a_bank_is_handed_out_in_both_formats_and_no_other(as_author, desk):
    bank = desk.quiz.bank
    for name, ending, start in (("gift", "gift", b"// [id:"), ("qti3", "zip", b"PK\x03\x04")):
        answer = as_author.get(reverse("question_export", args=[bank.pk, name]))
        assert answer.status_code == 200
        assert answer["Content-Disposition"] == f'attachment; filename="{bank.key}.{ending}"'
        assert answer.content.startswith(start)
    assert as_author.get(reverse("question_export", args=[bank.pk, "moodle-xml"])).status_code == 404
    page = as_author.get(reverse("question_files", args=[bank.pk])).content.decode()
    assert "GIFT does not hold" in page


def test_the_page_of_the_bank_leads_there(as_author, desk):
    page = as_author.get(desk.bank.get_absolute_url()).content.decode()
    assert reverse("question_files", args=[desk.bank.pk]) in page
