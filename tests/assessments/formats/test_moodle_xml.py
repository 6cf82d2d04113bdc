"""Moodle XML, type by type; and what must not come in through XML."""

from decimal import Decimal

import pytest

from assessments import formats
from assessments.formats.parsed import Unreadable
from assessments.question_specs import ImageSpec, NumberSpec, PairSpec, TextSpec
from tests.assessments.formats.samples import IMAGE, MOODLE_XML, by_key, listed


def quiz(inner):
    return formats.read(f"<quiz>{inner}</quiz>".encode())


def truth(name, text):
    """A question that asks this HTML, true or false."""
    return quiz(
        f'<question type="truefalse"><name><text>{name}</text></name>'
        f'<questiontext format="html"><text><![CDATA[{text}]]></text></questiontext>'
        '<answer fraction="100"><text>true</text></answer></question>'
    )


def test_the_sample_holds_every_type_that_maps_and_lists_the_rest_by_line():
    parsed = formats.read(MOODLE_XML)
    assert [(q.key, q.kind, q.scoring) for q in parsed.questions] == [
        ("refund-limit", "single", "weighted"),
        ("signals", "multiple", "proportional"),
        ("emptied", "true_false", "exact"),
        ("tool-name", "short_text", "exact"),
        ("reply-time", "numeric", "exact"),
        ("codes", "matching", "proportional"),
        ("order-of-a-handover", "ordering", "proportional"),
    ]
    assert listed(parsed) == [
        (31, "Signals", False),
        (57, "Reply time", False),
        (85, "Calm", True),
        (89, "Gaps", True),
        (93, "Welcome", True),
        (97, "Sum", True),
    ]
    assert [fault.what for fault in parsed.faults] == [
        "Lost: its mark of 2; every question counts the same here.",
        "Lost: answers in other units: h.",
        "It is an essay, which a person would have to mark.",
        "It is a cloze: several answers inside one text.",
        "It is a description: it asks nothing.",
        "Its numbers are drawn by a formula.",
    ]


def test_html_becomes_markdown_and_an_embedded_picture_an_image():
    question = by_key(formats.read(MOODLE_XML))["refund-limit"]
    assert question.prompt == "A customer asks for **€180**.\n\nWho decides?"
    assert question.images == (ImageSpec(alt="A table of limits: 50, 250, 1000", content=IMAGE),)
    assert question.tags == ("handover", "refunds", "limits")
    assert question.explanation == "The table is in the handbook."
    # What Moodle says by itself is not taken for the author's words.
    assert (question.why_right, question.why_wrong) == ("", "Look at the *second* line.")


def test_numbers_with_a_unit_and_words_where_the_case_counts():
    questions = by_key(formats.read(MOODLE_XML))
    number = questions["reply-time"]
    assert (number.answer, number.unit, number.why_right) == (Decimal(15), "min", "On the dot.")
    assert number.numbers == (
        NumberSpec(answer=Decimal(15), tolerance=Decimal(5), share=Decimal("0.5"), why="Close."),
    )
    words = questions["tool-name"]
    assert words.case_sensitive
    assert words.prompt == "What is the tool \\*called\\* that drafts summaries?"
    assert words.texts[1] == TextSpec(
        text="Triage…", pattern="Triage.*", share=Decimal("0.8"), why="Say the whole name."
    )


def test_pairs_and_steps():
    questions = by_key(formats.read(MOODLE_XML))
    assert questions["codes"].pairs == (
        PairSpec(left="P1", right="everything stands"),
        PairSpec(left="P2", right="one customer stands"),
    )
    assert questions["codes"].distractors == ("nobody knows",)
    assert questions["order-of-a-handover"].steps == ("Count the queue", "Name what is open", "Sign")


def test_a_picture_inside_the_text_and_one_that_is_missing():
    source = "data:image/png;base64,iVBORw0KGgo="
    parsed = truth("Pic", f"See <img src='{source}' alt='A sign'> and <img src='@@PLUGINFILE@@/gone.png'>")
    (question,) = parsed.questions
    assert [(image.alt, image.content) for image in question.images] == [("A sign", b"\x89PNG\r\n\x1a\n")]
    assert ["the image" in fault.what and "gone.png" in fault.what for fault in parsed.faults] == [True]


def test_a_script_does_not_come_in():
    parsed = truth("S", "Safe?<script>alert(1)</script><a href='javascript:alert(2)'>here</a>")
    assert parsed.questions[0].prompt == "Safe?here"
    assert [fault.what for fault in parsed.faults] == ["Lost: a script."]


BOMB = b'<?xml version="1.0"?><!DOCTYPE q [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><quiz>&b;</quiz>'
OUTSIDE = b'<!DOCTYPE quiz [<!ENTITY x SYSTEM "file:///etc/passwd">]>\n<quiz>&x;</quiz>'
ELSEWHERE = b'<!DOCTYPE quiz SYSTEM "http://127.0.0.1:9/evil.dtd"><quiz/>'
DECLARES = "line 1: The file declares a document type or entities"
REFUSED = {
    "bomb": (BOMB, DECLARES),
    "outside": (OUTSIDE, DECLARES),
    "elsewhere": (ELSEWHERE, DECLARES),
    "cut off": (b"<quiz>\n<question", "line 2, column 1: It is not well-formed XML: unclosed token."),
    "entity": (b"<quiz>\n&nbsp;</quiz>", "line 2, column 1: It is not well-formed XML: undefined entity."),
    "deep": (b"<quiz>" + b"<a>" * 200, "line 1, column 304: The file nests deeper than 100 levels"),
    "wide": (b"<quiz>" + b"<a/>" * 200_001 + b"</quiz>", "line 1, column 800003: The file nests deeper"),
    "encoding": (b'<?xml version="1.0" encoding="no-such"?><quiz/>', "line 1, column "),
    "html": (b"<html><quiz/></html>", "line 1, column 1: The file begins with <html>"),
    "large": (b"<quiz>" + b" " * 10_000_000, "The file has 10,000,006 bytes"),
    "empty": (b"", "line 1, column "),
}


@pytest.mark.parametrize("name", REFUSED)
def test_bombs_entities_and_broken_files_are_refused_with_their_place(name):
    data, reason = REFUSED[name]
    with pytest.raises(Unreadable) as refused:
        formats.read(data, written_as=formats.Format.MOODLE_XML)
    assert str(refused.value).startswith(reason)
