"""The clock of approvals: Monday to Friday, 09:00 to 17:00, in one zone."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enablement.access.working_time import after

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Auckland")
moments = st.integers(0, 2 * 365 * 24 * 3600).map(
    lambda seconds: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)
minutes = st.integers(0, 40 * 60).map(lambda count: timedelta(minutes=count))
zones = st.sampled_from(ZONES)


def local(text, zone="UTC"):
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


@pytest.mark.parametrize(
    ("start", "hours", "end", "zone"),
    [
        ("2026-11-09T09:00", 4, "2026-11-09T13:00", "UTC"),
        ("2026-11-09T09:00", 8, "2026-11-09T17:00", "UTC"),
        ("2026-11-09T15:30", 4, "2026-11-10T11:30", "UTC"),
        ("2026-11-09T17:00", 1, "2026-11-10T10:00", "UTC"),
        ("2026-11-09T03:00", 4, "2026-11-09T13:00", "UTC"),
        ("2026-11-13T16:00", 4, "2026-11-16T12:00", "UTC"),
        ("2026-11-14T12:00", 4, "2026-11-16T13:00", "UTC"),
        ("2026-11-09T09:00", 48, "2026-11-16T17:00", "UTC"),
        ("2026-11-09T16:00", 4, "2026-11-10T12:00", "America/New_York"),
        # Berlin's clocks go back on Sunday 25 October: Friday 16:00 is UTC+2, Monday 12:00 is UTC+1.
        ("2026-10-23T16:00", 4, "2026-10-26T12:00", "Europe/Berlin"),
    ],
)
def test_examples(start, hours, end, zone):
    assert after(local(start, zone), timedelta(hours=hours), zone=zone) == local(end, zone)


def test_the_answer_is_in_utc():
    end = after(local("2026-11-09T09:00", "Asia/Kolkata"), timedelta(hours=4), zone="Asia/Kolkata")
    assert (end.tzinfo, end.hour, end.minute) == (UTC, 7, 30)


def test_time_does_not_run_backwards():
    with pytest.raises(ValueError, match="negative"):
        after(local("2026-11-09T09:00"), timedelta(hours=-1), zone="UTC")


@given(start=moments, amount=minutes, zone=zones)
def test_it_ends_in_working_time_and_never_before_it_began(start, amount, zone):
    end = after(start, amount, zone=zone)
    here = end.astimezone(ZoneInfo(zone))
    assert end >= start
    assert here.weekday() < 5
    assert 9 * 60 <= here.hour * 60 + here.minute + (here.second > 0) <= 17 * 60


@given(start=moments, first=minutes, second=minutes, zone=zones)
def test_two_spans_after_each_other_are_their_sum(start, first, second, zone):
    assert after(after(start, first, zone=zone), second, zone=zone) == after(start, first + second, zone=zone)


@given(start=moments, later=st.timedeltas(timedelta(0), timedelta(days=9)), amount=minutes, zone=zones)
def test_who_asks_later_is_not_served_sooner(start, later, amount, zone):
    assert after(start, amount, zone=zone) <= after(start + later, amount, zone=zone)


@given(start=moments.map(lambda at: at.replace(second=0, microsecond=0)), count=st.integers(1, 700))
def test_it_counts_the_minutes_that_are_working_time(start, count):
    """Against the slow way: look at every minute."""
    end = after(start, timedelta(minutes=count), zone="UTC")
    passed, at = 0, start
    while at < end:
        passed += at.weekday() < 5 and 9 <= at.hour < 17
        at += timedelta(minutes=1)
    assert passed == count
