"""After the quiz, in the demo: an appeal that waits, one that was answered, and an item analysis."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import transaction

from assessments.models import Attempt, AttemptItem, Quiz
from assessments.services import appeals, item_analysis
from enablement.demo import texts
from enablement.people.models import User
from tracks.models import Track

#: Of the people whose attempts have a result, whose appeal waits and whose was answered.
WAITS, ANSWERED = 0, 1


@transaction.atomic
def build(people: Mapping[str, User], *, track: Track, at: datetime) -> None:
    quiz = Quiz.objects.live().filter(module__track=track).order_by("pk")[0]
    items = _missed(quiz)
    waits = appeals.appeal_question(
        item=items[WAITS],
        reason=texts.APPEAL_UNCLEAR,
        actor=items[WAITS].attempt.user,
        at=at - timedelta(hours=20),
    )
    answered = appeals.appeal_question(
        item=items[ANSWERED],
        reason=texts.APPEAL_STRICT,
        actor=items[ANSWERED].attempt.user,
        at=at - timedelta(hours=44),
    )
    given = appeals.Answer(upheld=False, text=texts.APPEAL_ANSWER)
    appeals.answer(appeal=answered, given=given, actor=people["author"], at=waits.opened_at)
    item_analysis.request(quiz=quiz, actor=people["author"], at=at)


def _missed(quiz: Quiz) -> list[AttemptItem]:
    """One missed question of each person who missed any, the earliest attempt first."""
    attempts = Attempt.objects.filter(quiz=quiz, points__isnull=False).order_by("submitted_at", "pk")
    items = AttemptItem.objects.filter(attempt__in=attempts, points=0).select_related("attempt__user")
    first: dict[object, AttemptItem] = {}
    for item in items.order_by("attempt__submitted_at", "attempt", "position"):
        first.setdefault(item.attempt.user_id, item)
    return list(first.values())
