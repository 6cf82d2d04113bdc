"""When a review should be there: working days, in the cohort's zone."""

from datetime import UTC, datetime

import pytest

from assessments.rules import working_days_after


@pytest.mark.parametrize(
    ("handed_in", "zone", "due"),
    [
        ("2026-11-02T09:30", "UTC", "2026-11-04T09:30"),
        ("2026-11-05T16:00", "UTC", "2026-11-09T16:00"),
        ("2026-11-06T16:00", "UTC", "2026-11-10T16:00"),
        # At the weekend the clock starts with Monday.
        ("2026-11-07T16:00", "UTC", "2026-11-11T00:00"),
        # Friday evening in New York, Saturday in UTC.
        ("2026-11-07T01:00", "America/New_York", "2026-11-11T01:00"),
        # The clocks go back on Sunday 25 October: the time of day stays.
        ("2026-10-23T10:00", "Europe/Berlin", "2026-10-27T11:00"),
    ],
)
def test_two_working_days(handed_in, zone, due):
    moment = datetime.fromisoformat(handed_in).replace(tzinfo=UTC)

    assert working_days_after(moment, days=2, zone=zone) == datetime.fromisoformat(due).replace(tzinfo=UTC)
