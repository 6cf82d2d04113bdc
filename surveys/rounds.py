"""The rounds in which one person answers one survey: the first, and one more whenever the answer lapses."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from surveys.models import Response, Survey
from tracks.months import months_later, renewable_from
from tracks.people import Person


@dataclass(frozen=True, kw_only=True, slots=True)
class Rounds:
    """What was handed in until now (the first round first), and which round may be answered `at` a moment."""

    survey: Survey
    given: Sequence[Response]
    at: datetime

    @property
    def latest(self) -> Response | None:
        return self.given[-1] if self.given else None

    @property
    def holds_until(self) -> datetime | None:
        """When the newest answers lapse; None where there are none, or they hold for good."""
        if self.latest is None or self.survey.valid_months is None:
            return None
        return months_later(self.latest.submitted_at, self.survey.valid_months)

    @property
    def lapsed(self) -> bool:
        return self.holds_until is not None and self.holds_until <= self.at

    @property
    def opens_at(self) -> datetime | None:
        """From when the next round may be answered; None where there is none to come."""
        if self.latest is None or self.holds_until is None:
            return None
        return renewable_from(self.latest.submitted_at, self.holds_until)

    @property
    def open(self) -> int | None:
        """The number of the one round that may be answered now, as far as time is concerned."""
        if self.latest is None:
            return 1
        return self.latest.number + 1 if self.opens_at is not None and self.opens_at <= self.at else None

    def handed_in(self, number: int) -> Response | None:
        return next((response for response in self.given if response.number == number), None)


def rounds_of(*, survey: Survey, respondent: Person, at: datetime) -> Rounds:
    """One query."""
    given = Response.objects.filter(survey=survey, respondent=respondent).order_by("number")
    return Rounds(survey=survey, given=list(given), at=at)
