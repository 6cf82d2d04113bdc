"""`type: shadow_mode`: the latest look at one's shadow-mode samples passed."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _
from pydantic import Field

from assessments import selectors as assessments
from assessments.models import ShadowPool
from enablement.access.leaves import Leaf, unknown
from enablement.access.registry import Params
from tracks.models import Enrolment, Track

if TYPE_CHECKING:
    from assessments.selectors import ShadowStanding


class ShadowParams(Params):
    """sample_size: judged cases of a look. qa_owner: who answers for the judgements (e-mail)."""

    sample_size: int = Field(ge=1, le=1000)
    qa_owner: str


class ShadowMode:
    name = "shadow_mode"
    params: type[Params] = ShadowParams

    def evaluate(
        self, *, track: Track, enrolments: Sequence[Enrolment], params: Any, at: datetime
    ) -> Mapping[UUID, Leaf]:
        pools = list(ShadowPool.objects.live().filter(track=track))
        if len(pools) != 1:
            leaf = unknown(self.name, label=_("Shadow mode"), why=_("The track has no single pool of cases."))
            return {enrolment.pk: leaf for enrolment in enrolments}
        standings = assessments.shadow_standings(
            user_ids=[e.user_id for e in enrolments], pool=pools[0], sample_size=params.sample_size
        )
        return {e.pk: self._leaf(pools[0], standings.get(e.user_id), params.sample_size) for e in enrolments}

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
            next_step="" if met else _("Decide shadow-mode cases"),
            link="" if met else reverse("shadow", args=[pool.pk]),
            proof=(f"assessments.shadowlook:{standing.look_id}",) if met and standing else (),
        )

    def _actual(self, standing: "ShadowStanding | None", sample_size: int) -> str:
        counts = {"n": standing.n if standing else 0, "total": sample_size}
        if standing and standing.look_id and standing.n >= sample_size and not standing.passed:
            return _("%(n)d judged, not yet in agreement") % counts
        return _("%(n)d of %(total)d judged") % counts
