"""How well judges agree with one another and with answers that are known for certain."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from assessments.models import CaseJudgement, ShadowPool
from assessments.services.agreement import Agreement, Interval, floored, kappa_interval, measure, wilson
from tracks.people import Person

_SECOND = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Pairwise:
    """How two judges agree on the cases that both judged; both answers together."""

    first: Person
    second: Person
    agreement: Agreement
    kappa_interval: Interval | None

    @property
    def kappa(self) -> Decimal | None:
        """None: not enough variety."""
        return None if self.agreement.kappa is None else floored(self.agreement.kappa)


@dataclass(frozen=True, kw_only=True, slots=True)
class JudgeScore:
    """One judge. known, right: cases whose answer is known, and how many of them they answered so."""

    judge: Person
    judged: int
    known: int
    right: int
    latest: datetime | None

    @property
    def interval(self) -> Interval | None:
        return wilson(successes=self.right, n=self.known) if self.known else None


@dataclass(frozen=True, kw_only=True, slots=True)
class InterRater:
    """Over all cases that two or more judged: the first answer in time against the second.

    agreement None: no case was judged twice yet.
    """

    agreement: Agreement | None
    kappa_interval: Interval | None
    pairs: Sequence[Pairwise]
    judges: Sequence[JudgeScore]


def inter_rater(*, pool: ShadowPool, judges: Iterable[Person]) -> InterRater:
    """judges: those of the pool now; who judged before is added. One query, and one for people who left."""
    rows = list(
        CaseJudgement.objects.filter(case__pool=pool, judged_at__isnull=False)
        .order_by("case", "judged_at", "pk")
        .select_related("judge", "case")
        .only(
            "judge__name",
            "judge__email",
            "decision",
            "usable",
            "judged_at",
            "case__ground_truth",
            "case__right_decision",
            "case__right_usable",
        )
    )
    by_case: dict[UUID, list[CaseJudgement]] = defaultdict(list)
    for row in rows:
        by_case[row.case_id].append(row)
    firsts = [
        (_answers(judged[0]), _answers(judged[1])) for judged in by_case.values() if len(judged) >= _SECOND
    ]
    return InterRater(
        agreement=measure(firsts) if firsts else None,
        kappa_interval=kappa_interval(firsts),
        pairs=_pairs(by_case),
        judges=_scores(rows, judges),
    )


def _answers(row: CaseJudgement) -> tuple[str, bool]:
    return row.decision, bool(row.usable)


def _pairs(by_case: Mapping[UUID, Sequence[CaseJudgement]]) -> list[Pairwise]:
    people: dict[Any, Person] = {}
    answers: dict[tuple[Any, Any], list[tuple[tuple[str, bool], tuple[str, bool]]]] = defaultdict(list)
    for judged in by_case.values():
        ordered = sorted(judged, key=lambda row: (row.judge.name, str(row.judge_id)))
        people |= {row.judge_id: row.judge for row in ordered}
        for index, one in enumerate(ordered):
            for other in ordered[index + 1 :]:
                answers[one.judge_id, other.judge_id].append((_answers(one), _answers(other)))
    found = [
        Pairwise(
            first=people[one],
            second=people[other],
            agreement=measure(pairs),
            kappa_interval=kappa_interval(pairs),
        )
        for (one, other), pairs in answers.items()
    ]
    return sorted(found, key=lambda pair: (pair.first.name, pair.second.name))


def _scores(rows: Sequence[CaseJudgement], judges: Iterable[Person]) -> list[JudgeScore]:
    people = {judge.pk: judge for judge in judges} | {row.judge_id: row.judge for row in rows}
    judged = Counter(row.judge_id for row in rows)
    known = [row for row in rows if row.case.ground_truth]
    asked = Counter(row.judge_id for row in known)
    right = Counter(
        row.judge_id for row in known if _answers(row) == (row.case.right_decision, row.case.right_usable)
    )
    latest: dict[Any, datetime] = {}
    for row in rows:
        if row.judged_at is not None:
            latest[row.judge_id] = max(latest.get(row.judge_id, row.judged_at), row.judged_at)
    scores = [
        JudgeScore(judge=person, judged=judged[pk], known=asked[pk], right=right[pk], latest=latest.get(pk))
        for pk, person in people.items()
    ]
    return sorted(scores, key=lambda score: score.judge.name)
