"""`Retry-After`: seconds or a moment, however somebody writes it; nothing in it breaks a job."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enablement.jobs.retry_after import FOREVER, pause_of
from enablement.jobs.services import TryLater

AT = datetime(2026, 11, 9, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("header", "pause"),
    [
        (None, None),
        ("", None),
        ("120", timedelta(seconds=120)),
        (" 120 ", timedelta(seconds=120)),
        ("0", timedelta()),
        ("-5", None),
        ("1.5", None),
        ("²", None),
        ("٣", None),
        ("soon", None),
        ("9" * 30, FOREVER),
        ("9" * 5_000, FOREVER),
        ("999999999", FOREVER),
        ("Mon, 09 Nov 2026 09:02:00 GMT", timedelta(minutes=2)),
        ("Mon, 09 Nov 2026 10:02:00 +0100", timedelta(minutes=2)),
        ("Mon, 09 Nov 2026 09:02:00", timedelta(minutes=2)),
        ("Mon, 09 Nov 2026 08:59:59 GMT", None),
        ("Fri, 31 Dec 9999 23:59:59 GMT", FOREVER),
        ("Fri, 99 Dec 9999 23:59:59 GMT", None),
        ("Mon, 09 Nov 2026 09:02:00 +9999", None),
    ],
)
def test_what_it_says(header, pause):
    assert pause_of(header, at=AT) == pause


@given(st.text(max_size=60))
def test_nothing_breaks_it(header):
    pause = pause_of(header, at=AT)
    assert pause is None or timedelta() <= pause <= FOREVER


@pytest.mark.parametrize(
    ("asked", "kept"), [(None, timedelta()), (-HOUR, timedelta()), (HOUR / 2, HOUR / 2), (FOREVER, HOUR)]
)
def test_a_job_waits_an_hour_at_most_and_never_less_than_nothing(asked, kept):
    assert TryLater(pause=asked).pause == kept
