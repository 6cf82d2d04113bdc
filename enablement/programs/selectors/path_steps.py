"""The steps of a module on My path: a lesson, a quiz, a lab, each with how one person stands in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from assessments.models import Attempt, Submission
from assessments.rules import is_overdue
from enablement.programs.selectors import path_queries as queries
from tracks.models import Component, Lesson
from tracks.rounds import Holding, counts_as_read


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One thing to do. state: as pages show it; note and detail: what it says beyond that, in short and more.

    mine: whether the person can do something now; opens_at: from when, where only time is in the way.
    ends_at: when the time of what is running is over. renews_by: it was shown, and lapses then.
    """

    title: str
    noun: str
    url: str
    state: str
    minutes: int | None = None
    note: str = ""
    detail: str = ""
    mine: bool = True
    opens_at: datetime | None = None
    ends_at: datetime | None = None
    renews_by: str = ""

    @property
    def is_open(self) -> bool:
        return self.mine and self.state != "met"


def lesson_step(lesson: queries.LessonRow, holding: Holding | None) -> Step:
    """holding: of its module's completion."""
    return Step(
        title=lesson.title,
        noun=str(Lesson.Kind(lesson.kind).label),
        url=reverse("lesson", args=[lesson.track_key, lesson.module_key, lesson.key]),
        state="met" if counts_as_read(lesson.read_at, holding) else "not-started",
        minutes=lesson.minutes,
    )


def component_step(
    component: queries.ComponentRow, *, attempts: Sequence[queries.AttemptRow], at: datetime
) -> Step:
    """`attempts`: all that the person made at this quiz, the first one first."""
    if component.kind == Component.Kind.QUIZ:
        return _quiz_step(component, attempts, at)
    state, note = ("met", "") if component.achieved else _lab_begun(component)
    return Step(
        title=component.title,
        noun=_("Lab"),
        url=reverse("lab", args=[component.lab_id]),
        state=state,
        minutes=component.lab_minutes,
        note=note,
        mine=bool(component.achieved) or component.submission_state != Submission.State.SUBMITTED,
    )


def _quiz_step(component: queries.ComponentRow, attempts: Sequence[queries.AttemptRow], at: datetime) -> Step:
    """Into the attempt that is running, else to the quiz's page."""
    latest = next((made for made in reversed(attempts) if made.enrolment_id == component.enrolment_id), None)
    state, note, detail, mine = "not-started", "", "", True
    opens_at = ends_at = None
    url = reverse("quiz", args=[component.quiz_id])
    if component.achieved:
        state = "met"
    elif latest is not None and latest.state == Attempt.State.WAITING:
        state, note, mine = "waiting", _("waits for a mentor's marks"), False
    elif latest is not None and latest.state == Attempt.State.IN_PROGRESS:
        state, note = "waiting", _("under way")
        if not is_overdue(deadline_at=latest.deadline_at, at=at):
            ends_at, url = latest.deadline_at, reverse("attempt", args=[latest.pk])
    else:
        if latest is not None:
            state, note = "at-risk", _("not passed yet")
        opens_at = _next_attempt(component, attempts, at)
        used_up = _used_up(component, attempts)
        mine = opens_at is None and not used_up
        detail = _failed(latest, opens_at, used_up=used_up)
    return Step(
        title=component.title,
        noun=_("Quiz"),
        url=url,
        state=state,
        minutes=component.quiz_minutes,
        note=note,
        detail=detail,
        mine=mine,
        opens_at=None if mine or not opens_at else opens_at,
        ends_at=ends_at,
    )


def _next_attempt(
    component: queries.ComponentRow, attempts: Sequence[queries.AttemptRow], at: datetime
) -> datetime | None:
    """When the pause between attempts is over; None where it is."""
    ended = max((made.ended_at for made in attempts if made.ended_at), default=None)
    if ended is None:
        return None
    opens_at = ended + timedelta(hours=component.quiz_cooldown or 0)
    return opens_at if at < opens_at else None


def _used_up(component: queries.ComponentRow, attempts: Sequence[queries.AttemptRow]) -> bool:
    """Not said of a quiz whose pass lapses: there, attempts are counted anew with each renewal."""
    if component.quiz_attempts is None or component.quiz_valid_months is not None:
        return False
    return len(attempts) >= component.quiz_attempts + (component.quiz_extra or 0)


def _failed(latest: queries.AttemptRow | None, opens_at: datetime | None, *, used_up: bool) -> str:
    said = []
    if latest is not None and latest.points is not None:
        counts = {"points": f"{latest.points.normalize():f}", "max": latest.max_points}
        said.append(_("%(points)s of %(max)d points") % counts)
    if used_up:
        said.append(_("no attempt left; your mentor can unlock one"))
    elif opens_at is not None:
        day = date_format(localtime(opens_at), "j M, H:i")
        said.append(_("next attempt from %(day)s") % {"day": day})
    return " · ".join(said)


def _lab_begun(component: queries.ComponentRow) -> tuple[str, str]:
    """State and note of what is not achieved: by the round last handed in."""
    drafted = ("waiting", _("a draft, not handed in")) if component.has_draft else ("not-started", "")
    said: dict[str | None, tuple[str, str]] = {
        None: drafted,
        Submission.State.SUBMITTED: ("waiting", _("waits for a mentor")),
        Submission.State.SENT_BACK: ("at-risk", _("sent back")),
        Submission.State.SIGNED_OFF: ("at-risk", _("its sign-off no longer counts")),
    }
    return said[component.submission_state]
