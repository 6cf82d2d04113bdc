"""Rules of appeals (decision 0057)."""

from datetime import datetime

from django.utils.translation import gettext as _

from assessments import rules
from assessments.models import Appeal
from tracks.models import Enrolment

#: By when another person answers (DESIGN §4).
ANSWER_WORKING_DAYS = 3


def due_of(enrolment: Enrolment, opened_at: datetime) -> datetime:
    """enrolment: with its cohort, whose calendar counts."""
    return rules.working_days_after(opened_at, days=ANSWER_WORKING_DAYS, zone=enrolment.cohort.timezone)


def names_of(appeal: Appeal) -> tuple[str, str]:
    """What it is about, and where that is; with the relations that `selectors.appeals.RELATED` names."""
    if appeal.item is not None:
        attempt = appeal.item.attempt
        return (
            _("Question %(number)d of “%(quiz)s”") % {"number": appeal.item.position, "quiz": attempt.quiz},
            _("attempt %(number)d") % {"number": attempt.number},
        )
    if appeal.review is not None:
        submission = appeal.review.submission
        title = next(
            (mark["title"] for mark in appeal.review.marks if mark["key"] == appeal.criterion),
            appeal.criterion,
        )
        return (
            _("“%(criterion)s” of “%(lab)s”") % {"criterion": title, "lab": submission.lab},
            _("round %(number)d") % {"number": submission.round},
        )
    sample = appeal.sample
    if sample is None:
        raise ValueError("an appeal is about one thing")
    return (
        _("Case “%(case)s”") % {"case": sample.case.subject},
        _("%(pool)s, case %(number)d") % {"pool": sample.pool, "number": sample.number},
    )
