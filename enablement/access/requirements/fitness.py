"""`type: tool_fitness`: the tool itself, by quality assurance's judgement of its recorded outputs.

It is about the tool and not about a person, so everybody on the track meets it or nobody does.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from django.utils.translation import gettext as _
from pydantic import BeforeValidator, Field

from assessments.models import ShadowPool
from assessments.selectors.fitness import Fitness, fitness
from enablement.access import tightening
from enablement.access.leaves import Leaf, unknown
from enablement.access.registry import Params
from tracks.models import Enrolment, Track
from tracks.words import percent

Share = Annotated[Decimal, BeforeValidator(str), Field(gt=0, le=1)]


class FitnessParams(Params):
    """lower_bound: of the 95 % interval of usable outputs. cases: settled ones of the version in force."""

    lower_bound: Share
    cases: int = Field(default=50, ge=1, le=1000)

    def met_by(self, figure: Fitness) -> bool:
        interval = figure.interval
        return interval is not None and figure.settled >= self.cases and interval.lower >= self.lower_bound


class ToolFitness:
    name = "tool_fitness"
    params: type[Params] = FitnessParams

    def evaluate(
        self, *, track: Track, enrolments: Sequence[Enrolment], params: Any, at: datetime
    ) -> Mapping[UUID, Leaf]:
        pools = list(ShadowPool.objects.live().filter(track=track))
        if len(pools) != 1:
            why = _("The track has no single pool of cases.")
            leaf = unknown(self.name, label=_("Fitness of the tool"), why=why)
        else:
            leaf = self._leaf(pools[0], fitness(pools[0]), params)
        return {enrolment.pk: leaf for enrolment in enrolments}

    def _leaf(self, pool: ShadowPool, figure: Fitness, params: FitnessParams) -> Leaf:
        met = params.met_by(figure)
        return Leaf(
            type=self.name,
            label=_("%(tool)s: fitness") % {"tool": pool.tool},
            met=met,
            begun=figure.settled > 0,
            done=min(figure.settled, params.cases),
            total=params.cases,
            short=_("Fitness of the tool"),
            required=_("%(n)d judged outputs, usable ones with a lower bound of %(percent)s %%")
            % {"n": params.cases, "percent": percent(params.lower_bound)},
            actual=_("%(usable)d of %(settled)d usable")
            % {"usable": figure.usable, "settled": figure.settled},
            next_step="" if met else _("Quality assurance judges the tool; you have nothing to do for it"),
            proof=(f"assessments.shadowpool:{pool.pk}",) if met else (),
        )


def turns(*, track_key: str, before: Fitness, after: Fitness) -> bool:
    """Whether a requirement on this track is met by one of these figures and not by the other."""
    leaves = [leaf for leaf in tightening.nodes_on(track_key) if leaf["type"] == ToolFitness.name]
    params = [
        FitnessParams.model_validate({key: value for key, value in leaf.items() if key != "type"})
        for leaf in leaves
    ]
    return any(each.met_by(before) != each.met_by(after) for each in params)
