"""`type: labs_signed_off`: the track's labs, or those named, carry a sign-off that stands."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from assessments import selectors as assessments
from enablement.access.lasting import LastingParams, lasting
from enablement.access.leaves import Leaf, unknown
from enablement.access.registry import Params
from tracks.models import Enrolment, Lab, Track
from tracks.prepared import PreparedObjects

if TYPE_CHECKING:
    from assessments.selectors import SignedOff


_live_labs: PreparedObjects[Lab] = PreparedObjects(
    lambda track: Lab.objects.live().filter(module__track=track, module__retired_at=None), track=2_000_000_001
)


class LabsParams(LastingParams):
    """labs: keys of labs of the track; None for all of them."""

    labs: list[str] | None = None


class LabsSignedOff:
    name = "labs_signed_off"
    params: type[Params] = LabsParams

    def evaluate(
        self, *, track: Track, enrolments: Sequence[Enrolment], params: Any, at: datetime
    ) -> Mapping[UUID, Leaf]:
        labs = _live_labs(track=track.pk)
        if params.labs is not None:
            labs = [lab for lab in labs if lab.key in params.labs]
        if not labs or (params.labs is not None and {lab.key for lab in labs} != set(params.labs)):
            leaf = unknown(self.name, label=_("Labs signed off"), why=_("The track lacks these labs."))
            return {enrolment.pk: leaf for enrolment in enrolments}
        signed = assessments.sign_offs_of_labs(enrolment_ids=[enrolment.pk for enrolment in enrolments])
        return {e.pk: self._in_time(labs, signed.get(e.pk, {}), params, at) for e in enrolments}

    def _in_time(
        self, labs: list[Lab], signed: "Mapping[int, SignedOff]", params: LabsParams, at: datetime
    ) -> Leaf:
        """The lab that was signed off first lapses first."""
        leaf = self._leaf(labs, {lab_id: each.id for lab_id, each in signed.items()})
        if not leaf.met:
            return leaf
        oldest = min(labs, key=lambda lab: signed[lab.pk].at)
        again = _("Hand in “%(title)s” once more and have it signed off") % {"title": oldest.title}
        link = reverse("lab", args=[oldest.pk])
        return lasting(leaf, since=signed[oldest.pk].at, params=params, at=at, again=again, link=link)

    def _leaf(self, labs: list[Lab], signed: Mapping[int, UUID]) -> Leaf:
        missing = [lab for lab in labs if lab.pk not in signed]
        total = len(labs)
        return Leaf(
            type=self.name,
            label=_("Labs signed off"),
            met=not missing,
            begun=bool(signed),
            done=total - len(missing),
            total=total,
            short=_("Labs"),
            required=ngettext("%(n)d lab signed off", "%(n)d labs signed off", total) % {"n": total},
            actual=_("%(done)d of %(total)d") % {"done": total - len(missing), "total": total},
            next_step=_("Have “%(title)s” signed off") % {"title": missing[0].title} if missing else "",
            link=reverse("lab", args=[missing[0].pk]) if missing else "",
            proof=tuple(f"assessments.signoff:{signed[lab.pk]}" for lab in labs if lab.pk in signed),
        )
