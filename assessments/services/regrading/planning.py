"""What a regrade would do, before anybody decides: an apply that is undone (decision 0020)."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction

from django.db import transaction
from django.utils.translation import gettext as _

from assessments import consequences
from assessments.models import Attempt, AttemptItem, KeyPatch, Question, QuestionVersion, Regrade
from assessments.services import grading
from assessments.services.regrading.amending import (
    Change,
    amend,
    change_of,
    items_of,
    locked,
    marks_of,
    patch,
)
from assessments.services.regrading.structure import why_incomparable
from tracks.errors import Refused
from tracks.people import Person

Line = Change
Kind = Regrade.Kind


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """versions: those whose answers count anew; left_out: those whose structure differs, and in what.

    lines: the answers that change, in the order of their attempts' ends. running: attempts that still run and
    will be marked so at their end. effects: what follows from it elsewhere, in words.
    """

    question: Question
    kind: str
    key: QuestionVersion | None
    lowers: bool
    versions: Sequence[QuestionVersion]
    left_out: Sequence[tuple[QuestionVersion, str]]
    lines: Sequence[Line]
    running: int
    effects: Sequence[str] = ()

    @property
    def fingerprint(self) -> str:
        """Of what somebody agrees to: another one means that the dry run is out of date."""
        parts = [self.kind, str(self.key and self.key.pk), str(self.lowers)]
        parts += [f"{line.item.pk}:{line.before}:{line.found}:{line.points_before}" for line in self.lines]
        return hashlib.sha256("|".join(parts).encode()).hexdigest()

    @property
    def changes_nothing(self) -> bool:
        return not self.running and all(line.before == line.after for line in self.lines)

    @property
    def moving(self) -> Sequence[Line]:
        return [line for line in self.lines if not line.kept]

    @property
    def kept(self) -> Sequence[Line]:
        """Answers that would lose points and do not."""
        return [line for line in self.lines if line.kept]

    @property
    def would_pass(self) -> int:
        return sum(line.passes_now for line in self.lines)

    @property
    def would_stop(self) -> int:
        return sum(line.stops_passing for line in self.lines)

    @property
    def reworded(self) -> bool:
        return self.key is not None and any(each.prompt != self.key.prompt for each in self.versions)


def dry_run(*, question: Question, kind: str, lowers: bool, actor: Person, at: datetime) -> Plan:
    """The plan with its effects; nothing stays of it. Raises Refused `not_author`, `structure`."""
    with transaction.atomic(), consequences.watched() as effects:
        plan = assess(question=question, kind=kind, lowers=lowers)
        trial = Regrade.objects.create(
            question=question,
            kind=kind,
            version=plan.key,
            lowers=lowers,
            reason=_("Dry run"),
            decided_by=actor,
            decided_at=at,
            applied_at=at,
        )
        carry_out(trial, plan, actor=actor, at=at)
        transaction.set_rollback(True)
    return replace(plan, effects=tuple(effects))


def assess(*, question: Question, kind: str, lowers: bool) -> Plan:
    """Reads under locks, so only within a transaction. Raises Refused `structure`."""
    versions = list(question.versions.select_related("patch").order_by("-number"))
    newest = versions[0]
    key = newest if kind == Kind.KEY else None
    covered, left_out = _covered(versions, key)
    having = Attempt.objects.filter(
        pk__in=AttemptItem.objects.filter(question_version__in=covered).values("attempt")
    )
    attempts = locked(having)
    closed = [attempt for attempt in attempts if not attempt.is_open]
    return Plan(
        question=question,
        kind=kind,
        key=key,
        lowers=lowers,
        versions=covered,
        left_out=left_out,
        lines=_lines(closed, covered, question=question, key=key, lowers=lowers),
        running=_running(attempts, covered, key),
    )


def carry_out(regrade: Regrade, plan: Plan, *, actor: Person, at: datetime) -> None:
    patch(regrade, plan.versions, key=plan.key)
    amend(regrade, plan.lines, actor=actor, at=at)


def _covered(
    versions: Sequence[QuestionVersion], key: QuestionVersion | None
) -> tuple[list[QuestionVersion], list[tuple[QuestionVersion, str]]]:
    """A question that everybody is excused stays excused in the versions of that day."""
    if key is None:
        return [each for each in versions if not _is_excused(each)], []
    others = [each for each in versions if each != key and not _is_excused(each)]
    reasons = {each.pk: why_incomparable(each, key) for each in others}
    left_out = [(each, reasons[each.pk]) for each in others if reasons[each.pk]]
    covered = [each for each in others if not reasons[each.pk]]
    if left_out and not covered:
        raise Refused(
            "structure",
            _("No earlier version can be marked by this key. Version %(number)d: %(why)s. Excuse it instead.")
            % {"number": left_out[0][0].number, "why": left_out[0][1]},
        )
    return covered, left_out


def _is_excused(version: QuestionVersion) -> bool:
    patched = getattr(version, "patch", None)
    return isinstance(patched, KeyPatch) and patched.key_id is None


def _lines(
    attempts: Sequence[Attempt],
    covered: Sequence[QuestionVersion],
    *,
    question: Question,
    key: QuestionVersion | None,
    lowers: bool,
) -> list[Line]:
    versions = {version.pk for version in covered}
    items, marks = items_of(attempts), marks_of(attempts)
    excused = set(
        Regrade.objects.filter(kind=Kind.EXCUSE_ONE, question=question).values_list("attempt_id", flat=True)
    )
    lines = []
    for attempt in attempts:
        (item,) = (item for item in items[attempt.pk] if item.question_version_id in versions)
        if attempt.pk in excused or (key and item.points is None):
            continue
        found = _found(item, key, marks=marks.get(item.pk))
        change = change_of(attempt, items[attempt.pk], item, found, marks=marks, lowers=lowers)
        if change is not None:
            lines.append(change)
    return lines


def _found(item: AttemptItem, key: QuestionVersion | None, *, marks: object) -> Fraction:
    if key is None:
        return Fraction(item.max_points)
    return grading.score(key, item.response, marks=marks) * item.max_points  # type: ignore[arg-type]


def _running(
    attempts: Sequence[Attempt], covered: Sequence[QuestionVersion], key: QuestionVersion | None
) -> int:
    """Attempts without a result whose question is not marked so yet."""
    new = {
        version.pk
        for version in covered
        if (patched := getattr(version, "patch", None)) is None or patched.key_id != (key and key.pk)
    }
    unsettled = [attempt.pk for attempt in attempts if not attempt.has_result]
    return AttemptItem.objects.filter(attempt__in=unsettled, question_version__in=new, points=None).count()
