"""What one person may see and do on the page of a review."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from assessments import reviewers
from assessments.models import LabMark, Submission
from assessments.selectors.labs import Round, round_of
from assessments.selectors.reviews import review_due_at
from assessments.services.labs.marking import Mark, Turn, settled, shortfalls, total, turn_of
from tracks.people import Person


@dataclass(frozen=True, kw_only=True, slots=True)
class ReviewPage:
    """turn: whose turn the round is; mine: one's own claim, claimed_by: another's.

    may_mark: give marks that decide nothing; may_decide: sign off or send back. shown_marks: what others
    gave, for who settles; settled: the marks that count, with `short`, why they do not allow a sign-off.
    """

    round: Round
    turn: Turn
    due_at: datetime
    mine: bool
    claimed_by: Person | None
    may_mark: bool
    may_decide: bool
    marked: bool
    shown_marks: Sequence[LabMark] = ()
    settled: Sequence[Mark] = ()
    points: object = 0
    short: Sequence[str] = ()

    @property
    def may_act(self) -> bool:
        return self.may_mark or self.may_decide


def review_page(*, submission: Submission, user: Person, at: datetime) -> ReviewPage:
    """Of a submission from `with_rounds`. Nobody sees another's marks before they have given their own."""
    turn = turn_of(submission)
    marks = list(submission.marks.all())
    mentor = reviewers.reviews(user, submission.enrolment, at)
    marked = any(mark.marker_id == user.pk for mark in marks)
    may_mark = (
        turn.marks
        and not marked
        and (reviewers.is_colleague(user, submission.enrolment, at) if turn.colleague else mentor)
    )
    counted = settled(submission.lab, marks) or [] if turn is Turn.DECIDE else []
    claimant = reviewers.claims([submission], at).get(submission.pk)
    return ReviewPage(
        round=round_of(submission),
        turn=turn,
        due_at=review_due_at(submission),
        mine=claimant == user,
        claimed_by=claimant if claimant != user else None,
        may_mark=may_mark,
        may_decide=mentor and turn in {Turn.REVIEW, Turn.FIRST, Turn.DECIDE},
        marked=marked,
        shown_marks=marks if turn is Turn.DECIDE or (turn is Turn.THIRD and may_mark) else (),
        settled=counted,
        points=total(counted),
        short=shortfalls(submission.lab, counted) if counted else (),
    )
