"""What an answer of every kind is worth."""

import dataclasses
from decimal import Decimal
from fractions import Fraction

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given, settings
from hypothesis import strategies as st

from assessments.models import QuestionVersion
from assessments.question_specs import NumberSpec, OptionSpec, TextSpec
from assessments.services.grading import (
    best_marks,
    needs_marking,
    option_keys,
    read_marks,
    read_response,
    right_response,
    score,
    stored,
)
from tests.assessments.questions.factories import (
    EVERY_KIND,
    decision,
    matching,
    multiple,
    numeric,
    ordering,
    short_text,
    single,
    version_of,
)

HALF = Fraction(1, 2)
THIRD = Fraction(1, 3)


@pytest.mark.parametrize("make", EVERY_KIND)
def test_the_right_response_earns_the_whole_mark_however_it_is_sent(make):
    version = version_of(make())
    right = right_response(version)

    assert score(version, right, marks=best_marks(version)) == 1
    read = read_response(kind=version.kind, keys=option_keys(version), raw=right)
    assert read == right
    assert score(version, None) == 0


@pytest.mark.parametrize(
    ("picked", "points"),
    [
        ("ab", 1),
        ("a", Fraction(3, 4)),
        ("abc", Fraction(3, 4)),
        ("abcd", HALF),
        ("c", Fraction(1, 4)),
        ("cd", 0),
    ],
)
def test_by_option_every_option_counts(picked, points):
    spec = multiple(
        options=tuple(OptionSpec(text=text, correct=text in "ab") for text in "abcd"), scoring="by_option"
    )
    version = version_of(spec)
    keys = [option.key for option in spec.options if option.text in picked]

    assert score(version, sorted(keys)) == points


@pytest.mark.parametrize(
    ("picked", "points"),
    [
        ("ab", 1),
        ("a", Fraction(2, 3)),
        ("b", THIRD),
        ("abc", HALF),
        ("ac", Fraction(1, 6)),
        ("c", 0),
        ("", 0),
    ],
)
def test_weighted_options_have_their_own_shares(picked, points):
    shares = {"a": Decimal("0.6"), "b": Decimal("0.3"), "c": Decimal("-0.45")}
    options = tuple(OptionSpec(text=text, correct=text != "c", share=share) for text, share in shares.items())
    spec = multiple(options=options, scoring="weighted")
    spec.check()

    version = version_of(spec)
    assert score(version, sorted(option.key for option in options if option.text in picked)) == points


def test_a_half_right_option_of_a_single_choice():
    options = (
        OptionSpec(text="yes", correct=True, share=Decimal(1)),
        OptionSpec(text="almost", share=Decimal("0.5")),
        OptionSpec(text="no", share=Decimal("-0.5")),
    )
    version = version_of(single(options=options, scoring="weighted"))

    assert [score(version, option.key) for option in options] == [1, HALF, 0]


@pytest.mark.parametrize(
    ("response", "points"),
    [("4.25", 1), ("4.5", 1), ("4.75", HALF), ("5", HALF), ("5.01", 0), ("1", Fraction(1, 4)), ("0.99", 0)],
)
def test_a_number_counts_as_the_first_that_covers_it(response, points):
    further = (
        NumberSpec.between(Decimal(4), Decimal(5), share=Decimal("0.5")),
        NumberSpec.between(Decimal(1), Decimal(5), share=Decimal(0)),
        NumberSpec(answer=Decimal(1), share=Decimal("0.25")),
    )
    if response == "1":
        further = further[2:]
    spec = numeric(numbers=further)
    spec.check()

    assert score(version_of(spec), response) == points


@pytest.mark.parametrize(
    ("response", "points"),
    [
        ("escalate", 1),
        ("  ESCALATE ", 1),
        ("Escalation", 1),
        ("\N{FULLWIDTH LATIN SMALL LETTER E}scalate", 1),
        ("escalated", 0),
        ("do not escalate", 0),
        ("Hand\tover", HALF),
        ("handover", 0),
    ],
)
def test_words_are_the_same_whatever_their_case_width_and_spaces(response, points):
    assert score(version_of(short_text()), response) == points


def test_capital_letters_matter_where_the_author_says_so():
    version = version_of(short_text(texts=(TextSpec(text="SLA", pattern="SLAs?"),), case_sensitive=True))

    assert [score(version, text) for text in ("SLA", "SLAs", "sla", "slas")] == [1, 1, 0, 0]


def test_the_first_accepted_answer_that_fits_counts():
    texts = (
        TextSpec(text="no approval", share=Decimal(0), why="Look again."),
        TextSpec(text="approval", pattern=".*approv.*"),
    )
    version = version_of(short_text(texts=texts))

    assert [score(version, text) for text in ("No approval", "an approval", "ask")] == [0, 1, 0]


def test_matching_earns_a_share_for_each_right_pair():
    version = version_of(matching())
    right = right_response(version)
    first, second, third = right
    swapped = right | {first: right[second], second: right[first]}

    assert score(version, {first: right[first]}) == THIRD
    assert score(version, swapped) == THIRD
    assert score(version_of(matching(scoring="exact")), swapped) == 0
    assert score(version, {third: "r-unknown"}) == 0


@pytest.mark.parametrize(
    ("order", "points"),
    [
        ((1, 2, 3, 4), 1),
        ((4, 1, 2, 3), Fraction(2, 3)),
        ((2, 3, 4, 1), Fraction(2, 3)),
        ((2, 1, 3, 4), THIRD),
        ((4, 3, 2, 1), 0),
        ((1, 2, 2, 3), 0),
        ((1, 2), THIRD),
    ],
)
def test_an_order_earns_a_share_for_each_step_that_the_right_one_follows(order, points):
    version = version_of(ordering())
    response = dict(zip(option_keys(version), order, strict=False))

    assert score(version, response) == points
    assert score(version_of(ordering(scoring="exact")), response) == (points == 1)


@pytest.mark.parametrize(
    ("response", "marks", "points"),
    [
        ({"decision": "deny", "justification": ""}, {}, HALF),
        ({"decision": "deny", "justification": "x"}, {}, HALF),
        ({"decision": "deny", "justification": "x"}, {"reason": 3, "tone": 1}, 1),
        ({"decision": "deny", "justification": "x"}, {"reason": 1, "tone": 1}, Fraction(3, 4)),
        ({"decision": "approve", "justification": "x"}, {"reason": 3, "tone": 1}, HALF),
        ({"decision": "approve", "justification": ""}, {"reason": 3, "tone": 1}, 0),
        ({"decision": "", "justification": "x"}, {"reason": 0, "tone": 1}, Fraction(1, 8)),
    ],
)
def test_a_decision_earns_half_and_its_justification_the_other_half(response, marks, points):
    assert score(version_of(decision()), response, marks=marks) == points


def test_a_criterion_may_weigh_more():
    rubric = tuple(
        dict(criterion, weight=weight) for criterion, weight in zip(decision().rubric, (1, 3), strict=True)
    )
    version = version_of(decision(rubric=rubric))

    assert score(version, {"decision": "", "justification": "x"}, marks={"reason": 0, "tone": 1}) == Fraction(
        1, 4
    )


@pytest.mark.parametrize("make", EVERY_KIND)
def test_only_a_justification_needs_a_person(make):
    version = version_of(make())

    assert needs_marking(version, right_response(version)) is (version.kind == "decision")
    assert needs_marking(version, None) is False
    assert needs_marking(version, {"decision": "deny", "justification": ""}) is False


def test_marks_are_levels_of_the_rubric():
    version = version_of(decision())

    assert read_marks(version, {"reason": "3", "tone": 0}) == {"reason": 3, "tone": 0}
    with pytest.raises(ValidationError) as caught:
        read_marks(version, {"reason": "2", "other": 1})
    assert sorted(caught.value.message_dict) == ["other", "reason", "tone"]


responses = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.text(),
    st.decimals(allow_nan=True, allow_infinity=True).map(str),
    st.lists(st.one_of(st.text(), st.integers(), st.none())),
    st.dictionaries(st.text(), st.one_of(st.text(), st.integers(), st.none(), st.booleans())),
    st.fixed_dictionaries(
        {"decision": st.sampled_from(["approve", "deny", "escalate", ""]), "justification": st.text()}
    ),
)


@given(make=st.sampled_from(EVERY_KIND), response=responses)
def test_whatever_is_stored_earns_between_nothing_and_the_mark(make, response):
    version = version_of(make())
    points = score(version, response, marks={"reason": 99, "tone": -1})

    assert 0 <= points <= 1
    assert 0 <= stored(points) <= 1


@given(make=st.sampled_from(EVERY_KIND), raw=responses)
def test_what_is_read_can_be_stored_and_is_read_again_as_the_same(make, raw):
    version = version_of(make())
    keys = option_keys(version)
    try:
        response = read_response(kind=version.kind, keys=keys, raw=raw)
    except ValidationError:
        return
    assert read_response(kind=version.kind, keys=keys, raw=response) == response
    assert "\x00" not in repr(response)


@settings(max_examples=60)
@given(data=st.data())
def test_only_the_right_order_and_the_right_pairs_earn_the_whole_mark(data):
    version = version_of(data.draw(st.sampled_from([ordering, matching]))())
    right = right_response(version)
    values = data.draw(st.permutations(list(right.values())))
    response = dict(zip(right, values, strict=True))

    assert (score(version, response) == 1) is (response == right)


@pytest.mark.parametrize(
    ("make", "raw"),
    [
        (short_text, "nul\x00"),
        (short_text, "\ud800"),
        (short_text, "x" * 301),
        (short_text, ["a", "b"]),
        (short_text, 5),
        (decision, ["approve", "deny"]),
        (decision, ["perhaps"]),
        (decision, ["why:a", "why:b"]),
        (decision, ["why:nul\x00"]),
        (decision, ["why:" + "x" * 5_001]),
        (decision, {"decision": "deny", "note": "x"}),
        (decision, "deny"),
        (matching, ["l-x:r-y"]),
        (matching, "l-x:r-y"),
        (matching, [5]),
        (ordering, {"x": 1}),
        (ordering, ["x:1"]),
    ],
)
def test_what_cannot_be_an_answer_is_refused(make, raw):
    version = version_of(make())

    with pytest.raises(ValidationError):
        read_response(kind=version.kind, keys=option_keys(version), raw=raw)


def test_a_position_belongs_to_one_step():
    version = version_of(ordering())
    first, second, *_rest = keys = option_keys(version)
    with pytest.raises(ValidationError, match="Position 2 is given more than once"):
        read_response(kind="ordering", keys=keys, raw=[f"{first}:2", f"{second}:2"])
    read = read_response(kind="ordering", keys=keys, raw=[f"{first}:2", f"{second}:"])
    assert read == {first: 2}


def test_forms_send_pairs_and_places_one_by_one():
    version = version_of(matching())
    keys = option_keys(version)
    left, right = keys[0], keys[-1]
    assert read_response(kind="matching", keys=keys, raw=[f"{left}:{right}"]) == {left: right}
    assert read_response(kind="matching", keys=keys, raw=["", ""][:0]) is None
    with pytest.raises(ValidationError):
        read_response(kind="matching", keys=keys, raw=[f"{right}:{left}"])
    with pytest.raises(ValidationError):
        read_response(kind="matching", keys=keys, raw=[f"{left}:{right}", f"{left}:{right}"])

    version = version_of(ordering())
    step = option_keys(version)[0]
    assert read_response(kind="ordering", keys=option_keys(version), raw=[f"{step}:4"]) == {step: 4}
    for place in ("0", "5", "01", "x", "-1"):
        with pytest.raises(ValidationError):
            read_response(kind="ordering", keys=option_keys(version), raw=[f"{step}:{place}"])
    with pytest.raises(ValidationError):
        read_response(kind="ordering", keys=option_keys(version), raw={step: True})


def test_a_justification_keeps_its_lines():
    read = read_response(kind="decision", keys=(), raw=["deny", "why: one\r\ntwo "])

    assert read == {"decision": "deny", "justification": "one\ntwo"}


def test_the_hardest_patterns_take_no_time():
    """An engine that backtracks would need longer than the age of the universe."""
    texts = (TextSpec(text="a", pattern="(a+)+b|(a|aa)+c|(.*a){20}d"),)
    version = version_of(short_text(texts=texts))

    assert score(version, "a" * 300) == 0


def test_proportional_stays_what_it_was():
    """Wrong picks are deducted: content that says so keeps its meaning."""
    spec = multiple(scoring="proportional")
    version = version_of(spec)
    right = [option.key for option in spec.options if option.correct]
    wrong = [option.key for option in spec.options if not option.correct]

    assert score(version, [*right, wrong[0]]) == HALF
    assert score(version, [right[0], wrong[0]]) == 0
    assert dataclasses.replace(spec, scoring="by_option").check() is None
    assert QuestionVersion.Scoring("proportional").label == "in proportion, wrong picks deducted"
