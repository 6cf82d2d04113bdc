"""`type: date`: from a day on, or until the end of one (UTC)."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Self
from uuid import UUID

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from pydantic import model_validator

from enablement.access.leaves import Leaf
from enablement.access.registry import Params
from tracks.models import Enrolment, Track


class DateParams(Params):
    """not_before: the first day on which it is met. not_after: the last one. One of them at least."""

    not_before: date | None = None
    not_after: date | None = None

    @model_validator(mode="after")
    def _days_in_order(self) -> Self:
        if self.not_before is None and self.not_after is None:
            raise ValueError("expected not_before, not_after, or both")
        if self.not_before and self.not_after and self.not_after < self.not_before:
            raise ValueError("not_after lies before not_before: it would never be met")
        return self


class DateReached:
    name = "date"
    params: type[Params] = DateParams

    def evaluate(
        self, *, track: Track, enrolments: Sequence[Enrolment], params: Any, at: datetime
    ) -> Mapping[UUID, Leaf]:
        leaf = self._leaf(params, at)
        return {enrolment.pk: leaf for enrolment in enrolments}

    def _leaf(self, params: Any, at: datetime) -> Leaf:
        begins, ends = _start(params.not_before), _end(params.not_after)
        met = (begins is None or at >= begins) and (ends is None or at < ends)
        waits = begins is not None and at < begins
        return Leaf(
            type=self.name,
            label=_("Date"),
            met=met,
            begun=waits,
            required=_words(params),
            actual=_("within these days") if met else _("not yet") if waits else _("over"),
            next_step=_("Wait for that day") if waits else "" if met else _("Ask your program manager"),
            proof=(f"date:{at.astimezone(UTC):%Y-%m-%d}",) if met else (),
            lapses_at=ends if met else None,
        )


def _start(day: date | None) -> datetime | None:
    return datetime.combine(day, time(), tzinfo=UTC) if day else None


def _end(day: date | None) -> datetime | None:
    return datetime.combine(day + timedelta(days=1), time(), tzinfo=UTC) if day else None


def _words(params: Any) -> str:
    first, last = (date_format(day) if day else "" for day in (params.not_before, params.not_after))
    if first and last:
        return _("from %(first)s to %(last)s") % {"first": first, "last": last}
    return _("from %(first)s on") % {"first": first} if first else _("until %(last)s") % {"last": last}
