"""`type: supervised_decisions`: real exceptions handled while a mentor observed, enough of them right."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from pydantic import Field

from assessments import selectors as assessments
from enablement.access.lasting import LastingParams, lasting
from enablement.access.leaves import Leaf
from enablement.access.registry import Params
from enablement.access.requirements.quiz import Share
from tracks.models import Enrolment, Track
from tracks.words import percent

if TYPE_CHECKING:
    from assessments.selectors import SupervisedStanding


class SupervisedParams(LastingParams):
    """n: cases to be observed; the latest so many count. right: the share of them that has to be right."""

    n: int = Field(ge=1, le=100)
    right: Share = Decimal(1)


class SupervisedDecisions:
    name = "supervised_decisions"
    params: type[Params] = SupervisedParams

    def evaluate(
        self, *, track: Track, enrolments: Sequence[Enrolment], params: Any, at: datetime
    ) -> Mapping[UUID, Leaf]:
        standings = assessments.supervised_standings(
            enrolment_ids=[enrolment.pk for enrolment in enrolments], latest=params.n
        )
        return {
            e.pk: lasting(
                self._leaf(e, standings[e.pk], params),
                since=standings[e.pk].oldest_at,
                params=params,
                at=at,
                again=_("Have your mentor observe another exception"),
                link=f"{reverse('exceptions', args=[e.pk])}#observed",
            )
            for e in enrolments
        }

    def _leaf(self, enrolment: Enrolment, standing: "SupervisedStanding", params: Any) -> Leaf:
        # Counts against share times n, in Decimal: 4 of 5 meets 0.8 exactly.
        enough = standing.latest >= params.n
        met = enough and standing.right >= params.right * params.n
        return Leaf(
            type=self.name,
            label=_("Exceptions handled with a mentor"),
            met=met,
            begun=standing.n > 0,
            done=standing.latest,
            total=params.n,
            short=_("Observed"),
            required=_required(params),
            actual=_("%(n)d of %(total)d observed, %(right)d right")
            % {"n": standing.latest, "total": params.n, "right": standing.right},
            next_step="" if met else _("Handle an exception while your mentor observes"),
            link="" if met else f"{reverse('exceptions', args=[enrolment.pk])}#observed",
            proof=tuple(f"assessments.casedecision:{pk}" for pk in standing.ids) if met else (),
        )


def _required(params: Any) -> str:
    cases = ngettext(
        "%(n)d exception handled with a mentor", "%(n)d exceptions handled with a mentor", params.n
    ) % {"n": params.n}
    if params.right == 1:
        return _("%(cases)s, all of them right") % {"cases": cases}
    return _("%(cases)s, at least %(percent)s %% right") % {"cases": cases, "percent": percent(params.right)}
