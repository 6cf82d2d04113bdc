from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracks.months import months_later


def day(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "months", "expected"),
    [
        ("2026-01-31", 1, "2026-02-28"),
        ("2028-01-31", 1, "2028-02-29"),
        ("2028-02-29", 12, "2029-02-28"),
        ("2026-11-20", 2, "2027-01-20"),
        ("2026-12-31", 12, "2027-12-31"),
        ("2026-08-31", 6, "2027-02-28"),
    ],
)
def test_calendar_months(at, months, expected):
    assert months_later(day(at), months) == day(expected)


@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.integers(0, 120),
)
def test_so_many_months_on_and_never_a_later_day_of_the_month(at, months):
    later = months_later(at, months)
    assert (later.year * 12 + later.month) - (at.year * 12 + at.month) == months
    assert later.day <= at.day
    assert later.time() == at.time()
