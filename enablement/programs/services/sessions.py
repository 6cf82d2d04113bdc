"""Planning, changing and cancelling the sessions of a cohort: by who runs it."""

from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from enablement.people.models import User
from enablement.programs import rules
from enablement.programs.models import Session
from enablement.programs.services import telling
from enablement.programs.signals import session_changed
from tracks.errors import Refused
from tracks.facts import Fact
from tracks.models import Cohort
from tracks.rules import ensure_runs

LONGEST = timedelta(days=1)
#: A year that is mistyped is caught here: at the ends of the calendar no page could show the session.
FURTHEST = timedelta(days=3 * 366)


@dataclass(frozen=True, kw_only=True, slots=True)
class Details:
    """What is said of a session. Both times know their zone; of place and link one at least is given."""

    title: str
    starts_at: datetime
    ends_at: datetime
    host: User
    place: str = ""
    link: str = ""


@transaction.atomic
def plan_session(*, cohort: Cohort, details: Details, actor: User, at: datetime) -> Session:
    """Also one that was held before anybody wrote it down: when it was planned stays on record.

    Raises ValidationError by field; Refused `cohort_closed`.
    """
    ensure_runs(cohort, actor)
    cohort = Cohort.objects.select_for_update().get(pk=cohort.pk)
    rules.ensure_runs_still(cohort)
    _check(details, at=at)
    session = Session(cohort=cohort, planned_by=actor, planned_at=at, **_fields(details))
    session.full_clean()
    session.save()
    _announce("programs.session_planned", session, actor, at, _told(session))
    telling.tell_planned(session, at=at)
    return session


@transaction.atomic
def change_session(*, session: Session, details: Details, actor: User, at: datetime) -> Session:
    """The same details once more change nothing.

    Once attendance is marked, when it was can no longer change. Raises ValidationError by field; Refused
    `session_cancelled`, `session_held`, `cohort_closed`.
    """
    session = _locked(session, actor)
    rules.ensure_not_cancelled(session)
    rules.ensure_runs_still(session.cohort)
    _check(details, at=at, was=session)
    before = _told(session)
    for name, value in _fields(details).items():
        setattr(session, name, value)
    session.full_clean()
    after = _told(session)
    changed = [name for name in after if after[name] != before[name]]
    if not changed:
        return session
    if {"starts_at", "ends_at"} & set(changed):
        _ensure_unmarked(session, _("Attendance is marked already, so its time can no longer change."))
    session.save()
    said = {name: [before[name], after[name]] for name in changed}
    _announce("programs.session_changed", session, actor, at, said)
    telling.tell_changed(session, changed, at=at)
    return session


@transaction.atomic
def cancel_session(*, session: Session, reason: str, actor: User, at: datetime) -> Session:
    """It does not take place, or did not. A second time changes nothing.

    Raises ValidationError without a reason; Refused `session_held` where attendance is marked.
    """
    session = _locked(session, actor)
    if session.cancelled_at is not None:
        return session
    _ensure_unmarked(session, _("Attendance is marked, so it was held. Correct the marks instead."))
    session.cancelled_at, session.cancelled_by, session.cancel_reason = at, actor, reason.strip()
    if not session.cancel_reason:
        raise ValidationError({"reason": _("Say why it is cancelled.")}, code="reason_missing")
    session.save(update_fields=["cancelled_at", "cancelled_by", "cancel_reason"])
    _announce("programs.session_cancelled", session, actor, at, {})
    telling.tell_cancelled(session, at=at)
    return session


def _locked(session: Session, actor: User) -> Session:
    ensure_runs(session.cohort, actor)
    held = Session.objects.select_for_update(of=("self",)).select_related("cohort", "host")
    return held.get(pk=session.pk)


def _fields(details: Details) -> dict[str, Any]:
    said = {field.name: getattr(details, field.name) for field in fields(details)}
    return said | {name: said[name].strip() for name in ("title", "place", "link")}


def _check(details: Details, *, at: datetime, was: Session | None = None) -> None:
    """was: what changes. Its time may stand, however long ago, and who held it, though they left since."""
    problems: dict[str, str] = {}
    moved = was is None or details.starts_at != was.starts_at
    held = was is not None and was.ends_at <= at and was.host_id == details.host.pk
    if moved and abs(details.starts_at - at) > FURTHEST:
        problems["starts_at"] = _("This is more than three years away. Check the year.")
    if details.ends_at <= details.starts_at:
        problems["ends_at"] = _("It has to end after it begins.")
    elif details.ends_at - details.starts_at > LONGEST:
        problems["ends_at"] = _("A session lasts a day at most; plan one for each day.")
    if not details.place.strip() and not details.link.strip():
        problems["place"] = _("Say where it is: a place, a link, or both.")
    if not details.host.is_active and not held:
        problems["host"] = _("This person is no longer active.")
    if problems:
        raise ValidationError(problems)


def _ensure_unmarked(session: Session, why: str) -> None:
    if session.marks.exists():
        raise Refused("session_held", why)


def _told(session: Session) -> dict[str, Any]:
    """What changes can be told from; times as text."""
    return {
        "starts_at": session.starts_at.isoformat(),
        "ends_at": session.ends_at.isoformat(),
        "host": str(session.host_id),
        "title": session.title,
        "place": session.place,
        "link": session.link,
    }


def _announce(kind: str, session: Session, actor: User, at: datetime, told: dict[str, Any]) -> None:
    """The words that people gave a session stay out of the ledger, which nothing can be taken out of."""
    fact = Fact(
        kind=kind,
        subject=("programs.Session", str(session.pk)),
        at=at,
        actor_id=actor.pk,
        payload={"cohort": str(session.cohort_id)}
        | {name: value if name in _FACTS else "" for name, value in told.items()},
    )
    session_changed.send(sender=Session, facts=[fact])


_FACTS = frozenset({"starts_at", "ends_at", "host"})
