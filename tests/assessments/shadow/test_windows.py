"""Windows and looks as rules: when agreement carries over, and when a look is due."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessments.windows import (
    CARRIES,
    FRESH_WITHIN,
    Carry,
    Lost,
    Window,
    carry_over,
    missing_for_look,
    oldest_counted,
)
from tests.assessments.shadow.factories import AT

DAY = timedelta(days=1)


def window(number: int, day: int, *, material: bool = False) -> Window:
    since = AT + day * DAY
    return Window(
        number=number,
        since=since,
        fresh_by=since + FRESH_WITHIN,
        carries_until=since + CARRIES,
        material=material,
    )


def test_the_figures_are_those_of_the_design():
    second = window(2, 0)

    assert second.fresh_by - second.since == 14 * DAY
    assert second.carries_until - second.since == 90 * DAY
    assert carry_over(newer=[second], fresh={2: 14}, at=AT).fresh_missing == 1


@pytest.mark.parametrize(
    ("newer", "fresh", "day", "carry"),
    [
        ([], {}, 500, Carry()),
        # Two weeks for 15 fresh cases, then ninety days.
        ([window(2, 0)], {}, 0, Carry(lapses_at=AT + 14 * DAY, fresh_missing=15)),
        ([window(2, 0)], {2: 14}, 13, Carry(lapses_at=AT + 14 * DAY, fresh_missing=1)),
        ([window(2, 0)], {2: 14}, 14, Carry(lost=Lost.NOT_FRESH)),
        ([window(2, 0)], {2: 15}, 14, Carry(lapses_at=AT + 90 * DAY)),
        ([window(2, 0)], {2: 15}, 89, Carry(lapses_at=AT + 90 * DAY)),
        ([window(2, 0)], {2: 15}, 90, Carry(lost=Lost.EXPIRED)),
        # Material ends it at once, whatever was done.
        ([window(2, 0, material=True)], {2: 15}, 1, Carry(lost=Lost.MATERIAL)),
        ([window(2, 0, material=True), window(3, 5)], {3: 15}, 6, Carry(lost=Lost.MATERIAL)),
        # A version replaced within its two weeks asks for nothing; the ninety days do not start anew.
        ([window(2, 0), window(3, 10)], {}, 15, Carry(lapses_at=AT + 24 * DAY, fresh_missing=15)),
        ([window(2, 0), window(3, 10)], {3: 15}, 25, Carry(lapses_at=AT + 90 * DAY)),
        ([window(2, 0), window(3, 80)], {2: 15}, 81, Carry(lapses_at=AT + 90 * DAY, fresh_missing=15)),
        ([window(2, 0), window(3, 20)], {3: 15}, 21, Carry(lost=Lost.NOT_FRESH)),
    ],
)
def test_what_a_look_of_an_earlier_version_is_worth(newer, fresh, day, carry):
    assert carry_over(newer=newer, fresh=fresh, at=AT + day * DAY) == carry


versions = st.lists(st.integers(1, 120), min_size=1, max_size=4, unique=True).map(
    lambda days: [window(number, day) for number, day in enumerate(sorted(days), start=2)]
)


@given(versions, st.dictionaries(st.integers(2, 5), st.integers(0, 20)), st.integers(121, 300))
def test_what_is_lost_stays_lost_and_what_counts_lapses_in_the_future(newer, fresh, day):
    now, later = AT + day * DAY, AT + (day + 7) * DAY
    carry = carry_over(newer=newer, fresh=fresh, at=now)

    if carry.lost:
        assert carry_over(newer=newer, fresh=fresh, at=later).lost is not None
    else:
        assert carry.lapses_at > now
        assert carry_over(newer=newer, fresh=fresh, at=carry.lapses_at).lost is not None


@pytest.mark.parametrize(
    ("windows", "day", "oldest"),
    [
        ([], 0, 1),
        ([window(1, 0), window(2, 10)], 99, 1),
        ([window(1, 0), window(2, 10)], 100, 2),
        ([window(1, 0), window(2, 10, material=True)], 11, 2),
        ([window(1, 0), window(2, 10, material=True), window(3, 20)], 21, 2),
        ([window(1, 0, material=True), window(2, 10)], 11, 1),
    ],
)
def test_a_look_uses_samples_of_versions_that_still_count(windows, day, oldest):
    assert oldest_counted(windows=windows, at=AT + day * DAY) == oldest


@given(st.integers(1, 120), st.integers(1, 300))
def test_looks_fall_at_the_sample_size_and_each_25_after_and_never_in_between(size, samples):
    looks = []
    for count in range(1, samples + 1):
        fresh = count - looks[-1] if looks else None
        if not missing_for_look(sample_size=size, counted=count, fresh=fresh):
            looks.append(count)

    assert looks == list(range(size, samples + 1, 25))


@given(st.integers(1, 120), st.integers(0, 200), st.none() | st.integers(0, 200))
def test_so_many_more_samples_bring_exactly_one_look(size, counted, fresh):
    missing = missing_for_look(sample_size=size, counted=counted, fresh=fresh)

    for more in range(missing):
        later = None if fresh is None else fresh + more
        assert missing_for_look(sample_size=size, counted=counted + more, fresh=later) == missing - more
