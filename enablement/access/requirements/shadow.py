"""`type: shadow_mode`: the latest look at one's shadow-mode samples passed.

A look is measured against the marks of its pool, which are those of the gate. Where an overlay asks for
higher ones, the figures of that look have to reach these too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple
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
from tracks.words import percent

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
            self._leaf(pool, standing, params),
            since=standing.looked_at if standing else None,
            params=params,
            at=at,
            again=_("Decide fresh shadow-mode cases and pass the next look at them"),
            link=reverse("shadow", args=[pool.pk]),
        )

    def _leaf(self, pool: ShadowPool, standing: "ShadowStanding | None", params: ShadowParams) -> Leaf:
        marks, sample_size = _higher(pool, params), params.sample_size
        passed = standing is not None and standing.passed
        met = passed and all(mark.is_reached(standing) for mark in marks)
        judged = standing.n if standing else 0
        leaf = Leaf(
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
        return _with_marks(leaf, marks, standing if passed else None) if marks else leaf

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


class _Mark(NamedTuple):
    """A mark above the pool's own. figure: of a standing; words: with the mark, and with the figure."""

    figure: str
    asked: Decimal
    most: bool
    words: str

    def is_reached(self, standing: "ShadowStanding | None") -> bool:
        """A figure that could not be worked out reaches nothing."""
        found = getattr(standing, self.figure, None)
        return found is not None and (found <= self.asked if self.most else found >= self.asked)


def _higher(pool: ShadowPool, params: ShadowParams) -> list[_Mark]:
    """The marks that are stricter than those by which the pool's looks pass."""
    lower = _("lower bound of agreement at least %(mark)s %%")
    marks = [
        (pool.mark_lower, _Mark("lower", params.lower_bound, False, lower)),
        (pool.mark_kappa, _Mark("kappa", params.kappa, False, _("kappa at least %(mark)s"))),
        (
            Decimal(pool.mark_critical),
            _Mark("critical", Decimal(params.critical_misses), True, _("at most %(mark)s critical misses")),
        ),
        (
            Decimal(pool.mark_yellow),
            _Mark("yellow", Decimal(params.yellow_cases), False, _("at least %(mark)s yellow-zone cases")),
        ),
    ]
    return [mark for own, mark in marks if (mark.asked < own if mark.most else mark.asked > own)]


def _with_marks(leaf: Leaf, marks: Sequence[_Mark], passed: "ShadowStanding | None") -> Leaf:
    """The leaf where more is asked of the look. passed: its figures, where it passes by the pool's own."""
    asked = ", ".join(mark.words % {"mark": _shown(mark, mark.asked)} for mark in marks)
    leaf = replace(leaf, required=_("%(look)s; %(marks)s") % {"look": leaf.required, "marks": asked})
    if passed is None or leaf.met:
        return leaf
    there = ", ".join(
        mark.words % {"mark": _shown(mark, mark.asked)} for mark in marks if not mark.is_reached(passed)
    )
    return replace(
        leaf,
        done=None,
        total=None,
        actual=_("the latest look falls short of: %(marks)s") % {"marks": there},
        next_step=_("Decide more shadow-mode cases; the next look may reach it"),
    )


def _shown(mark: _Mark, value: Decimal) -> str:
    return percent(value) if mark.figure == "lower" else f"{value.normalize():f}"


def _fresh_missing(standing: "ShadowStanding | None") -> int:
    """Cases that keep agreement with an earlier version beyond its first two weeks."""
    return standing.carry.fresh_missing if standing and standing.passed else 0


_LOST = {
    Lost.MATERIAL: _lazy("suspended: the new version of the tool was declared material"),
    Lost.EXPIRED: _lazy("agreement with the earlier version of the tool has ended"),
    Lost.NOT_FRESH: _lazy("too few cases of the new version were judged in time"),
}
