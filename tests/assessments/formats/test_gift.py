"""GIFT, type by type, after Moodle's documentation."""

from decimal import Decimal

import pytest

from assessments import formats
from assessments.formats.parsed import Unreadable
from assessments.question_specs import NumberSpec, OptionSpec, PairSpec, TextSpec
from tests.assessments.formats.samples import GIFT, by_key, gift, listed, only


def test_the_sample_holds_every_type_that_maps_and_lists_the_rest_by_line():
    parsed = formats.read(GIFT)
    assert [(q.key, q.kind, q.scoring) for q in parsed.questions] == [
        ("refund-limit", "single", "weighted"),
        ("q-3c00a6ee5f", "single", "exact"),
        ("signals", "multiple", "proportional"),
        ("all-signs", "multiple", "weighted"),
        ("q-62dbe6672e", "true_false", "exact"),
        ("short-t", "true_false", "exact"),
        ("tool-name", "short_text", "exact"),
        ("codes", "matching", "proportional"),
        ("reply-time", "numeric", "exact"),
        ("confidence", "numeric", "exact"),
        ("pi", "numeric", "exact"),
        ("order-of-a-handover", "ordering", "exact"),
        ("signs", "single", "exact"),
    ]
    assert listed(parsed) == [
        (7, "Who may grant it: the limit", False),
        (46, "Codes", False),
        (78, "Welcome", True),
        (80, "Essay", True),
        (82, "Broken", True),
        (84, "Two right", True),
    ]
    broken = parsed.faults[4]
    assert str(broken).startswith("line 82, column 35, “Broken”: The { here is never closed.")


def test_choice_with_weights_feedback_html_category_tags_and_a_key_of_its_own():
    question = by_key(formats.read(GIFT))["refund-limit"]
    assert question.tags == ("handover", "refunds", "limits")
    assert question.prompt == "A customer asks for a refund of **€180**.\\\nWho decides?"
    assert question.explanation == "See the **table of limits** in the handbook."
    assert question.options == (
        OptionSpec(text="The shift lead", correct=True, why="Up to 250 the lead decides.", share=Decimal(1)),
        OptionSpec(text="You", why="Only up to 50.", share=Decimal(0)),
        OptionSpec(
            text="The duty manager",
            why="From 250 on; asking higher is not wrong, only slow.",
            share=Decimal("0.25"),
        ),
    )


def test_true_false_says_the_first_feedback_to_who_is_wrong_and_the_second_to_who_is_right():
    question = by_key(formats.read(GIFT))["q-62dbe6672e"]
    assert question.answer is False
    assert (question.why_wrong, question.why_right) == (
        "Nobody empties it at night.",
        "Right, it is handed over as it is.",
    )
    assert question.explanation == r"It is only \*counted\*."


@pytest.mark.parametrize(
    ("written", "answer"), [("T", True), ("TRUE", True), ("F", False), ("FALSE", False), ("true", True)]
)
def test_true_false_in_all_its_spellings(written, answer):
    assert only(gift(f"It rains.{{{written}}}")).answer is answer


def test_short_text_with_shares_wildcards_and_a_word_for_everybody_else():
    question = by_key(formats.read(GIFT))["tool-name"]
    assert question.texts == (
        TextSpec(text="Triage Summarizer", why="That is its full name."),
        TextSpec(text="triage…", pattern="triage.*", share=Decimal("0.8"), why="Say the whole name."),
    )
    assert question.why_wrong == "Look at the list of tools."


def test_a_star_that_is_escaped_is_a_star():
    assert only(gift(r"Which sign multiplies?{=\* =times}")).texts[0] == TextSpec(text="*")


def test_an_answer_that_anything_fits_is_refused():
    (fault,) = gift("Say something.{=*}").faults
    assert fault.what == "Any answer at all earns points."


def test_matching_with_a_distractor():
    question = by_key(formats.read(GIFT))["codes"]
    assert question.pairs[0] == PairSpec(left="P1", right="everything stands")
    assert question.distractors == ("nobody knows",)


@pytest.mark.parametrize(
    ("written", "answer", "tolerance"),
    [
        ("#1822", "1822", "0"),
        ("#3.1415:0.0005", "3.1415", "0.0005"),
        ("#3.141..3.142", "3.1415", "0.0005"),
        ("#-5..5", "0", "5"),
        ("#-2:.5", "-2", "0.5"),
        ("#1e3:1", "1000", "1"),
    ],
)
def test_numbers_with_a_tolerance_or_as_a_range(written, answer, tolerance):
    question = only(gift(f"How much?{{{written}}}"))
    assert (question.answer, question.tolerance) == (Decimal(answer), Decimal(tolerance))


def test_several_numbers_with_weights_and_feedback():
    question = by_key(formats.read(GIFT))["reply-time"]
    assert (question.answer, question.tolerance) == (Decimal(15), Decimal(0))
    assert question.numbers == (
        NumberSpec(
            answer=Decimal(15), tolerance=Decimal(5), share=Decimal("0.5"), why="Close, the limit is 15."
        ),
    )
    assert (question.why_right, question.why_wrong) == ("On the dot.", "It is fifteen.")


def test_a_missing_word_leaves_a_blank_and_a_stop_stays_with_it():
    prompts = [gift(text).questions[0].prompt for text in ("It is {=up ~down} now.", "It is {=up ~down}.")]
    assert prompts == ["It is _____ now.", "It is _____."]


def test_an_order_of_steps():
    question = by_key(formats.read(GIFT))["order-of-a-handover"]
    assert question.steps == ("Count the queue", "Name what is open", "Say who waits for what", "Sign")


def test_escaped_signs_are_signs():
    question = by_key(formats.read(GIFT))["signs"]
    assert question.prompt == "Which one is a control sign { like this } = here?"
    assert [option.text for option in question.options] == ["~", "#", "\\"]
    assert question.options[2].why == "The backslash only escapes. It is written twice."


@pytest.mark.parametrize(
    ("form", "prompt"),
    [
        ("html", "2 \\* 3 **is** 6"),
        ("moodle", "2 \\* 3 **is** 6"),
        ("markdown", "2 *3 <b>is</b> 6"),
        ("plain", "2 \\*3 \\<b>is\\</b> 6"),
    ],
)
def test_every_text_format_shows_what_it_showed(form, prompt):
    written = "2 *3 <b>is</b> 6" if form in {"markdown", "plain"} else "2 &#42; 3 <b>is</b> 6"
    found = only(gift(f"[{form}]{written}{{T}}")).prompt
    assert found.replace("\\* 3", "* 3") == prompt.replace("\\* 3", "* 3")


def test_windows_line_ends_a_byte_order_mark_and_comments_change_nothing():
    plain = "// note\nIs it?{T}\n\nWas it?{\n// inside\nF}\n"
    for data in (plain.encode(), plain.replace("\n", "\r\n").encode(), b"\xef\xbb\xbf" + plain.encode()):
        parsed = formats.read(data)
        assert [(q.prompt, q.answer) for q in parsed.questions] == [("Is it?", True), ("Was it?", False)]
        assert parsed.faults == ()


UNREADABLE = {
    "latin": (b"Is it?{T}\n\nGr\xfcn?{F}", "line 3, column 3: The byte 0xfc is not UTF-8."),
    "utf-16": ("Is it?{T}".encode("utf-16"), "line 1, column 1: The file is UTF-16."),
    "large": (b"x" * 10_000_001, "The file has 10,000,001 bytes; at most 10,000,000 can be read."),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_cannot_be_read_at_all_says_where_and_why(name):
    data, place = UNREADABLE[name]
    with pytest.raises(Unreadable) as refused:
        formats.read(data, written_as=formats.Format.GIFT)
    assert str(refused.value).startswith(place)


@pytest.mark.parametrize(
    ("text", "line", "column", "reason"),
    [
        ("Q1 {\n=a\n\n~b}", 1, 4, "The { here is never closed."),
        ("Is it?{T}\n\nQ2 }", 3, 4, "A } stands here without a { before it."),
        ("Q {=a ~b}\nR {T}", 2, 3, "A second { stands here"),
        ("Q {#}", 1, 0, "It asks for a number and gives none."),
        ("Q {#=abc}", 1, 0, "“abc” is not a number."),
        ("Q {#1..2..3}", 1, 0, "“2..3” is not a number."),
        ("Q {=a -> b =c}", 1, 0, "One of the pairs has no “->”."),
        ("Q {=a -> b}", 1, 0, "It needs at least two pairs."),
        ("Q {~a ~b}", 1, 0, "None of its answers is worth anything."),
        ("Q {=a}\n\nQ {=a}", 3, 0, "It asks the same as the question on line 1."),
        ("{=a ~b}", 1, 0, "It has no prompt."),
        (f"Q {{={'x' * 20_001} ~b}}", 1, 0, "A text has 20,001 characters"),
    ],
    ids=range(12),
)
def test_each_fault_is_named_with_its_place(text, line, column, reason):
    fault = gift(text).faults[0]
    assert (fault.line, fault.column, fault.leaves_out) == (line, column, True)
    assert fault.what.startswith(reason)
    assert fault.mend


def test_two_questions_of_one_name_are_two():
    keys = [q.key for q in gift("::Home::A?{T}\n\n::Home::B?{T}").questions]
    assert keys[0] == "home"
    assert keys[1].startswith("home-")
    assert len(keys[1]) == len("home-") + 10


def test_names_in_other_scripts_and_long_names_have_keys_of_their_own():
    questions = gift(f"::漢字::A?{{T}}\n\n::{'long ' * 40}::B?{{T}}").questions
    assert all(len(q.key) <= 100 for q in questions)
    assert questions[0].key.startswith("x-")
