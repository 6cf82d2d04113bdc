from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from tracks.templatetags.moments import last_minute


@pytest.mark.parametrize(
    ("end", "zone", "said"),
    [
        (datetime(2026, 12, 16, tzinfo=UTC), "UTC", "2026-12-15 23:59"),
        (datetime(2026, 12, 15, 23, tzinfo=UTC), "Europe/Berlin", "2026-12-15 23:59"),
        (datetime(2026, 12, 16, tzinfo=UTC), "Europe/Berlin", "2026-12-16 01:00"),
        (datetime(2026, 12, 16, 8, 30, tzinfo=UTC), "UTC", "2026-12-16 08:30"),
    ],
)
def test_what_ends_as_a_day_begins_is_said_to_end_with_the_day_before(end, zone, said):
    with timezone.override(ZoneInfo(zone)):
        assert f"{timezone.localtime(last_minute(end)):%Y-%m-%d %H:%M}" == said


def test_what_has_no_end_has_no_last_minute():
    assert last_minute(None) is None
