"""New points for single answers: what the attempts come to by them, and writing it down."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

from assessments import signals
from assessments.models import Attempt, AttemptItem, ItemMark, ItemRegrade, KeyPatch, QuestionVersion, Regrade
from assessments.models.attempt import AttemptQuerySet
from assessments.services import grading
from assessments.services.attempts import earning
from assessments.services.attempts.announce import attempt_fact
from assessments.services.attempts.closing import settle_result
from tracks.facts import Fact
from tracks.models import Component
from tracks.people import Person
from tracks.services.completions import record_completions, withdraw_completions

State = Attempt.State
BATCH = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One answer. found: by the new key; after: what counts. points_… and passed_…: of the whole attempt,
    None where it waits for a mentor's marks.
    """

    attempt: Attempt
    item: AttemptItem
    before: Decimal | None
    found: Decimal
    after: Decimal
    points_before: Decimal | None
    points_after: Decimal | None
    passed_before: bool | None
    passed_after: bool | None

    @property
    def kept(self) -> bool:
        """Whether the answer keeps points that the new key would not give."""
        return self.found != self.after

    @property
    def passes_now(self) -> bool:
        return bool(self.passed_after) and self.passed_before is False

    @property
    def stops_passing(self) -> bool:
        return bool(self.passed_before) and self.passed_after is False


def locked(attempts: AttemptQuerySet) -> list[Attempt]:
    """Held in one order for everybody, with their quizzes; what they come to is read after that."""
    list(attempts.select_for_update().order_by("pk").values_list("pk", flat=True))
    return list(
        attempts.select_related("quiz__module", "enrolment__track", "user").order_by("submitted_at", "pk")
    )


def items_of(attempts: Collection[Attempt]) -> dict[UUID, list[AttemptItem]]:
    """All items of these attempts, by attempt, with their versions and the keys in force. Three queries."""
    rows = AttemptItem.objects.filter(attempt__in=[attempt.pk for attempt in attempts])
    items = list(rows.order_by("attempt", "position"))
    wanted = {item.question_version_id for item in items}
    patched = QuestionVersion.objects.select_related("patch__key")
    versions = {version.pk: version for version in patched.filter(pk__in=wanted)}
    by_attempt: dict[UUID, list[AttemptItem]] = defaultdict(list)
    for item in items:
        item.question_version = versions[item.question_version_id]
        by_attempt[item.attempt_id].append(item)
    return by_attempt


def marks_of(attempts: Collection[Attempt]) -> dict[int, Mapping[str, int]]:
    """The mentor's marks that count, by item. One query."""
    marks = ItemMark.objects.filter(item__attempt__in=[attempt.pk for attempt in attempts])
    return dict(marks.order_by("marked_at", "pk").values_list("item_id", "marks"))


def change_of(
    attempt: Attempt,
    items: Iterable[AttemptItem],
    item: AttemptItem,
    found: Fraction,
    *,
    marks: Mapping[int, Mapping[str, int]],
    lowers: bool,
) -> Change | None:
    """What `found` points for one answer make of its attempt; None where the answer has them already.

    lowers: else the answer keeps what it has where that is more.
    """
    found_stored = grading.stored(found)
    if item.points == found_stored:
        return None
    rises = item.points is None or found_stored > item.points
    after = found if rises or lowers else Fraction(item.points or 0)
    total = after + sum(
        (earning.standing(other, marks=marks.get(other.pk)) for other in items if other.pk != item.pk),
        Fraction(0),
    )
    graded = attempt.has_result
    return Change(
        attempt=attempt,
        item=item,
        before=item.points,
        found=found_stored,
        after=grading.stored(after),
        points_before=attempt.points,
        passed_before=attempt.passed,
        points_after=grading.stored(total) if graded else None,
        passed_after=grading.passes(points=total, max_points=attempt.max_points, threshold=attempt.threshold)
        if graded
        else None,
    )


def amend(regrade: Regrade, changes: Sequence[Change], *, actor: Person, at: datetime) -> None:
    """Write the changes with their history, bring completions in line, and announce all of it at once."""
    ItemRegrade.objects.bulk_create([_history(regrade, change) for change in changes], batch_size=BATCH)
    moving = [change for change in changes if change.before != change.after]
    for change in moving:
        change.item.points = change.after
    AttemptItem.objects.bulk_create(
        [change.item for change in moving],
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=["points"],
        batch_size=BATCH,
    )
    graded = [change for change in moving if change.attempt.has_result]
    facts = [_fact(regrade, change, actor, at) for change in graded]
    passing = [change.attempt for change in graded if change.passes_now]
    failing = [change.attempt for change in graded if change.stops_passing]
    _write_results(graded)
    _complete(passing, actor=actor, at=at)
    _withdraw(failing, reason=regrade.reason, actor=actor, at=at)
    if facts:
        signals.attempts_regraded.send(sender=Attempt, facts=facts)
    _settle_waiting([change.attempt for change in moving if not change.attempt.has_result], actor=actor)


def patch(regrade: Regrade, versions: Iterable[QuestionVersion], *, key: QuestionVersion | None) -> None:
    """From now on answers to these versions count by `key`, or in full where there is none."""
    KeyPatch.objects.bulk_create(
        [KeyPatch(version=version, key=key, regrade=regrade) for version in versions],
        update_conflicts=True,
        unique_fields=["version"],
        update_fields=["key", "regrade"],
    )


def _history(regrade: Regrade, change: Change) -> ItemRegrade:
    return ItemRegrade(
        regrade=regrade,
        item=change.item,
        before=change.before,
        found=change.found,
        after=change.after,
        points_before=change.points_before,
        points_after=change.points_after,
        passed_before=change.passed_before,
        passed_after=change.passed_after,
    )


def _write_results(changes: Iterable[Change]) -> None:
    attempts = []
    for change in changes:
        change.attempt.points, change.attempt.passed = change.points_after, change.passed_after
        attempts.append(change.attempt)
    Attempt.objects.bulk_create(
        attempts,
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=["points", "passed"],
        batch_size=BATCH,
    )


def _fact(regrade: Regrade, change: Change, actor: Person, at: datetime) -> Fact:
    old = {"points_before": str(change.points_before), "passed_before": change.passed_before}
    new = {"points": str(change.points_after), "passed": change.passed_after}
    return attempt_fact("regraded", change.attempt, actor=actor, at=at, regrade=str(regrade.pk), **old, **new)


def _complete(attempts: Iterable[Attempt], *, actor: Person, at: datetime) -> None:
    """Who passes now passed when their attempt ended."""
    by_quiz: dict[int, list[Attempt]] = defaultdict(list)
    for attempt in attempts:
        by_quiz[attempt.quiz_id].append(attempt)
    for group in by_quiz.values():
        achieved: dict[UUID, datetime] = {}
        for attempt in group:
            ended = attempt.submitted_at or attempt.deadline_at
            achieved[attempt.enrolment_id] = min(achieved.get(attempt.enrolment_id, ended), ended)
        quiz = group[0].quiz
        record_completions(
            module=quiz.module,
            kind=Component.Kind.QUIZ,
            key=quiz.key,
            achieved=achieved,
            actor=actor,
            at=at,
        )


def _withdraw(attempts: Iterable[Attempt], *, reason: str, actor: Person, at: datetime) -> None:
    """Who has passed by no other attempt has not passed."""
    by_quiz: dict[int, list[Attempt]] = defaultdict(list)
    for attempt in attempts:
        by_quiz[attempt.quiz_id].append(attempt)
    for group in by_quiz.values():
        quiz = group[0].quiz
        enrolments = {attempt.enrolment_id for attempt in group}
        still = Attempt.objects.filter(quiz=quiz, enrolment__in=enrolments, passed=True)
        lost = enrolments - set(still.values_list("enrolment_id", flat=True))
        withdraw_completions(
            module=quiz.module,
            kind=Component.Kind.QUIZ,
            key=quiz.key,
            enrolment_ids=lost,
            reason=reason,
            actor=actor,
            at=at,
        )


def _settle_waiting(attempts: Iterable[Attempt], *, actor: Person) -> None:
    """An attempt that waits for nobody's marks any more gets its result, as of its end."""
    waiting = list(attempts)
    if not waiting:
        return
    facts = []
    items, marks = items_of(waiting), marks_of(waiting)
    for attempt in waiting:
        if any(item.points is None for item in items[attempt.pk]):
            continue
        total = sum(
            (earning.standing(item, marks=marks.get(item.pk)) for item in items[attempt.pk]), Fraction(0)
        )
        ended = attempt.submitted_at or attempt.deadline_at
        settle_result(attempt, total=total, actor=actor, at=ended)
        facts.append(attempt_fact("graded", attempt, actor=actor, at=ended))
    if facts:
        signals.attempt_graded.send(sender=Attempt, facts=facts)
