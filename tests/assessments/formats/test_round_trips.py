"""What is written reads back; and no text at all makes a reader fall over."""

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from assessments import formats
from assessments.formats import Format
from assessments.formats.parsed import Form, Text, Unreadable
from assessments.formats.text import as_markdown, as_words
from assessments.question_checks import problems_of
from assessments.question_specs import (
    NumberSpec,
    OptionSpec,
    PairSpec,
    QuestionSpec,
    TextSpec,
    key_of,
)
from tests.assessments.formats.samples import GIFT, IMAGE, MOODLE_XML, by_key, package

QUICK = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def reread(questions, each):
    written = formats.write(questions, written_as=each, picture=lambda image: image.content or IMAGE)
    return written, formats.read(written.data, written_as=each)


def read_or_refused(data, **more):
    """The faults of a file, or the one for which it cannot be read."""
    try:
        return formats.read(data, **more).faults
    except Unreadable as refused:
        return [refused.fault]


@pytest.mark.parametrize("data", [GIFT, MOODLE_XML, package()], ids=["gift", "moodle-xml", "qti3"])
def test_what_came_from_a_sample_goes_to_qti_and_back_unchanged(data):
    questions = formats.read(data).questions
    written, again = reread(questions, Format.QTI3)
    assert again.questions == questions
    assert [fault for fault in written.faults if fault.leaves_out] == []
    # The same bank is the same package, byte for byte.
    assert reread(again.questions, Format.QTI3)[0].data == written.data


def test_the_gift_sample_goes_to_gift_and_back_unchanged():
    questions = formats.read(GIFT).questions
    written, again = reread(questions, Format.GIFT)
    assert again.questions == questions
    assert (written.faults, again.faults) == ((), ())


def test_what_gift_cannot_hold_is_listed_and_the_rest_comes_back():
    questions = formats.read(MOODLE_XML).questions
    written, again = reread(questions, Format.GIFT)
    assert [(fault.title, fault.what) for fault in written.faults] == [
        ("refund-limit", "Lost: its images."),
        ("refund-limit", "Lost: what is said after a wrong answer."),
        ("tool-name", "Lost: that upper and lower case matter."),
        ("reply-time", "Lost: its unit (min)."),
    ]
    same = [key for key, question in by_key(again).items() if question in questions]
    assert same == ["signals", "emptied", "codes", "order-of-a-handover"]


def test_a_decision_stays_in_the_bank():
    decision = QuestionSpec(
        key="grant", kind="decision", prompt="Grant?", tags=(), answer="deny", policy="No."
    )
    for each in (Format.GIFT, Format.QTI3):
        written, again = reread([decision], each)
        assert again.questions == ()
        assert [(fault.title, fault.leaves_out) for fault in written.faults] == [("grant", True)]


words = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp", "Zs"]), min_size=1, max_size=12)
phrase = st.lists(words, min_size=1, max_size=3).map(" ".join)
shares = st.integers(0, 100).map(lambda part: Decimal(part) / 100)
prose = st.sampled_from(
    ["Who?", "A **bold** word", "- one\n- two", "x = {1} # ~ \\ : y", "a\\\nb", "1\\. no list"]
)


@st.composite
def questions(draw):
    """A sound question of any kind that both formats know; its pairs and texts hold no arrow."""
    kind = draw(
        st.sampled_from(["single", "multiple", "true_false", "numeric", "short_text", "matching", "ordering"])
    )
    texts = draw(st.lists(phrase.filter(lambda t: "->" not in t), min_size=3, max_size=5, unique_by=key_of))
    why = draw(st.one_of(st.just(""), phrase))
    fields = {}
    if kind in {"single", "multiple"}:
        fields["options"] = tuple(
            OptionSpec(text=text, correct=number == 0, why=why) for number, text in enumerate(texts)
        )
        fields["scoring"] = "exact" if kind == "single" else "proportional"
    elif kind == "true_false":
        fields |= {"answer": draw(st.booleans()), "why_right": draw(prose), "why_wrong": draw(prose)}
    elif kind == "numeric":
        fields |= {
            "answer": draw(st.decimals(-10_000, 10_000, places=3)),
            "tolerance": draw(st.decimals(0, 10, places=2)),
            "numbers": (NumberSpec(answer=Decimal(7), tolerance=Decimal(1), share=draw(shares), why=why),),
            "why_wrong": draw(prose),
        }
    elif kind == "short_text":
        rest = tuple(TextSpec(text=text, share=draw(shares), why=why) for text in texts[1:])
        fields["texts"] = (TextSpec(text=texts[0], why=why), *rest)
    elif kind == "matching":
        fields |= {
            "pairs": tuple(
                PairSpec(left=text, right=right) for text, right in zip(texts, texts[::-1], strict=True)
            ),
            "scoring": "proportional",
        }
    else:
        fields |= {"steps": tuple(texts), "scoring": draw(st.sampled_from(["exact", "proportional"]))}
    return QuestionSpec(
        key="drawn",
        kind=kind,
        prompt=draw(prose),
        tags=("limits",),
        explanation=draw(st.just("") | prose),
        **fields,
    )


@QUICK
@given(question=questions())
def test_any_sound_question_reads_back_from_gift(question):
    if list(problems_of(question)):
        return
    _written, again = reread([question], Format.GIFT)
    assert again.questions == (question,)


@QUICK
@given(question=questions())
def test_any_sound_question_reads_back_from_qti(question):
    if list(problems_of(question)):
        return
    _written, again = reread([question], Format.QTI3)
    assert again.questions == (question,)


near_gift = st.lists(
    st.sampled_from(
        [
            "{",
            "}",
            "=",
            "~",
            "#",
            "####",
            "::",
            "->",
            "%50%",
            "\\",
            "\n",
            "\n\n",
            "//",
            "a",
            "[html]",
            "<b>",
            "1..2",
            ">3\n",
            "$CATEGORY:",
            "T",
            "&#0;",
            "\x00",
            "é",
        ]
    ),
    max_size=30,
).map("".join)


@QUICK
@given(text=near_gift | st.text(max_size=80))
@example("{>\n}")
@example("{#:}")
@example("::::{}")
@example("a{=\x00b ~c}")
def test_no_text_makes_the_gift_reader_fall_over(text):
    data = text.encode(errors="replace")
    parsed = formats.read(data, written_as=Format.GIFT)
    assert all(fault.what for fault in parsed.faults)
    assert not any(problem for question in parsed.questions for problem in problems_of(question))


near_xml = st.lists(
    st.sampled_from(
        [
            "<quiz>",
            "</quiz>",
            "<question type='numerical'>",
            "</question>",
            "<answer fraction='x'>",
            "</answer>",
            "<text>",
            "</text>",
            "&amp;",
            "<![CDATA[<p>",
            "]]>",
            "1",
            "<qti-assessment-item>",
            "<qti-item-body>",
            "<qti-text-entry-interaction/>",
            "&x;",
            "\x01",
            "<!DOCTYPE a>",
        ]
    ),
    max_size=20,
).map("".join)


@QUICK
@given(text=near_xml, each=st.sampled_from([Format.MOODLE_XML, Format.QTI3]))
def test_no_text_makes_the_xml_readers_fall_over(text, each):
    assert all(fault.what for fault in read_or_refused(text.encode(), written_as=each))


@QUICK
@given(data=st.binary(max_size=60), start=st.sampled_from([b"", b"PK\x03\x04", b"<quiz>", b"\xef\xbb\xbf"]))
def test_no_bytes_make_a_reader_fall_over(data, start):
    assert all(fault.what for fault in read_or_refused(start + data))


def shown(markdown):
    """What a reader sees of a Markdown text, without spaces."""
    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    html = parser.render(markdown)
    return "".join(as_words(Text(html, Form.HTML)).text.split())


@QUICK
@given(text=st.text(st.sampled_from("ab *_`#>-+=|[](){}<&;!~1.\\\n"), max_size=40))
@example("1. a")
@example("a\n---")
@example("| a |\n|---|\n| b |")
@example("___")
@example("\\")
def test_plain_text_shows_as_it_was_written(text):
    assert shown(as_markdown(Text(text, Form.PLAIN)).text) == "".join(text.split())
