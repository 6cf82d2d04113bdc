"""`type: certificate_valid`: the person holds a valid certificate of a track."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from pydantic import Field

from enablement.access.leaves import Leaf, unknown
from enablement.access.registry import Params
from enablement.certificates.models import Certificate
from tracks.models import Enrolment, Track


class CertificateParams(Params):
    """track: key of the track whose certificate is asked for; another one than the gate's own."""

    track: str = Field(min_length=1, max_length=100)


class CertificateValid:
    name = "certificate_valid"
    params: type[Params] = CertificateParams

    def evaluate(
        self, *, track: Track, enrolments: Sequence[Enrolment], params: Any, at: datetime
    ) -> Mapping[UUID, Leaf]:
        asked = Track.objects.filter(key=params.track).first()
        if asked is None or asked == track:
            why = _("A track cannot ask for its own certificate.") if asked else _("There is no such track.")
            leaf = unknown(self.name, label=_("Certificate"), why=why)
            return {enrolment.pk: leaf for enrolment in enrolments}
        valid = Certificate.objects.live().filter(
            Q(expires_at=None) | Q(expires_at__gt=at),
            track=asked,
            revoked_at=None,
            user__in=[enrolment.user_id for enrolment in enrolments],
        )
        held = {row.user_id: row for row in valid.order_by("issued_at")}
        return {e.pk: self._leaf(asked, held.get(e.user_id)) for e in enrolments}

    def _leaf(self, asked: Track, held: Certificate | None) -> Leaf:
        return Leaf(
            type=self.name,
            label=_("Certificate: %(track)s") % {"track": asked.title},
            short=_("Certificate"),
            met=held is not None,
            required=_("valid"),
            actual=_("valid") if held else _("none that is valid"),
            next_step="" if held else _("Complete the track “%(track)s”") % {"track": asked.title},
            link="" if held else reverse("track", args=[asked.key]),
            proof=(f"certificates.certificate:{held.public_id}",) if held else (),
            lapses_at=held.expires_at if held else None,
        )
