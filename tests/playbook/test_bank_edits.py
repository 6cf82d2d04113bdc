"""Questions edited in the browser and a playbook's files: exported, carried, or named when undone."""

import dataclasses
import io
import zipfile
from decimal import Decimal

import pytest
from django.urls import reverse

from assessments.models import Question, QuestionBank
from assessments.question_specs import NumberSpec, OptionSpec
from assessments.services.question_columns import spec_of
from assessments.services.question_editing import put_question, retire_question
from enablement.playbook import services
from enablement.playbook.archive import read_archive, write_archive
from enablement.playbook.bundle import Bundle
from enablement.playbook.content.modules import read_module
from enablement.playbook.content.rewriting import rewrite, same
from enablement.playbook.errors import SourceErrors
from enablement.playbook.faults import Collector
from tests.assessments.questions.factories import (
    EVERY_KIND,
    PNG,
    decision,
    image,
    matching,
    multiple,
    numeric,
    ordering,
    short_text,
)
from tests.assessments.quizzes.factories import NOW
from tests.people.factories import UserFactory
from tests.playbook.small import CONTENT, QUIZ, YAML, changed

FILE = "clerk_t1/next-steps/quiz.yaml"
COMMENTED = changed("  - key: second", "  # about numbers\n  - key: second", QUIZ)
FANCY = {
    "why_right": "Well done: #1!",
    "why_wrong": "- not\n  yet",
    "explanation": "Line one\n\n  indented `code`\nyes\t",
    "images": (image(),),
    "tags": ("basics", "more"),
    "difficulty": 3,
    "lesson": "where-to-begin",
}


def fancy(make):
    spec = make(**FANCY)
    further = {
        "single": {"scoring": "weighted", "options": weighted(1, 0, "-0.5")},
        "multiple": {"scoring": "weighted", "options": weighted("0.33333", "0.66667", "-1")},
        "numeric": {
            "numbers": (NumberSpec.between(Decimal("0.1"), Decimal(7), share=Decimal("0.25"), why="x"),)
        },
        "short_text": {"case_sensitive": True},
    }
    return dataclasses.replace(spec, **further.get(spec.kind, {}))


def weighted(*shares):
    return tuple(
        OptionSpec(text=f"{place}: yes # no", correct=Decimal(share) > 0, share=Decimal(share), why="true")
        for place, share in enumerate(shares)
    )


@pytest.fixture
def author(db):
    return UserFactory(name="Ada", perms=["assessments.author_questions", "playbook.author_playbooks"])


@pytest.fixture
def applied(author):
    bundle = Bundle(yaml=YAML, content=CONTENT | {FILE: COMMENTED})
    services.put_in_force(bundle=bundle, base_number=0, actor=author, at=NOW)
    return bundle


def edit(author, key="first", **changes):
    question = Question.objects.get(key=key)
    spec = dataclasses.replace(spec_of(question, question.versions.first()), **changes)
    number = question.versions.first().number
    return put_question(bank=question.bank, spec=spec, actor=author, at=NOW, base=number)


def add(author, spec):
    bank = QuestionBank.objects.get(key="check")
    return put_question(bank=bank, spec=spec, actor=author, at=NOW, base=0)


def plan(bundle):
    return services.plan(bundle=bundle, at=NOW)


def read(text):
    faults = Collector()
    module = read_module({"quiz.yaml": text}, folder="content/x/y", faults=faults)
    faults.check()
    return {spec.key: spec for spec in module.quiz.questions}


def test_without_edits_the_files_are_exported_as_they_came(applied):
    assert services.export(at=NOW) == applied
    assert plan(applied).warnings == ()


def test_an_edit_is_exported_and_the_rest_of_the_file_stays(applied, author):
    edit(author, prompt="What comes first of all?")
    exported = services.export(at=NOW)

    text = exported.content[FILE]
    assert "What comes first of all?" in text
    assert "  # about numbers\n  - key: second" in text
    assert text.partition("  # about numbers")[2] == COMMENTED.partition("  # about numbers")[2]
    assert {name: text for name, text in exported.content.items() if name != FILE} == {
        name: text for name, text in applied.content.items() if name != FILE
    }
    found = plan(exported)
    assert [str(change.item) for change in found.changes] == ["document"]
    assert found.warnings == ()


def test_files_without_the_edit_undo_it_and_the_plan_says_so(applied, author):
    edit(author, prompt="What comes first of all?")
    found = plan(applied)

    assert found.warnings == (
        (
            "question clerk_t1/check/first: the edit in the browser by Ada on 2026-11-04 is undone; export "
            "the playbook and take the question from there to keep it"
        ),
    )
    assert [str(change.item) for change in found.changes] == ["quiz clerk_t1/next-steps/check"]
    services.put_in_force(bundle=applied, base_number=1, actor=author, at=NOW)
    question = Question.objects.get(key="first")
    assert (question.versions.first().prompt, question.edited_at) == ("What comes first?", None)
    assert [version.number for version in question.versions.all()] == [3, 2, 1]


def test_a_playbook_without_content_keeps_the_edit(applied, author):
    edit(author, prompt="What comes first of all?")
    bundle = Bundle(yaml=YAML + "\n# a comment\n")

    assert plan(bundle).warnings == ()
    services.put_in_force(bundle=bundle, base_number=1, actor=author, at=NOW)
    assert Question.objects.get(key="first").versions.first().prompt == "What comes first of all?"
    assert "What comes first of all?" in services.current_bundle().content[FILE]
    assert services.export(at=NOW) == services.current_bundle()


def test_added_and_retired_questions_travel_too(applied, author):
    add(author, decision("judge", tags=("reserve",)))
    retire_question(question=Question.objects.get(key="second"), actor=author, at=NOW)
    exported = services.export(at=NOW)

    assert list(read(exported.content[FILE])) == ["first", "third", "judge"]
    assert len(plan(applied).warnings) == 2
    services.put_in_force(bundle=exported, base_number=1, actor=author, at=NOW)
    assert not Question.objects.exclude(edited_at=None).exists()
    assert Question.objects.live().count() == 3


@pytest.mark.parametrize("make", EVERY_KIND)
def test_every_kind_and_field_is_written_and_read_without_loss(make):
    spec = fancy(make)
    spec.check()
    written = rewrite(QUIZ, file="quiz.yaml", questions=[*read(QUIZ).values(), spec], contents={})

    again = read(written)[spec.key]
    assert same(again, spec)
    assert [picture.content for picture in again.images] == [PNG]
    assert written.startswith(QUIZ), "what was there is not touched"
    assert rewrite(written, file="quiz.yaml", questions=[spec], contents={}).count("\n  - key:") == 1


FLOW = (
    QUIZ.partition("questions:")[0]
    + """\
questions: [{key: first, kind: true_false, tags: [basics], prompt: Q, answer: true},
  {key: second, kind: true_false, tags: [basics], prompt: R, answer: true}]
"""
)


@pytest.mark.parametrize(
    "text",
    [
        QUIZ.replace("\n", "\r\n"),
        QUIZ.rstrip("\n"),
        FLOW,
        QUIZ + "intro: The end.\n",
    ],
)
def test_whatever_way_a_file_is_written(text):
    questions = list(read(text).values())
    edited = dataclasses.replace(questions[-1], prompt="Edited: *this*\n\n- one\n- two")
    written = rewrite(text, file="quiz.yaml", questions=[*questions[:-1], edited], contents={})

    assert all(map(same, read(written).values(), [*questions[:-1], edited]))
    assert ("intro: The end." in written) is ("intro: The end." in text)


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        ("texts: [{text: a, pattern: '(?=b)a'}]", "5:32: The pattern “(?=b)a” cannot be used"),
        ("texts: [{text: a, share: 0.5}]", "5:12: Question “q”: one accepted answer must be worth the whole"),
        ("texts: [{text: a, share: high}]", '5:30: "high" is not a number'),
        ("texts: a", '5:12: "a" does not fit'),
        (
            "texts: [{text: a}]\n    pairs: [{left: a, right: b}]",
            "6:12: Question “q”: a question of its kind has",
        ),
        ("texts: [{text: a}]\n    answer: a", "6:13: the answer does not fit the question"),
        (
            "texts: [{text: a}]\n    scoring: proportional",
            "6:14: Question “q”: a question of its kind cannot",
        ),
        (
            "texts: [{text: a}]\n    images: [{alt: x, data: PHN2Zz4=}]",
            "6:29: This is no PNG, JPEG, WebP or GIF",
        ),
        ("texts: [{text: a}]\n    images: [{alt: x, data: '%%%'}]", "6:29: not the bytes of an image"),
        ("texts: [{text: a}]\n    case_sensitive: 1", "6:21: 1 does not fit; expected true or false"),
    ],
)
def test_faults_of_new_fields_are_shown_at_their_place(entry, fault):
    head = "questions:\n  - key: q\n    kind: short_text\n    tags: [basics]\n    "
    text = f"{head}{entry}\n    prompt: Q?\n" + QUIZ.partition("questions:")[0]
    with pytest.raises(SourceErrors) as caught:
        read(text)

    assert str(caught.value.errors[0]).startswith(f"content/x/y/quiz.yaml:{fault}")


def test_an_author_downloads_what_is_in_force(applied, author, client):
    edit(author, prompt="What comes first of all?")
    client.force_login(author)
    answer = client.get(reverse("playbook_in_force"))

    assert read_archive("x.zip", answer.content) == services.export(at=NOW)
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert f"content/{FILE}" in archive.namelist()
    client.force_login(UserFactory())
    assert client.get(reverse("playbook_in_force")).status_code == 403


def test_the_command_writes_an_archive(applied, author, tmp_path, capsys):
    from django.core.management import call_command

    edit(author, prompt="What comes first of all?")
    call_command("playbook", "export", str(tmp_path / "out.zip"))
    assert (tmp_path / "out.zip").read_bytes() == write_archive(services.export(at=NOW))


def test_the_kinds_are_the_ones_that_files_know():
    """Every maker of the tests is one kind, so the round trip above covers all of them."""
    assert {make().kind for make in EVERY_KIND} >= {
        maker().kind for maker in (multiple, numeric, short_text, matching, ordering, decision)
    }
