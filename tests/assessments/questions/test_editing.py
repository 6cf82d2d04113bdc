"""Authors change banks: versions, use, refusals, facts."""

import dataclasses
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from assessments.models import Question, QuestionImage, QuestionVersion
from assessments.question_specs import ImageSpec
from assessments.services import attempts
from assessments.services.question_editing import (
    add_image,
    put_question,
    put_questions,
    restore_question,
    retire_question,
)
from assessments.services.question_images import MAX_BYTES, content_of, media_type_of
from assessments.services.questions import put_bank
from enablement.ledger.models import LedgerEntry
from tests.assessments.questions.factories import PNG, decision, image, matching, short_text
from tests.assessments.quizzes.factories import NOW, quiz_spec, single, sit, true_false
from tests.people.factories import UserFactory
from tracks.errors import Refused

LATER = NOW + timedelta(hours=1)


def put(studio, spec, *, base=0, actor=None, at=LATER):
    return put_question(bank=studio.bank, spec=spec, actor=actor or studio.author, at=at, base=base)


def numbers(key):
    return list(QuestionVersion.objects.filter(question__key=key).values_list("number", flat=True))


def test_an_author_adds_a_question(studio, facts):
    question, changed = put(studio, studio.spare)

    assert changed
    assert (question.key, question.edited_by, question.edited_at) == ("case", studio.author, LATER)
    assert [(fact.kind, fact.payload) for fact in facts] == [
        (
            "assessments.question_added",
            {"track": "frontline", "bank": "check", "question": "case", "version": 1},
        )
    ]


def test_the_ledger_has_it(studio):
    put(studio, studio.spare)

    assert LedgerEntry.objects.filter(kind="assessments.question_added").count() == 1


def test_an_edit_makes_a_version_and_the_attempt_keeps_its_own(studio, facts):
    attempt = sit(quiz=studio.quiz, user=studio.learner, right=6)
    put(studio, single(prompt="Another?"), base=1)

    assert numbers("blocked") == [2, 1]
    prompts = attempt.items.values_list("question_version__prompt", flat=True)
    assert single().prompt in prompts
    assert [(fact.kind, fact.payload["version"]) for fact in facts] == [("assessments.question_changed", 2)]


def test_the_same_again_changes_nothing_and_says_nothing(studio, facts):
    question, changed = put(studio, single(), base=1)

    assert not changed
    assert (numbers("blocked"), question.edited_at, facts) == ([1], None, [])


def test_other_tags_make_no_version(studio, facts):
    put(studio, single(tags=("limits", "log")), base=1)

    assert numbers("blocked") == [1]
    assert [fact.kind for fact in facts] == ["assessments.question_changed"]


@pytest.mark.parametrize(("base", "code"), [(0, "taken"), (2, "stale")])
def test_nobody_overwrites_what_they_have_not_seen(studio, facts, base, code):
    with pytest.raises(Refused) as caught:
        put(studio, single(prompt="Another?"), base=base)

    assert caught.value.code == code
    assert (numbers("blocked"), facts) == ([1], [])


def test_only_authors_change_banks(studio, facts):
    reader = UserFactory()
    question = studio.bank.questions.get(key="blocked")
    for change in (
        lambda: put(studio, studio.spare, actor=reader),
        lambda: put_questions(bank=studio.bank, questions=[studio.spare], actor=reader, at=LATER),
        lambda: retire_question(question=question, actor=reader, at=LATER),
        lambda: restore_question(question=question, actor=reader, at=LATER),
        lambda: add_image(bank=studio.bank, content=PNG, alt="Dot", actor=reader, at=LATER),
    ):
        with pytest.raises(Refused) as caught:
            change()
        assert caught.value.code == "not_author"
    assert facts == []


def test_many_are_put_at_once_and_the_others_stay(studio, facts):
    change = put_questions(
        bank=studio.bank,
        questions=[studio.spare, single(prompt="Another?"), short_text()],
        actor=studio.author,
        at=LATER,
    )

    assert (change.added, change.changed, change.retired) == (("case",), ("blocked",), ())
    assert [fact.kind for fact in facts] == ["assessments.question_added", "assessments.question_changed"]
    assert studio.bank.questions.live().count() == 7


def test_a_question_that_no_quiz_would_ask_is_refused_unless_it_is_in_reserve(studio):
    with pytest.raises(ValidationError) as caught:
        put(studio, decision(tags=("limit",)))

    assert caught.value.error_list[0].code == "tags"
    assert "Give it one of limits, or “reserve”." in caught.value.messages[0]
    assert put(studio, decision(tags=("limit", "reserve")))[1]


def test_the_same_prompt_twice_is_refused(studio):
    with pytest.raises(ValidationError, match="asks the same as “blocked”") as caught:
        put(studio, single("copy", prompt=f" {single().prompt}"))

    assert caught.value.error_list[0].code == "prompt"


def test_what_a_quiz_needs_cannot_be_retired_or_given_other_tags(studio, facts):
    question = studio.bank.questions.get(key="blocked")
    with pytest.raises(Refused) as caught:
        retire_question(question=question, actor=studio.author, at=LATER)
    assert caught.value.code == "needed"
    assert caught.value.message == (
        "The quiz “Front-line check” draws 6 questions by “limits”; only 5 would be left."
    )
    with pytest.raises(Refused, match="draws 6 questions"):
        put(studio, single(tags=("reserve",)), base=1)

    question.refresh_from_db()
    assert (question.retired_at, question.tags, facts) == (None, ["limits"], [])


def test_a_retired_question_is_drawn_no_more_and_can_come_back(studio, facts):
    put(studio, single("spare"))
    question = studio.bank.questions.get(key="edge")

    assert retire_question(question=question, actor=studio.author, at=LATER) is True
    assert retire_question(question=question, actor=studio.author, at=LATER) is False
    drawn = attempts.start(quiz=studio.quiz, actor=studio.learner, at=LATER).items
    assert not drawn.filter(question_version__question=question).exists()
    assert restore_question(question=question, actor=studio.author, at=LATER) is True
    assert restore_question(question=question, actor=studio.author, at=LATER) is False
    assert [fact.kind.removeprefix("assessments.question_") for fact in facts] == [
        "added",
        "retired",
        "restored",
    ]


def test_files_that_are_applied_take_the_mark_of_the_browser_away(studio):
    put(studio, single(prompt="Another?"), base=1)
    assert studio.bank.questions.exclude(edited_at=None).count() == 1

    put_bank(track=studio.bank.track, key="check", questions=quiz_spec().questions, at=LATER)
    assert not studio.bank.questions.exclude(edited_at=None).exists()
    assert studio.bank.questions.get(key="blocked").versions.first().prompt == single().prompt


def test_an_image_is_kept_once_and_each_use_has_its_words(studio):
    put(studio, single(images=(image(),)), base=1)
    put(studio, true_false(images=(image(alt="A dot"),)), base=1)
    put(studio, matching(images=(ImageSpec(alt="A dot", sha256=image().digest),)), base=1)

    assert sorted(QuestionImage.objects.values_list("alt", flat=True)) == ["A dot", "A white dot"]
    assert len({kept.file.name for kept in QuestionImage.objects.all()}) == 1
    version = studio.bank.questions.get(key="blocked").versions.first()
    assert [picture["alt"] for picture in version.images] == ["A white dot"]
    assert [str(kept.pk) for kept in version.pictures.all()] == [version.images[0]["id"]]
    kept = version.pictures.get()
    assert (kept.media_type, kept.size) == ("image/png", len(PNG))
    assert content_of(kept) == PNG


def test_an_image_that_the_bank_does_not_have_is_refused(studio):
    with pytest.raises(ValidationError, match="This bank has no image"):
        put(studio, single(images=(ImageSpec(alt="x", sha256="0" * 64),)), base=1)

    assert numbers("blocked") == [1]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0 jpeg", "image/jpeg"),
        (b"GIF89a...", "image/gif"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", None),
        (b"<html>", None),
        (b"RIFF\x00\x00\x00\x00WAVE", None),
        (b"", None),
        (PNG + b"\x00" * MAX_BYTES, None),
    ],
)
def test_an_image_is_what_its_bytes_are(content, found):
    if found:
        assert media_type_of(content) == found
        return
    with pytest.raises(ValidationError):
        media_type_of(content)


def test_an_image_without_words_is_refused_by_the_database(studio):
    row = {"bank": studio.bank, "sha256": "0" * 64, "media_type": "image/png", "size": 1, "added_at": NOW}
    with pytest.raises(IntegrityError, match="question_image_has_alternative_text"), transaction.atomic():
        QuestionImage.objects.create(alt="", **row)
    with pytest.raises(ValidationError):
        add_image(bank=studio.bank, content=PNG, alt="  ", actor=studio.author, at=NOW)


@pytest.mark.parametrize(
    ("kind", "answer", "scoring", "constraint"),
    [
        ("short_text", "x", "exact", "question_version_answer_fits_kind"),
        ("decision", "maybe", "exact", "question_version_answer_fits_kind"),
        ("numeric", "", "exact", "question_version_answer_fits_kind"),
        ("ordering", "", "by_option", "question_version_scoring_fits_kind"),
        ("single", "", "proportional", "question_version_scoring_fits_kind"),
        ("short_text", "", "weighted", "question_version_scoring_fits_kind"),
    ],
)
def test_the_database_refuses_what_fits_no_kind(studio, kind, answer, scoring, constraint):
    question = Question.objects.get(key="blocked")
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        QuestionVersion.objects.create(
            question=question, number=9, kind=kind, answer=answer, scoring=scoring, published_at=NOW
        )


def test_keys_of_a_spec_are_what_versions_keep(studio):
    spec = dataclasses.replace(matching(), key="more")
    question, _changed = put(studio, dataclasses.replace(spec, prompt="Which?"))

    kept = question.versions.get().details["pairs"]
    assert [pair["key"] for pair in kept] == [pair.left_key for pair in spec.pairs]
