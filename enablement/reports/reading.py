"""What a report on a cohort says, read at one moment in a constant number of queries.

The figures are those of the readiness page, from the same selectors, so that page and report never disagree.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from enablement.access.models import Policy
from enablement.programs.selectors import readiness
from enablement.programs.selectors.everybody import Line, everybody
from enablement.programs.selectors.readiness import Board, ModuleRow
from tracks.models import Cohort, Mentorship

#: Who needs attention first comes first.
ORDER = ("not-met", "not-started", "waiting", "met")


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """A cohort at `at`. people: who needs attention first. mentors: names by enrolment."""

    board: Board
    modules: Sequence[ModuleRow]
    people: Sequence[Line]
    mentors: Mapping[UUID, Sequence[str]]
    revision: int | None
    at: datetime

    @property
    def cohort(self) -> Cohort:
        return self.board.cohort


def read(*, cohort: Cohort, at: datetime) -> Reading:
    policy = Policy.objects.first()
    board = readiness.board(cohort=cohort, at=at)
    modules, people = everybody(board=board, at=at)
    return Reading(
        board=board,
        modules=modules,
        people=sorted(people, key=lambda row: ORDER.index(row.state) if row.state in ORDER else 0),
        mentors=_mentors(cohort),
        revision=policy.revision if policy else None,
        at=at,
    )


def _mentors(cohort: Cohort) -> dict[UUID, list[str]]:
    mentors: dict[UUID, list[str]] = defaultdict(list)
    current = Mentorship.objects.current().filter(cohort=cohort).order_by("mentor__name")
    for enrolment_id, name in current.values_list("enrolment", "mentor__name"):
        mentors[enrolment_id].append(name)
    return mentors


def verdict(board: Board) -> str:
    """The answer in one line."""
    counts = {"ready": board.ready, "total": board.total}
    if not board.total:
        return _("Nothing to judge yet: nobody is enrolled")
    if not board.requirements:
        return _("Nothing to judge yet: no playbook says what this track has to show")
    if board.ready == board.total:
        return (
            ngettext(
                "Ready: the one person has shown everything",
                "Ready: all %(total)d people have shown everything",
                board.total,
            )
            % counts
        )
    if board.ready != board.shown:
        return (
            _("Not ready: %(ready)d of %(total)d people have shown everything and may use the tools") % counts
        )
    return _("Not ready: %(ready)d of %(total)d people have shown everything") % counts


def reasons(board: Board) -> list[str]:
    """Why, in up to five sentences: what holds most people up, and what waits."""
    lines = [
        ngettext("%(label)s: %(n)d person is missing.", "%(label)s: %(n)d people are missing.", row.missing)
        % {"label": row.label, "n": row.missing}
        for row in board.blockers[:2]
    ]
    if board.barred:
        lines.append(
            ngettext(
                "%(n)d person works where the tools may not be used.",
                "%(n)d people work where the tools may not be used.",
                board.barred,
            )
            % {"n": board.barred}
        )
    if board.waiting_labs:
        lines.append(
            ngettext("%(n)d lab waits for a mentor.", "%(n)d labs wait for a mentor.", board.waiting_labs)
            % {"n": board.waiting_labs}
        )
    if board.late:
        lines.append(
            ngettext("%(n)d person is past the due date.", "%(n)d people are past the due date.", board.late)
            % {"n": board.late}
        )
    return lines
