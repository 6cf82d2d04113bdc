"""Which case comes next: shares are kept, settled cases come first, chance decides the rest."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assessments.services.shadow.stratify import Had, Stratum, choose

OUTCOMES = ("automate", "review", "avoid", "escalate")


def make_cases(
    *, yellow: int, other: int, categories: int = 3, outcomes: int = 1, settled: int = 0
) -> list[Stratum]:
    zones = [True] * yellow + [False] * other
    return [
        Stratum(
            pk=n,
            yellow=zone,
            outcome=OUTCOMES[n % outcomes],
            category=f"category {n % categories}",
            settled=n < settled,
        )
        for n, zone in enumerate(zones)
    ]


def draws(cases: list[Stratum], count: int, seed: int = 7) -> list[Stratum]:
    rng = random.Random(seed)
    drawn: list[Stratum] = []
    for _ in range(count):
        free = [case for case in cases if case not in drawn]
        so_far = [Had(case.yellow, case.outcome, case.category) for case in drawn]
        drawn.append(choose(pool=cases, drawn=so_far, free=free, rng=rng))
    return drawn


@settings(max_examples=30)
@given(st.integers(50, 120), st.integers(0, 2**16))
def test_any_fifty_draws_in_a_row_hold_ten_yellow_cases_and_the_pools_share(yellow, seed):
    cases = make_cases(yellow=yellow, other=220 - yellow)
    zones = [case.yellow for case in draws(cases, 100, seed)]

    for start in range(51):
        window = sum(zones[start : start + 50])
        assert window >= 10
        assert abs(window - 50 * max(yellow / 220, 0.24)) < 2


def test_few_yellow_cases_still_give_ten_in_fifty():
    cases = make_cases(yellow=14, other=136)

    assert sum(case.yellow for case in draws(cases, 50)) >= 11


def test_categories_keep_their_shares_within_a_zone():
    cases = make_cases(yellow=60, other=90)
    first = draws(cases, 60)

    for zone in (True, False):
        of_zone = [case.category for case in first if case.yellow is zone]
        counts = [of_zone.count(f"category {n}") for n in range(3)]
        assert max(counts) - min(counts) <= 1


@settings(max_examples=15)
@given(
    shares=st.tuples(*[st.integers(1, 40)] * 8),
    count=st.integers(1, 60),
    seed=st.integers(0, 2**16),
)
def test_outcomes_keep_their_share_of_their_zone_whatever_the_pool(shares, count, seed):
    strata = [(zone, outcome) for zone in (True, False) for outcome in OUTCOMES]
    cases = [
        Stratum(pk=(index, n), yellow=zone, outcome=outcome, category="a", settled=False)
        for index, ((zone, outcome), size) in enumerate(zip(strata, shares, strict=True))
        for n in range(size + 60)
    ]
    drawn = draws(cases, count, seed)

    assert len({case.pk for case in drawn}) == count
    for zone in (True, False):
        of_zone = [case for case in drawn if case.yellow is zone]
        in_pool = [case for case in cases if case.yellow is zone]
        for outcome in OUTCOMES:
            share = sum(case.outcome == outcome for case in in_pool) / len(in_pool)
            # Three outcomes may each be one ahead, so the fourth is at most three behind.
            assert -3 < sum(case.outcome == outcome for case in of_zone) - share * len(of_zone) < 1


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_what_comes_next_cannot_be_counted_out(outcome):
    """After the same draws, each outcome but the one that is ahead may come."""
    cases = make_cases(yellow=0, other=80, outcomes=4)
    first = next(case for case in cases if case.outcome == outcome)
    free = [case for case in cases if case != first]
    had = [Had(first.yellow, first.outcome, first.category)]
    following = {
        choose(pool=cases, drawn=had, free=free, rng=random.Random(seed)).outcome for seed in range(60)
    }

    assert following == set(OUTCOMES) - {outcome}


def test_settled_cases_come_first_within_the_zone():
    settled = [
        Stratum(pk=n, yellow=n % 2 == 0, outcome="avoid", category="a", settled=n < 20) for n in range(60)
    ]

    assert all(case.settled for case in draws(settled, 16))


def test_chance_decides_among_equals():
    cases = make_cases(yellow=30, other=30, categories=1)

    assert len({draws(cases, 1, seed)[0].pk for seed in range(40)}) > 10


def test_when_a_zone_is_used_up_the_other_goes_on_until_nothing_is_left():
    cases = make_cases(yellow=2, other=4)
    drawn = draws(cases, 6)

    assert {case.pk for case in drawn} == {0, 1, 2, 3, 4, 5}
    assert choose(pool=cases, drawn=[], free=[], rng=random.Random(1)) is None
