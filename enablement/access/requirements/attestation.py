"""`type: attestation`: the person confirms that they have read a policy and keep to it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _
from pydantic import Field

from enablement.access.leaves import Leaf
from enablement.access.models import Attestation
from enablement.access.registry import Params
from tracks.models import Enrolment, Track
from tracks.months import months_later


class AttestationParams(Params):
    """policy: a key. title: what people call it. statement: the words that a person confirms; other words
    have to be confirmed anew. valid_months: for how many calendar months (None: for good).
    """

    policy: str = Field(pattern=r"^[A-Za-z0-9_-]{1,100}$")
    title: str = Field(min_length=1, max_length=200)
    statement: str = Field(min_length=1, max_length=5000)
    valid_months: int | None = Field(default=None, ge=1, le=120)

    @property
    def statement_sha256(self) -> str:
        return sha256(" ".join(self.statement.split()).encode()).hexdigest()


class PolicyAttested:
    name = "attestation"
    params: type[Params] = AttestationParams

    def evaluate(
        self, *, track: Track, enrolments: Sequence[Enrolment], params: Any, at: datetime
    ) -> Mapping[UUID, Leaf]:
        made = Attestation.objects.filter(
            user__in=[enrolment.user_id for enrolment in enrolments],
            policy=params.policy,
            statement_sha256=params.statement_sha256,
        )
        # The newest one wins: the rows come oldest first.
        latest = {row.user_id: row for row in made.order_by("attested_at")}
        return {e.pk: self._leaf(track, params, latest.get(e.user_id), at) for e in enrolments}

    def _leaf(self, track: Track, params: Any, made: Attestation | None, at: datetime) -> Leaf:
        lapses_at = None
        if made is not None and params.valid_months is not None:
            lapses_at = months_later(made.attested_at, params.valid_months)
        met = made is not None and (lapses_at is None or lapses_at > at)
        return Leaf(
            type=self.name,
            label=_("Policy: %(title)s") % {"title": params.title},
            short=_("Policy"),
            met=met,
            begun=made is not None,
            required=_("read and confirmed"),
            actual=_("confirmed") if met else _("lapsed") if made else _("not confirmed yet"),
            next_step="" if met else _("Read and confirm “%(title)s”") % {"title": params.title},
            link="" if met else reverse("attest", args=[track.key, params.policy]),
            proof=(f"access.attestation:{made.pk}",) if met and made else (),
            lapses_at=lapses_at if met else None,
            lapsed=made is not None and not met,
        )
