"""The sessions of a cohort on My path: the next one, and what was marked of the person."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from enablement.programs.models import Attendance
from enablement.programs.selectors.path_queries import SessionRow

Mark = Attendance.Mark


@dataclass(frozen=True, kw_only=True, slots=True)
class CohortSessions:
    """`coming`: those that are not over, the next one first. `said`: what is marked, in a few words."""

    coming: Sequence[SessionRow]
    said: str
    at: datetime

    @property
    def next(self) -> SessionRow | None:
        return self.coming[0] if self.coming else None

    @property
    def running(self) -> bool:
        return self.next is not None and self.next.starts_at <= self.at

    @property
    def later(self) -> int:
        """How many come after the next one."""
        return max(len(self.coming) - 1, 0)


def by_cohort(rows: Iterable[SessionRow], *, at: datetime) -> Mapping[UUID, CohortSessions]:
    """`rows` in the order of their beginning."""
    grouped: dict[UUID, list[SessionRow]] = defaultdict(list)
    for row in rows:
        grouped[row.cohort_id].append(row)
    return {
        cohort: CohortSessions(
            coming=[row for row in of_cohort if row.ends_at > at], said=_said(of_cohort, at), at=at
        )
        for cohort, of_cohort in grouped.items()
    }


def _said(rows: Sequence[SessionRow], at: datetime) -> str:
    marks = [row.mark for row in rows]
    unmarked = sum(row.mark is None and row.ends_at <= at for row in rows)
    counts = (
        (marks.count(Mark.PRESENT), _("%(n)d attended")),
        (marks.count(Mark.ABSENT), _("%(n)d absent")),
        (marks.count(Mark.EXCUSED), _("%(n)d excused")),
        (unmarked, _("%(n)d not marked yet")),
    )
    return ", ".join(words % {"n": n} for n, words in counts if n)
