"""Who may do what here, and when. Predicates and small values; whoever asks has read the rows already."""

import zoneinfo
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import zip_longest

from assessments.models import OFF_LIMITS, Attempt, Quiz, Route
from tracks.models import Enrolment, Mentorship
from tracks.months import months_later, renewable_from
from tracks.people import Person

#: Answers that were on their way when the time ran out still count.
GRACE = timedelta(seconds=5)
_SATURDAY = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class AttemptLimits:
    """How many attempts of a quiz one person has used, and from when the next may start.

    `running`: one is open; `waiting`: one waits for a mentor's marks. `renewing`: a pass can be given anew.

    An attempt counts from its start, so that questions cannot be read and left.
    """

    used: int
    allowed: int
    last_number: int
    opens_at: datetime | None
    running: bool = False
    waiting: bool = False
    renewing: bool = False

    @property
    def left(self) -> int:
        return max(self.allowed - self.used, 0)

    def cooling_down(self, at: datetime) -> bool:
        return self.opens_at is not None and at < self.opens_at


def renewal_began(*, passes: Sequence[datetime], valid_months: int, at: datetime) -> datetime | None:
    """When a pass could last be renewed from (see `renewable_from`), unless a newer one came first.

    passes: when each ended, oldest first.
    """
    opened = [renewable_from(passed, months_later(passed, valid_months)) for passed in passes]
    began = (
        start
        for start, follower in zip_longest(opened, passes[1:])
        if start <= at and (follower is None or follower >= start)
    )
    return max(began, default=None)


def shows_answers(*, feedback: str, passed: bool, another_open: bool, closed: bool = False) -> bool:
    """Whether the right answers of an attempt with a result may be shown.

    passed: whether this person has passed the quiz, by whatever attempt.
    another_open: an attempt that is still running may ask the same questions again.
    closed: the quiz has closed, and nobody's attempt runs on.
    """
    if another_open:
        return False
    match feedback:
        case Quiz.Feedback.AFTER_EACH | Quiz.Feedback.AFTER_SUBMIT:
            return True
        case Quiz.Feedback.AFTER_CLOSE:
            return closed
        case Quiz.Feedback.AFTER_PASS:
            return passed
        case _:
            return False


def is_overdue(*, deadline_at: datetime, at: datetime) -> bool:
    return at > deadline_at + GRACE


def mentors(user: Person, enrolment: Enrolment) -> bool:
    """Whether this person is a mentor of that enrolment now."""
    return Mentorship.objects.filter(enrolment=enrolment, mentor=user, ended_at=None).exists()


def may_allow_more(user: Person, enrolment: Enrolment) -> bool:
    """A mentor of the learner, or who runs their cohort; never oneself."""
    return user.pk != enrolment.user_id and (
        mentors(user, enrolment) or user.has_perm("tracks.run_cohort", enrolment.cohort)
    )


def may_excuse(user: Person, attempt: Attempt) -> bool:
    """An author, or who runs the cohort of the attempt; never oneself."""
    if user.pk == attempt.user_id:
        return False
    if user.has_perm("assessments.author_questions"):
        return True
    return bool(user.has_perm("tracks.run_cohort", attempt.enrolment.cohort))


def is_critical(*, decision: str, usable: bool, right: str) -> bool:
    """Whether these answers would have let the output of a case through that has to be avoided or escalated.

    That is: automate, whatever was said of the output afterwards; or review, and then usable.
    """
    lets_through = decision == Route.AUTOMATE or (decision == Route.REVIEW and usable)
    return lets_through and right in OFF_LIMITS


def working_days_after(moment: datetime, *, days: int, zone: str) -> datetime:
    """The same time of day, so many working days (Monday to Friday in that zone) later.

    What comes in at a weekend counts as of the start of Monday.
    """
    local = moment.astimezone(zoneinfo.ZoneInfo(zone))
    if local.weekday() >= _SATURDAY:
        monday = local.date() + timedelta(days=7 - local.weekday())
        local = datetime.combine(monday, time.min, tzinfo=local.tzinfo)
    while days:
        local += timedelta(days=1)
        days -= local.weekday() < _SATURDAY
    return local
