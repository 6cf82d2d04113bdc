"""`type: attendance`: the person was at enough sessions of their cohort, by number, by share, or both."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from pydantic import Field, model_validator

from enablement.access.lasting import LastingParams, lasting
from enablement.access.leaves import Leaf
from enablement.access.registry import Params
from enablement.access.requirements.quiz import Share
from enablement.programs.selectors.attendance import Attended, attended
from tracks.models import Enrolment, Track
from tracks.words import percent


class AttendanceParams(LastingParams):
    """sessions: how many were attended. share: of the held ones that speak for or against the person.

    One of them at least. valid_months: each attended session counts for so long, so it needs `sessions`.
    """

    sessions: int | None = Field(default=None, ge=1, le=200)
    share: Share | None = None

    @model_validator(mode="after")
    def _something_asked(self) -> Self:
        if self.sessions is None and self.share is None:
            raise ValueError("expected sessions, share, or both")
        if self.valid_months is not None and self.sessions is None:
            raise ValueError("valid_months needs sessions: which of them lapse is counted from the latest")
        return self


class SessionsAttended:
    name = "attendance"
    params: type[Params] = AttendanceParams

    def evaluate(
        self, *, track: Track, enrolments: Sequence[Enrolment], params: Any, at: datetime
    ) -> Mapping[UUID, Leaf]:
        return self.evaluate_all(track=track, enrolments=enrolments, params=[params], at=at)[0]

    def evaluate_all(
        self,
        *,
        track: Track,  # noqa: ARG002  (one signature for all types)
        enrolments: Sequence[Enrolment],
        params: Sequence[Any],
        at: datetime,
    ) -> list[Mapping[UUID, Leaf]]:
        found = attended(enrolments=enrolments)
        return [{e.pk: self._in_time(found[e.pk], one, at) for e in enrolments} for one in params]

    def _in_time(self, record: Attended, params: AttendanceParams, at: datetime) -> Leaf:
        """The oldest of the latest sessions that are asked for lapses first."""
        latest = record.present[: params.sessions or 0]
        return lasting(
            self._leaf(record, params),
            since=latest[-1][1] if latest else None,
            params=params,
            at=at,
            again=_("Come to another session of your cohort"),
            link=reverse("my_sessions"),
        )

    def _leaf(self, record: Attended, params: AttendanceParams) -> Leaf:
        met = _both(_enough(record, params.sessions), _share(record, params))
        attended_ = len(record.present)
        return Leaf(
            type=self.name,
            label=_("Sessions attended"),
            met=met,
            begun=record.held > 0,
            pending=met is None,
            done=min(attended_, params.sessions) if params.sessions else attended_,
            total=params.sessions or record.counted,
            short=_("Sessions"),
            required=_required(params),
            actual=_actual(record),
            next_step="" if met else _next_step(record, met=met),
            link="" if met else reverse("my_sessions"),
            proof=tuple(f"programs.attendance:{pk}" for pk, _began in record.present) if met else (),
        )


def _enough(record: Attended, asked: int | None) -> bool | None:
    """None where it depends on what nobody has marked."""
    if asked is None or len(record.present) >= asked:
        return True
    return None if len(record.present) + record.unmarked >= asked else False


def _share(record: Attended, params: AttendanceParams) -> bool | None:
    """Counts against share times n, in Decimal: 4 of 5 meets 0.8 exactly. Of no session there is no share."""
    if params.share is None:
        return True
    if not record.counted:
        return None
    asked = params.share * record.counted
    if len(record.present) >= asked:
        return True
    return None if len(record.present) + record.unmarked >= asked else False


def _both(*answers: bool | None) -> bool | None:
    if False in answers:
        return False
    return None if None in answers else True


def _required(params: AttendanceParams) -> str:
    share = "" if params.share is None else percent(params.share)
    if params.sessions is None:
        return _("at least %(percent)s %% of the sessions held") % {"percent": share}
    number = ngettext("%(n)d session attended", "%(n)d sessions attended", params.sessions)
    number %= {"n": params.sessions}
    if not share:
        return number
    words = {"number": number, "percent": share}
    return _("%(number)s, and at least %(percent)s %% of those held") % words


def _actual(record: Attended) -> str:
    if not record.held:
        return _("no session held yet")
    parts = [_("attended %(n)d of %(held)d held") % {"n": len(record.present), "held": record.held}]
    if record.excused:
        parts.append(_("%(n)d excused") % {"n": record.excused})
    if record.unmarked:
        parts.append(_("%(n)d not marked") % {"n": record.unmarked})
    return ", ".join(parts)


def _next_step(record: Attended, *, met: bool | None) -> str:
    if met is None and record.unmarked:
        return _("Ask the host to mark your attendance")
    return _("Come to the next session of your cohort")
