"""Sessions as pages show them: to who keeps their attendance, and to who learns."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from enablement.people.models import User
from enablement.programs.models import Attendance, Session
from tracks.models import Cohort, Enrolment, Mentorship

Mark = Attendance.Mark


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptSession:
    """For its host and who runs the cohort. people: whom they may mark; marked: of whom something is said.

    begun: whether attendance can be marked.
    """

    session: Session
    people: int
    marked: int
    begun: bool

    @property
    def unmarked(self) -> int:
        return self.people - self.marked

    @property
    def waits(self) -> bool:
        """For somebody to mark who was there."""
        return self.begun and self.session.cancelled_at is None and self.unmarked > 0

    @property
    def state(self) -> str:
        if self.session.cancelled_at is not None or not self.begun or not self.people:
            return "not-started"
        return "at-risk" if self.unmarked else "met"

    @property
    def word(self) -> str:
        if self.session.cancelled_at is not None:
            return _("Cancelled")
        if not self.begun:
            return _("Coming")
        if not self.people:
            return _("Nobody to mark")
        if not self.unmarked:
            return _("Attendance marked")
        if not self.marked:
            return _("Attendance to mark")
        return ngettext("%(n)d person to mark", "%(n)d people to mark", self.unmarked) % {"n": self.unmarked}


@dataclass(frozen=True, kw_only=True, slots=True)
class OwnSession:
    """For somebody who learns in its cohort. mark: what is said of them; "" where nothing is."""

    session: Session
    mark: str
    begun: bool

    @property
    def state(self) -> str:
        if self.session.cancelled_at is not None or not self.begun:
            return "not-started"
        states = {Mark.PRESENT.value: "met", Mark.ABSENT.value: "not-met", Mark.EXCUSED.value: "not-started"}
        return states.get(self.mark, "waiting")

    @property
    def word(self) -> str:
        if self.session.cancelled_at is not None:
            return _("Cancelled")
        if self.mark:
            return str(Mark(self.mark).label)
        return _("Not marked yet") if self.begun else _("Coming")


@dataclass(frozen=True, kw_only=True, slots=True)
class Sorted:
    """`coming` the next one first, `held` the latest first, those that were cancelled included."""

    coming: Sequence[Any]
    held: Sequence[Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Correction:
    """One mark that no longer stands. why, by, at: of the mark in its place."""

    learner: User
    before: str
    after: str
    why: str
    by: User
    at: datetime


def kept(sessions: QuerySet[Session], *, by: User, at: datetime) -> Sorted:
    """These sessions, for `by`, who marks their attendance: of everybody but themselves. One query."""
    live = Enrolment.objects.live().exclude(user=by).order_by()
    people = live.filter(cohort=OuterRef("cohort")).values("cohort").annotate(n=Count("pk")).values("n")
    standing = Attendance.objects.filter(corrected_at=None, session=OuterRef("pk"), enrolment__in=live)
    marked = standing.order_by().values("session").annotate(n=Count("pk")).values("n")
    rows = sessions.select_related("cohort", "host").annotate(
        people=Subquery(people), marked=Subquery(marked)
    )
    return _sorted(
        [
            KeptSession(session=row, people=row.people or 0, marked=row.marked or 0, begun=row.has_begun(at))
            for row in rows.order_by("starts_at", "title")
        ],
        at,
    )


def own(*, user: User, at: datetime) -> Sorted:
    """The sessions of the cohorts that this person learns in, with their own marks alone. One query."""
    mine = Attendance.objects.filter(
        corrected_at=None,
        session=OuterRef("pk"),
        enrolment__in=Enrolment.objects.live().filter(user=user),
    )
    rows: QuerySet[Any] = Session.objects.of_learner(user).select_related("cohort", "host")
    rows = rows.annotate(mark=Subquery(mine.values("mark")[:1])).order_by("starts_at", "title")
    return _sorted(
        [OwnSession(session=row, mark=row.mark or "", begun=row.has_begun(at)) for row in rows], at
    )


def in_calendar(*, user: User, since: datetime) -> QuerySet[Session]:
    """What this person attends or holds and was not over by `since`; what is cancelled too."""
    mine = Enrolment.objects.live().filter(user=user)
    sessions = Session.objects.filter(Q(host=user) | Q(cohort__in=mine.values("cohort")), ends_at__gt=since)
    return sessions.select_related("cohort", "host").order_by("starts_at", "title")


def likely_hosts(cohort: Cohort) -> QuerySet[User]:
    """Whom to suggest as hosts: those who mentor in this cohort now."""
    mentors = Mentorship.objects.current().filter(cohort=cohort).values("mentor")
    return User.objects.filter(pk__in=mentors).order_by("name", "email")


def _sorted(rows: Sequence[Any], at: datetime) -> Sorted:
    return Sorted(
        coming=[row for row in rows if row.session.ends_at > at],
        held=[row for row in reversed(rows) if row.session.ends_at <= at],
    )


def people(session: Session) -> QuerySet[Enrolment]:
    """Who is to be marked, by name."""
    live = Enrolment.objects.live().filter(cohort=session.cohort_id).select_related("user")
    return live.order_by("user__name", "user__email")


def marks_of(session: Session) -> dict[UUID, str]:
    """What stands, by enrolment; of those who left as well."""
    return dict(session.marks.filter(corrected_at=None).values_list("enrolment", "mark"))


def corrections(session: Session) -> list[Correction]:
    """The latest first. One query."""
    rows = session.marks.exclude(corrects=None).select_related("learner", "marked_by", "corrects")
    return [
        Correction(
            learner=row.learner,
            before=str(Mark(row.corrects.mark).label),
            after=str(Mark(row.mark).label),
            why=row.reason,
            by=row.marked_by,
            at=row.marked_at,
        )
        for row in rows.order_by("-marked_at", "learner__name")
        if row.corrects is not None
    ]
