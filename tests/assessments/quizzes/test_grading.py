from decimal import Decimal
from fractions import Fraction

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from assessments.models import QuestionVersion
from assessments.services.grading import passes, read_response, right_response, score, stored

KEYS = tuple("abcdef")


def choice(right, *, kind="multiple", scoring="exact"):
    options = [{"key": key, "text": key, "correct": key in right, "why": ""} for key in KEYS]
    return QuestionVersion(kind=kind, options=options, scoring=scoring)


def number(answer, tolerance="0"):
    return QuestionVersion(kind="numeric", answer=answer, tolerance=Decimal(tolerance))


@pytest.mark.parametrize(
    ("kind", "raw", "expected"),
    [
        ("single", "a", "a"),
        ("single", ["a"], "a"),
        ("single", None, None),
        ("single", "", None),
        ("single", [], None),
        ("multiple", ["c", "a", "c"], ["a", "c"]),
        ("multiple", [], None),
        ("true_false", True, True),
        ("true_false", False, False),
        ("true_false", ["false"], False),
        ("true_false", "true", True),
        ("numeric", "1500", "1500"),
        ("numeric", [" 0.750 "], "0.750"),
        ("numeric", "-.5", "-0.5"),
        ("numeric", "\N{MINUS SIGN}2", "-2"),
        ("numeric", "4.", "4"),
        ("numeric", "  ", None),
    ],
)
def test_answers_are_read(kind, raw, expected):
    response = read_response(kind=kind, keys=KEYS, raw=raw)

    assert response == expected
    assert type(response) is type(expected)


@pytest.mark.parametrize(
    ("kind", "raw"),
    [
        ("single", "z"),
        ("single", ["a", "b"]),
        ("single", 1),
        ("single", {"a": 1}),
        ("single", True),
        ("multiple", "a"),
        ("multiple", ["a", "z"]),
        ("multiple", ["a", None]),
        ("multiple", {"a": True}),
        ("true_false", "yes"),
        ("true_false", 1),
        ("true_false", ["true", "false"]),
        ("numeric", "1,000"),
        ("numeric", "1e3"),
        ("numeric", "NaN"),
        ("numeric", "Infinity"),
        ("numeric", "4 h"),
        ("numeric", "1" * 13),
        ("numeric", "0.123456789"),
        ("numeric", 4),
        ("numeric", ["4", "5"]),
    ],
)
def test_what_cannot_be_an_answer_is_refused(kind, raw):
    with pytest.raises(ValidationError):
        read_response(kind=kind, keys=KEYS, raw=raw)


@given(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.text(),
        st.lists(st.text()),
        st.dictionaries(st.text(), st.text()),
    )
)
def test_any_json_is_either_read_or_refused(raw):
    for kind in QuestionVersion.Kind.values:
        try:
            response = read_response(kind=kind, keys=KEYS, raw=raw)
        except ValidationError:
            continue
        assert response is None or 0 <= score(_any_question(kind), response) <= 1


def _any_question(kind):
    if kind == "numeric":
        return number("1")
    if kind == "true_false":
        return QuestionVersion(kind=kind, answer="true")
    return choice("a", kind=kind)


def test_single_choice():
    question = choice("b", kind="single")

    assert score(question, "b") == 1
    assert score(question, "a") == 0
    assert score(question, None) == 0


@pytest.mark.parametrize(
    ("answer", "response", "points"),
    [("true", True, 1), ("true", False, 0), ("false", False, 1), ("false", True, 0), ("false", None, 0)],
)
def test_true_false(answer, response, points):
    assert score(QuestionVersion(kind="true_false", answer=answer), response) == points


@pytest.mark.parametrize(
    ("answer", "tolerance", "response", "points"),
    [
        ("4.25", "0.25", "4.5", 1),
        ("4.25", "0.25", "4.0", 1),
        ("4.25", "0.25", "4.50000001", 0),
        ("0.1", "0.2", "0.3", 1),
        ("0.7", "0", "0.70", 1),
        ("0.7", "0", "0.69999999", 0),
        ("-3", "0", "3", 0),
    ],
)
def test_a_number_is_right_within_its_tolerance_both_ends_included(answer, tolerance, response, points):
    assert score(number(answer, tolerance), response) == points


@pytest.mark.parametrize(
    ("picked", "exact", "proportional"),
    [
        ("abc", 1, Fraction(1)),
        ("ab", 0, Fraction(2, 3)),
        ("a", 0, Fraction(1, 3)),
        ("abcd", 0, Fraction(2, 3)),
        ("abd", 0, Fraction(1, 3)),
        ("ad", 0, Fraction(0)),
        ("de", 0, Fraction(0)),
        ("abcdef", 0, Fraction(0)),
    ],
)
def test_multiple_choice(picked, exact, proportional):
    assert score(choice("abc"), sorted(picked)) == exact
    assert score(choice("abc", scoring="proportional"), sorted(picked)) == proportional


subsets = st.sets(st.sampled_from(KEYS), min_size=1, max_size=5)


@given(right=subsets, picked=subsets, scoring=st.sampled_from(["exact", "proportional"]))
def test_only_the_right_picks_alone_earn_the_whole_mark(right, picked, scoring):
    question = choice(right, scoring=scoring)
    points = score(question, sorted(picked))

    assert 0 <= points <= 1
    assert (points == 1) is (picked == right)
    assert score(question, right_response(question)) == 1


@given(right=subsets, picked=subsets, wrong=st.sampled_from(KEYS))
def test_one_more_wrong_pick_never_helps(right, picked, wrong):
    if wrong in right:
        return
    question = choice(right, scoring="proportional")

    assert score(question, sorted({*picked, wrong})) <= score(question, sorted(picked - {wrong}))


@pytest.mark.parametrize(
    ("points", "max_points", "threshold", "passed"),
    [
        ("17", 20, "0.85", True),
        ("16", 20, "0.85", False),
        ("16.9999", 20, "0.85", False),
        ("8", 10, "0.8", True),
        ("7", 10, "0.7", True),
        ("2.1", 3, "0.7", True),
        ("2.0999", 3, "0.7", False),
        ("20", 20, "1", True),
        ("0", 20, "0.001", False),
    ],
)
def test_the_threshold_is_met_exactly_or_not(points, max_points, threshold, passed):
    assert passes(points=Decimal(points), max_points=max_points, threshold=Decimal(threshold)) is passed


@given(
    points=st.fractions(min_value=0, max_value=30, max_denominator=60),
    max_points=st.integers(30, 40),
    threshold=st.decimals("0.001", "1", places=3),
)
def test_rounding_for_the_record_never_changes_who_passed(points, max_points, threshold):
    """A gate reads the stored points: it must say what the attempt said."""
    assert passes(points=stored(points), max_points=max_points, threshold=threshold) is passes(
        points=points, max_points=max_points, threshold=threshold
    )


def test_three_thirds_are_one():
    third = score(choice("abc", scoring="proportional"), ["a"])

    assert stored(third + third + third) == 1
    assert stored(third) == Decimal("0.3333")
