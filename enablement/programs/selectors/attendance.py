"""Who was at the sessions of a cohort: for gates, in two queries for any number of people."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef

from enablement.programs.models import Attendance, Session
from tracks.models import Enrolment

Mark = Attendance.Mark


@dataclass(frozen=True, kw_only=True, slots=True)
class Attended:
    """How one enrolment stands with the sessions that its cohort has held: those with attendance marked.

    present: the marks that say so, and when their session began, the latest first. unmarked: held sessions of
    which nothing is on record for this person.
    """

    held: int
    present: Sequence[tuple[UUID, datetime]]
    excused: int
    unmarked: int

    @property
    def counted(self) -> int:
        """The sessions that speak for or against the person."""
        return self.held - self.excused


def attended(*, enrolments: Sequence[Enrolment]) -> dict[UUID, Attended]:
    """By enrolment, for everyone asked."""
    held = _held({enrolment.cohort_id for enrolment in enrolments})
    present: dict[UUID, list[tuple[UUID, datetime]]] = defaultdict(list)
    marked: dict[tuple[UUID, str], int] = defaultdict(int)
    marks = Attendance.objects.standing().filter(enrolment__in=[enrolment.pk for enrolment in enrolments])
    rows = marks.order_by("-session__starts_at", "pk")
    for enrolment, pk, mark, began in rows.values_list("enrolment", "pk", "mark", "session__starts_at"):
        marked[enrolment, mark] += 1
        if mark == Mark.PRESENT:
            present[enrolment].append((pk, began))
    return {
        e.pk: Attended(
            held=held[e.cohort_id],
            present=present[e.pk],
            excused=marked[e.pk, Mark.EXCUSED],
            unmarked=held[e.cohort_id] - sum(marked[e.pk, mark] for mark in Mark.values),
        )
        for e in enrolments
    }


def _held(cohorts: set[UUID]) -> dict[UUID, int]:
    """How many sessions each cohort has held."""
    marks = Attendance.objects.filter(session=OuterRef("pk"))
    held: dict[UUID, int] = defaultdict(int)
    sessions = Session.objects.standing().filter(Exists(marks), cohort__in=cohorts)
    for cohort in sessions.values_list("cohort", flat=True):
        held[cohort] += 1
    return held
