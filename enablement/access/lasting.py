"""Proof that holds for a number of calendar months, then has to be given anew."""

from dataclasses import replace
from datetime import datetime

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from pydantic import Field

from enablement.access.leaves import Leaf
from enablement.access.registry import Params
from tracks.months import months_later, renewable_from


class LastingParams(Params):
    """valid_months: for how many calendar months the proof holds (None: for good)."""

    valid_months: int | None = Field(default=None, ge=1, le=120)


def lasting(
    leaf: Leaf, *, since: datetime | None, params: LastingParams, at: datetime, again: str, link: str
) -> Leaf:
    """A leaf as it holds in time. since: when its proof was given; without it nothing is known, so not met.

    again, link: what to do, and where, once the proof may be given anew (`renewable_from`). What was given
    stays on record: it holds until it lapses even while it is given anew.
    """
    if not leaf.met or params.valid_months is None:
        return leaf
    if since is None:
        return replace(leaf, met=False, begun=True, next_step=again, link=link, proof=())
    lapses_at = months_later(since, params.valid_months)
    day = {"day": date_format(localtime(lapses_at))}
    if lapses_at <= at:
        leaf = replace(leaf, met=False, begun=True, lapsed=True, actual=_("lapsed on %(day)s") % day)
        return replace(leaf, next_step=again, link=link, proof=())
    actual = _("%(actual)s, holds until %(day)s") % (day | {"actual": leaf.actual})
    if leaf.lapses_at is not None:
        lapses_at = min(lapses_at, leaf.lapses_at)
    leaf = replace(leaf, actual=actual, lapses_at=lapses_at)
    if leaf.next_step or at < renewable_from(since, lapses_at):
        return leaf
    step = _("%(again)s before %(day)s") % {"again": again, "day": date_format(localtime(lapses_at))}
    return replace(leaf, next_step=step, link=link, renews=True)
