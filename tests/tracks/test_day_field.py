from datetime import date

import pytest
from django.core.exceptions import ValidationError

from tracks.day_field import DayField


@pytest.mark.parametrize("day", ["0001-01-01", "1899-12-31", "2200-01-01", "9999-12-31", "2026-02-30"])
def test_a_day_without_a_day_before_or_after_is_refused(day):
    with pytest.raises(ValidationError):
        DayField().clean(day)


@pytest.mark.parametrize("day", [date(1900, 1, 1), date(2026, 11, 30), date(2199, 12, 31)])
def test_the_days_between_are_taken(day):
    assert DayField().clean(day.isoformat()) == day
