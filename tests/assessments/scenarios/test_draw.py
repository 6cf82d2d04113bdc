"""The draw: every category by its share, new cases first, no case twice."""

import random
from collections import Counter
from fractions import Fraction
from math import ceil, floor

from hypothesis import given
from hypothesis import strategies as st

from assessments.services.scenarios.draw import Candidate, draw_cases

CATEGORIES = [f"category-{n}" for n in range(7)]
POOLS = st.lists(
    st.tuples(st.sampled_from(CATEGORIES), st.integers(1, 3), st.integers(0, 3)), min_size=1, max_size=60
).map(lambda rows: [Candidate(number, *row) for number, row in enumerate(rows)])


@given(pool=POOLS, size=st.integers(1, 30), seed=st.integers(0, 2**32))
def test_no_case_twice_and_every_category_by_its_share(pool, size, seed):
    drawn = draw_cases(pool=pool, size=size, rng=random.Random(seed))

    wanted = min(size, len(pool))
    assert (len(drawn), len(set(drawn)), set(drawn) <= set(pool)) == (wanted, wanted, True)
    held = Counter(case.category for case in pool)
    for category, count in Counter(case.category for case in drawn).items():
        share = Fraction(wanted * held[category], len(pool))
        assert floor(share) <= count <= ceil(share)


@given(pool=POOLS, size=st.integers(1, 30), seed=st.integers(0, 2**32))
def test_what_came_less_often_comes_first_within_a_category(pool, size, seed):
    drawn = draw_cases(pool=pool, size=size, rng=random.Random(seed))

    for category in CATEGORIES:
        of_category = [case for case in pool if case.category == category]
        left = [case.times for case in of_category if case not in drawn]
        came = [case.times for case in of_category if case in drawn]
        assert not left or not came or max(came) <= min(left)


@given(seed=st.integers(0, 2**32))
def test_of_a_fresh_even_pool_complexities_come_evenly_and_two_drills_are_all_new(seed):
    rng = random.Random(seed)
    pool = [
        Candidate(place * 6 + n, category, n % 3 + 1, 0)
        for place, category in enumerate(CATEGORIES)
        for n in range(6)
    ]
    first = draw_cases(pool=pool, size=20, rng=rng)
    had = {case.pk for case in first}
    second = draw_cases(
        pool=[Candidate(c.pk, c.category, c.complexity, int(c.pk in had)) for c in pool], size=20, rng=rng
    )

    assert sorted(Counter(case.complexity for case in first).values()) == [6, 7, 7]
    assert all(2 <= count <= 3 for count in Counter(case.category for case in first).values())
    assert not had & {case.pk for case in second}


def test_nothing_to_draw_from_gives_nothing():
    assert draw_cases(pool=[], size=20, rng=random.Random(1)) == []
