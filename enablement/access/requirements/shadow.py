"""`type: shadow_mode`: the latest look at one's shadow-mode samples passed."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from pydantic import BeforeValidator, Field

from assessments import selectors as assessments
from assessments.models import ShadowPool
from assessments.windows import Lost
from enablement.access.lasting import LastingParams, lasting
from enablement.access.leaves import Leaf, unknown
from enablement.access.registry import Params
from tracks.models import Enrolment, Track
from tracks.prepared import PreparedObjects

if TYPE_CHECKING:
    from assessments.selectors import ShadowStanding


Share = Annotated[Decimal, BeforeValidator(str), Field(ge=0, le=1)]


_live_pools: PreparedObjects[ShadowPool] = PreparedObjects(
    lambda track: ShadowPool.objects.live().filter(track=track), track=2_000_000_001
)


class ShadowParams(LastingParams):
    """sample_size: judged cases of a look. qa_owner: who answers for the judgements (e-mail).

    The others are the marks of a look, with DESIGN's figures as defaults. lower_bound: of Wilson's 95 %
    interval of agreement. kappa: agreement beyond chance. critical_misses: at most. yellow_cases: at least.
    """

    sample_size: int = Field(ge=1, le=1000)
    qa_owner: str
    lower_bound: Share = Decimal("0.75")
    kappa: Share = Decimal("0.6")
    critical_misses: int = Field(default=0, ge=0, le=1000)
    yellow_cases: int = Field(default=10, ge=0, le=1000)


class ShadowMode:
    name = "shadow_mode"
    params: type[Params] = ShadowParams

    def evaluate(
        self, *, track: Track, enrolments: Sequence[Enrolment], params: Any, at: datetime
    ) -> Mapping[UUID, Leaf]:
        pools = _live_pools(track=track.pk)
        if len(pools) != 1:
            leaf = unknown(self.name, label=_("Shadow mode"), why=_("The track has no single pool of cases."))
            return {enrolment.pk: leaf for enrolment in enrolments}
        standings = assessments.shadow_standings(
            user_ids=[e.user_id for e in enrolments], pool=pools[0], at=at, sample_size=params.sample_size
        )
        return {e.pk: self._in_time(pools[0], standings.get(e.user_id), params, at) for e in enrolments}

    def _in_time(
        self, pool: ShadowPool, standing: "ShadowStanding | None", params: ShadowParams, at: datetime
    ) -> Leaf:
        """A look at fresh cases renews it."""
        return lasting(
            self._leaf(pool, standing, params.sample_size),
            since=standing.looked_at if standing else None,
            params=params,
            at=at,
            again=_("Decide fresh shadow-mode cases and pass the next look at them"),
            link=reverse("shadow", args=[pool.pk]),
        )

    def _leaf(self, pool: ShadowPool, standing: "ShadowStanding | None", sample_size: int) -> Leaf:
        met = standing is not None and standing.passed
        judged = standing.n if standing else 0
        return Leaf(
            type=self.name,
            label=pool.title,
            met=met,
            begun=judged > 0,
            done=min(judged, sample_size),
            total=sample_size,
            short=_("Shadow mode"),
            required=_("%(n)d judged cases, in agreement with quality assurance") % {"n": sample_size},
            actual=self._actual(standing, sample_size),
            next_step=self._next_step(standing),
            link="" if met and not _fresh_missing(standing) else reverse("shadow", args=[pool.pk]),
            lapses_at=standing.carry.lapses_at if met and standing else None,
            proof=(f"assessments.shadowlook:{standing.look_id}",) if met and standing else (),
        )

    def _next_step(self, standing: "ShadowStanding | None") -> str:
        if standing is None or not standing.passed:
            return _("Decide shadow-mode cases")
        if missing := _fresh_missing(standing):
            return _("Judge %(n)d fresh cases of the new version by %(day)s") % {
                "n": missing,
                "day": f"{localtime(standing.carry.lapses_at):%Y-%m-%d}",
            }
        return ""

    def _actual(self, standing: "ShadowStanding | None", sample_size: int) -> str:
        if standing and standing.carry.lost:
            return str(_LOST[standing.carry.lost])
        counts = {"n": standing.n if standing else 0, "total": sample_size}
        if standing and standing.look_id and standing.n >= sample_size and not standing.passed:
            return _("%(n)d judged, not yet in agreement") % counts
        return _("%(n)d of %(total)d judged") % counts


def _fresh_missing(standing: "ShadowStanding | None") -> int:
    """Cases that keep agreement with an earlier version beyond its first two weeks."""
    return standing.carry.fresh_missing if standing and standing.passed else 0


_LOST = {
    Lost.MATERIAL: _lazy("suspended: the new version of the tool was declared material"),
    Lost.EXPIRED: _lazy("agreement with the earlier version of the tool has ended"),
    Lost.NOT_FRESH: _lazy("too few cases of the new version were judged in time"),
}
