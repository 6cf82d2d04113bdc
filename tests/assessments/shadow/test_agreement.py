"""The figures of agreement, against published values and as laws."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessments.services.agreement import (
    Agreement,
    Interval,
    ceiled,
    cohen_kappa,
    confusion,
    floored,
    measure,
    wilson,
)

pair_lists = st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("abcd")), min_size=1, max_size=80)
shares = st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@pytest.mark.parametrize(
    ("successes", "n", "lower", "upper"),
    [
        # Newcombe (1998), Statistics in Medicine 17, table I, method 3.
        (81, 263, "0.2553", "0.3662"),
        (15, 148, "0.0624", "0.1605"),
        (0, 20, "0.0000", "0.1611"),
        (1, 29, "0.0061", "0.1718"),
        # DESIGN: 44 of 50 reach 0.75, 43 do not.
        (44, 50, "0.7620", "0.9438"),
        (43, 50, "0.7381", "0.9305"),
        (50, 50, "0.9287", "1.0000"),
    ],
)
def test_wilson_gives_the_published_bounds(successes, n, lower, upper):
    interval = wilson(successes=successes, n=n)

    assert round(interval.lower, 4) == Decimal(lower)
    assert round(interval.upper, 4) == Decimal(upper)


@pytest.mark.parametrize(("successes", "n"), [(0, 0), (-1, 5), (6, 5)])
def test_wilson_refuses_what_is_no_share(successes, n):
    with pytest.raises(ValueError, match="is not a share"):
        wilson(successes=successes, n=n)


@given(shares)
def test_wilson_holds_the_share_and_mirrors(share):
    successes, n = share
    interval, mirrored = wilson(successes=successes, n=n), wilson(successes=n - successes, n=n)

    assert 0 <= interval.lower <= Decimal(successes) / n <= interval.upper <= 1
    assert abs(interval.lower - (1 - mirrored.upper)) < Decimal("1e-25")


@given(shares)
def test_one_more_success_lifts_both_bounds(share):
    successes, n = share
    if successes < n:
        less, more = wilson(successes=successes, n=n), wilson(successes=successes + 1, n=n)
        assert less.lower < more.lower
        assert less.upper < more.upper


@pytest.mark.parametrize(
    ("counts", "kappa"),
    [
        # Cohen (1960): three diagnoses in two hundred, 88/14/18, 10/40/10, 2/6/12.
        ({"aa": 88, "ab": 14, "ac": 18, "ba": 10, "bb": 40, "bc": 10, "ca": 2, "cb": 6, "cc": 12}, "0.4915"),
        # Altman (1991), Practical Statistics for Medical Research: 85 xeromammograms.
        (
            {"aa": 21, "ab": 12, "ba": 4, "bb": 17, "bc": 1, "ca": 3, "cb": 9, "cc": 15, "cd": 2, "dd": 1},
            "0.4728",
        ),
        ({"aa": 45, "ab": 5}, "0.0000"),
    ],
)
def test_kappa_gives_the_published_value(counts, kappa):
    pairs = [tuple(pair) for pair, count in counts.items() for _ in range(count)]

    assert round(cohen_kappa(pairs), 4) == Fraction(kappa)


def test_always_yes_against_45_of_50_is_90_percent_and_kappa_zero():
    figures = measure([("yes", "yes")] * 45 + [("yes", "no")] * 5, yellow=10)

    assert (figures.agreed, figures.n) == (45, 50)
    assert figures.kappa == 0
    assert not figures.passes()


def test_kappa_is_undefined_without_variety_and_does_not_pass():
    figures = measure([("yes", "yes")] * 50, yellow=50)

    assert figures.kappa is None
    assert not figures.passes()
    assert cohen_kappa([]) is None


@given(pair_lists)
def test_kappa_is_at_most_one_and_the_same_from_both_sides(pairs):
    kappa = cohen_kappa(pairs)
    swapped = cohen_kappa([(other, one) for one, other in pairs])

    assert kappa == swapped
    assert kappa is None or kappa <= 1
    assert (kappa == 1) == (kappa is not None and all(one == other for one, other in pairs))


@given(pair_lists)
def test_kappa_knows_no_order_and_no_names(pairs):
    names = {"a": 4, "b": 3, "c": 2, "d": 1}

    assert cohen_kappa([(names[one], names[other]) for one, other in reversed(pairs)]) == cohen_kappa(pairs)


@given(pair_lists)
def test_the_confusion_matrix_holds_every_pair_once(pairs):
    table = confusion(pairs, answers="abcd")

    assert sum(map(sum, table)) == len(pairs)
    assert sum(table[i][i] for i in range(4)) == measure(pairs).agreed


def test_confusion_has_the_first_judge_in_rows():
    assert confusion([("a", "b"), ("a", "b"), ("b", "b")], answers="ab") == [[0, 2], [0, 1]]


def look(**changes) -> Agreement:
    figures = {
        "n": 50,
        "agreed": 44,
        "interval": Interval(lower=Decimal("0.75"), upper=Decimal("0.94")),
        "kappa": Fraction(6, 10),
        "critical": 0,
        "yellow": 10,
    }
    return Agreement(**(figures | changes))


def test_a_look_passes_on_its_marks_exactly():
    assert look().passes()


@pytest.mark.parametrize(
    "short",
    [
        {"interval": Interval(lower=Decimal("0.7499999"), upper=Decimal("0.94"))},
        {"kappa": Fraction(599_999, 1_000_000)},
        {"kappa": None},
        {"critical": 1},
        {"yellow": 9},
    ],
)
def test_a_look_fails_where_one_mark_is_missed(short):
    assert not look(**short).passes()


def test_stored_figures_are_rounded_away_from_a_pass():
    assert floored(Fraction(2, 3)) == Decimal("0.666666")
    assert floored(Fraction(-1, 3)) == Decimal("-0.333334")
    assert ceiled(Decimal("0.7500001")) == Decimal("0.750001")
