from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from assessments.question_specs import OptionSpec
from assessments.specs import SectionSpec, section_of
from tests.assessments.quizzes.factories import multiple, numeric, quiz_spec, single, true_false

RIGHT = OptionSpec(text="yes", correct=True)
WRONG = OptionSpec(text="no")


@pytest.mark.parametrize("make", [single, multiple, true_false, numeric])
def test_a_sound_question_passes(make):
    make().check()


@pytest.mark.parametrize(
    ("question", "problem"),
    [
        (single(options=(WRONG, OptionSpec(text="neither"))), "exactly one option must be correct; 0 are."),
        (
            single(options=(RIGHT, OptionSpec(text="also", correct=True))),
            "exactly one option must be correct; 2 are.",
        ),
        (single(options=(RIGHT,)), "it needs at least two options."),
        (single(options=(RIGHT, WRONG, OptionSpec(text=" no "))), "two options say the same."),
        (single(options=(RIGHT, OptionSpec(text="  "))), "an option has no text."),
        (single(answer=True), "its answer is given by its parts, not by “answer”."),
        (single(prompt="  "), "it has no prompt."),
        (single(difficulty=4), "its difficulty must be 1, 2 or 3."),
        (single(key="two words"), "its key must be letters, digits, hyphens or underscores."),
        (
            single(kind="essay"),
            (
                "its kind must be one of single, multiple, true_false, numeric, short_text, matching, "
                "ordering, decision."
            ),
        ),
        (single(scoring="proportional"), "a question of its kind cannot be scored “proportional”."),
        (
            single(scoring="lenient"),
            "its scoring must be one of exact, proportional, by_option, weighted.",
        ),
        (
            multiple(options=(WRONG, OptionSpec(text="neither"))),
            "at least one option must be correct and at least one wrong.",
        ),
        (
            multiple(options=(RIGHT, OptionSpec(text="also", correct=True))),
            "at least one option must be correct and at least one wrong.",
        ),
        (true_false(answer=None), "its answer must be true or false."),
        (true_false(answer=Decimal(1)), "its answer must be true or false."),
        (true_false(options=(RIGHT, WRONG)), "a question of its kind has no “options”."),
        (numeric(answer=None), "its answer must be a number with at most 12 digits and 8 decimals."),
        (numeric(answer=True), "its answer must be a number with at most 12 digits and 8 decimals."),
        (
            numeric(answer=Decimal("NaN")),
            "its answer must be a number with at most 12 digits and 8 decimals.",
        ),
        (
            numeric(answer=Decimal(10) ** 12),
            "its answer must be a number with at most 12 digits and 8 decimals.",
        ),
        (numeric(tolerance=Decimal(-1)), "its tolerance must be a number that is not negative."),
        (numeric(tolerance=Decimal("Infinity")), "its tolerance must be a number that is not negative."),
    ],
)
def test_what_cannot_be_asked_or_graded_is_refused_by_name(question, problem):
    with pytest.raises(ValidationError) as caught:
        question.check()

    assert caught.value.messages == [f"Question “{question.key}”: {problem}"]


def test_every_problem_of_a_question_is_told_at_once():
    with pytest.raises(ValidationError) as caught:
        single(prompt="", difficulty=0).check()

    assert len(caught.value.messages) == 2


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"sections": ()}, "Quiz “check”: it has no sections, so it would ask nothing."),
        (
            {"sections": (SectionSpec(tag="limits", title="", draw=4),)},
            "Quiz “check”: section “limits” draws 4 of 3 questions.",
        ),
        (
            {"sections": (SectionSpec(tag="limits", title="", draw=0),)},
            "Quiz “check”: section “limits” draws 0 of 3 questions.",
        ),
        (
            {"threshold": Decimal(0)},
            "Quiz “check”: its threshold must be above 0 and at most 1, with at most three decimals.",
        ),
        (
            {"threshold": Decimal("1.001")},
            "Quiz “check”: its threshold must be above 0 and at most 1, with at most three decimals.",
        ),
        (
            {"threshold": Decimal("0.8555")},
            "Quiz “check”: its threshold must be above 0 and at most 1, with at most three decimals.",
        ),
        ({"time_limit_min": 0}, "Quiz “check”: its time limit must be between 1 minute and 24 hours."),
        ({"max_attempts": 0}, "Quiz “check”: it must allow between 1 and 100 attempts."),
        ({"cooldown_hours": -1}, "Quiz “check”: the hours between attempts must be between 0 and 2160."),
        (
            {"feedback": "always"},
            (
                "Quiz “check”: its feedback must be one of after_each, after_submit, after_close, "
                "after_pass, never."
            ),
        ),
        ({"title": ""}, "Quiz “check”: it has no title."),
        ({"questions": (single(), single(prompt="Other?"))}, "Question “blocked” is there twice."),
        (
            {"questions": (single(), single("other", prompt=single().prompt + " "))},
            "Two questions ask: “A draft comes at 0.69 (blocked). What now?”",
        ),
    ],
)
def test_what_cannot_be_drawn_timed_or_judged_is_refused(overrides, message):
    with pytest.raises(ValidationError) as caught:
        quiz_spec(**overrides).check()

    assert caught.value.messages == [message]


def test_a_question_that_no_section_would_draw_is_refused():
    questions = (single(), single("lost", tags=("elsewhere",)))
    spec = quiz_spec(questions=questions, sections=(SectionSpec(tag="limits", title="", draw=1),))

    with pytest.raises(ValidationError, match="question “lost” has no section's tag"):
        spec.check()


def test_a_question_belongs_to_the_first_section_that_one_of_its_tags_names():
    assert section_of(("log", "limits"), ("limits", "log")) == "limits"
    assert section_of(("log",), ("limits", "log")) == "log"
    assert section_of((), ("limits",)) is None
    assert section_of(("reserve", "log"), ("limits", "log")) is None


def test_an_option_key_depends_on_its_text_alone():
    assert RIGHT.key == OptionSpec(text=" yes ", why="because").key
    assert RIGHT.key != WRONG.key
