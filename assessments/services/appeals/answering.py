"""Another person answers an appeal. Upholding it leads to its consequence, in the same transaction."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from assessments.models import Appeal, Regrade
from assessments.selectors.appeals import RELATED, answerable_by
from assessments.services import regrading
from assessments.services.appeals.announce import announce
from assessments.services.labs.appealed import correct_mark
from assessments.services.regrading.planning import assess
from assessments.services.shadow.rejudging import rejudge
from tracks.errors import Refused
from tracks.people import Person

LONGEST = 2000
Consequence = Appeal.Consequence
#: What upholding may lead to, by what the appeal is about.
CONSEQUENCES: Mapping[str, frozenset[str]] = {
    Appeal.Kind.QUESTION.value: frozenset(
        {Consequence.EXCUSED, Consequence.EXCUSED_ALL, Consequence.REGRADED, Consequence.REMARKED}
    ),
    Appeal.Kind.LAB.value: frozenset({Consequence.NEW_MARK}),
    Appeal.Kind.SAMPLE.value: frozenset({Consequence.REJUDGED}),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What somebody answers. text: for the learner at once; note: reasons that may name what is right.

    marks: for REMARKED, points by criterion; points: for NEW_MARK, of the level; decision and usable: for
    REJUDGED.
    """

    upheld: bool
    text: str
    note: str = ""
    consequence: str = Consequence.NONE
    marks: Mapping[str, object] = field(default_factory=dict)
    points: int | None = None
    decision: str = ""
    usable: bool | None = None


@transaction.atomic
def answer(*, appeal: Appeal, given: Answer, actor: Person, at: datetime) -> Appeal:
    """Uphold or reject, once and for all; the same person's same answer again changes nothing.

    Raises ValidationError (`text`, `consequence`, or of the consequence's own fields); Refused `own_appeal`,
    `not_allowed` (no right, or they judged it first), `answered`, and what the consequence's service says.
    """
    held = Appeal.objects.select_for_update(of=("self",)).select_related(*RELATED).get(pk=appeal.pk)
    if not held.is_open:
        if held.answered_by_id == actor.pk and held.upheld == given.upheld:
            return held
        raise Refused("answered", _("This appeal has been answered already."))
    _ensure_may(held, actor)
    _check(held, given)
    if given.upheld:
        _STEPS[given.consequence](held, given, actor, at)
    held.upheld = given.upheld
    held.consequence = given.consequence if given.upheld else Consequence.NONE
    held.answer, held.note = given.text.strip()[:LONGEST], given.note.strip()[:LONGEST]
    held.answered_by, held.answered_at = actor, at
    held.save()
    announce("upheld" if held.upheld else "rejected", held, actor=actor, at=at)
    return held


def _ensure_may(appeal: Appeal, actor: Person) -> None:
    if appeal.learner_id == actor.pk:
        raise Refused("own_appeal", _("Nobody answers their own appeal."))
    if not answerable_by(actor).filter(pk=appeal.pk).exists():
        raise Refused(
            "not_allowed",
            _("Another person answers this: somebody with the right, who did not judge it first."),
        )


def _check(appeal: Appeal, given: Answer) -> None:
    if not given.text.strip():
        raise ValidationError({"text": _("Say why, in words for the person who appealed.")}, code="text")
    if given.upheld and given.consequence not in CONSEQUENCES[appeal.kind]:
        raise ValidationError({"consequence": _("Say what follows.")}, code="consequence")


def _excuse(appeal: Appeal, given: Answer, actor: Person, at: datetime) -> None:
    item = appeal.item
    if item is not None:
        appeal.regrade = regrading.excuse_in_attempt(item=item, reason=_reason(given), actor=actor, at=at)


def _decide(kind: str) -> Callable[[Appeal, Answer, Person, datetime], None]:
    def step(appeal: Appeal, given: Answer, actor: Person, at: datetime) -> None:
        item = appeal.item
        if item is None:
            return
        question = item.question_version.question
        appeal.regrade = regrading.decide(
            question=question,
            kind=kind,
            reason=_reason(given),
            fingerprint=assess(question=question, kind=kind, lowers=False).fingerprint,
            actor=actor,
            at=at,
        )

    return step


def _remark(appeal: Appeal, given: Answer, actor: Person, at: datetime) -> None:
    item = appeal.item
    if item is not None:
        appeal.regrade = regrading.remark(
            item=item, marks=given.marks, reason=_reason(given), actor=actor, at=at
        )


def _new_mark(appeal: Appeal, given: Answer, _actor: Person, at: datetime) -> None:
    review = appeal.review
    if review is not None:
        mark = correct_mark(review=review, criterion=appeal.criterion, points=given.points, at=at)
        appeal.mark_before, appeal.mark_after, appeal.again = mark.before, mark.after, mark.again


def _rejudge(appeal: Appeal, given: Answer, actor: Person, at: datetime) -> None:
    sample = appeal.sample
    if given.usable is None:
        raise ValidationError({"usable": _("Say whether the output may be used.")}, code="usable")
    if sample is not None:
        rejudge(case=sample.case, decision=given.decision, usable=given.usable, actor=actor, at=at)


def _reason(given: Answer) -> str:
    return given.note.strip() or given.text.strip()


_STEPS: Mapping[str, Callable[[Appeal, Answer, Person, datetime], None]] = {
    Consequence.EXCUSED.value: _excuse,
    Consequence.EXCUSED_ALL.value: _decide(Regrade.Kind.EXCUSE.value),
    Consequence.REGRADED.value: _decide(Regrade.Kind.KEY.value),
    Consequence.REMARKED.value: _remark,
    Consequence.NEW_MARK.value: _new_mark,
    Consequence.REJUDGED.value: _rejudge,
}
