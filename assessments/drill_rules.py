"""Rules of drills and of supervised decisions (decisions 0048 and 0049)."""

import random
from datetime import datetime
from decimal import Decimal

from assessments import reviewers
from assessments.models import CaseDecision
from tracks.models import Enrolment
from tracks.people import Person

#: The fewest words that pass for a sentence.
SENTENCE_WORDS = 6
#: Of a practice drill, a mentor grades one justification in so many.
GRADED_EVERY = 5


def graded_places(*, capstone: bool, size: int, rng: random.Random) -> set[int]:
    """Positions (from 1) whose justifications a mentor grades: of a capstone all, else a random sample."""
    places = range(1, size + 1)
    return set(places) if capstone else set(rng.sample(places, -(-size // GRADED_EVERY)))


def reaches(count: int, whole: int, share: Decimal) -> bool:
    """Whether `count` of `whole` is at least the share, in Decimal; of nothing, nothing is reached."""
    return whole > 0 and count >= share * whole


def answers_for(user: Person, enrolment: Enrolment, at: datetime) -> bool:
    """Whether this person, a reviewer, mentors that learner now, or stands in for who does."""
    return user.has_perm("assessments.review_labs") and reviewers.reviews(user, enrolment, at)


def observed_by_own_learner(observer: Person, enrolment: Enrolment) -> bool:
    """Whether this learner has recorded cases of the observer's that count."""
    standing = CaseDecision.objects.all().supervised()
    return standing.filter(learner=observer, recorded_by=enrolment.user_id).exists()
