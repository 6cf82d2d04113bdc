"""A person confirms a policy that a gate of theirs asks for."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from enablement.access import tightening
from enablement.access.models import Attestation
from enablement.access.requirements.attestation import AttestationParams, PolicyAttested
from enablement.access.signals import attestation_made
from enablement.people.models import User
from tracks.errors import Refused
from tracks.facts import Fact
from tracks.models import Enrolment


@dataclass(frozen=True, kw_only=True, slots=True)
class Statement:
    """What is to be confirmed; `enrolment` is the one whose gate asks for it."""

    params: AttestationParams
    enrolment: Enrolment

    @property
    def sha256(self) -> str:
        return self.params.statement_sha256


def find_statement(*, user: User, track: str, policy: str) -> Statement | None:
    """The policy as the gate of this person's track, or an overlay there, has it; None where nothing asks."""
    enrolment = Enrolment.objects.live().filter(user=user, track__key=track).select_related("track").first()
    if enrolment is None:
        return None
    for node in tightening.nodes_on(track):
        if node["type"] == PolicyAttested.name and node["policy"] == policy:
            values = {key: value for key, value in node.items() if key != "type"}
            return Statement(params=AttestationParams.model_validate(values), enrolment=enrolment)
    return None


@transaction.atomic
def attest(*, statement: Statement, sha256: str, actor: User, at: datetime) -> Attestation:
    """Keep the person's word. `sha256` is of the words that they had before them.

    Raises Refused `not_yours`, or `changed` where the words have changed since the page was drawn.
    """
    if statement.enrolment.user_id != actor.pk:
        raise Refused("not_yours", _("Everybody confirms for themselves."))
    if sha256 != statement.sha256:
        raise Refused("changed", _("The words have changed since you opened the page. Read them once more."))
    made = Attestation.objects.create(
        user=actor, policy=statement.params.policy, statement_sha256=sha256, attested_at=at
    )
    fact = Fact(
        kind="access.attested",
        subject=("access.Attestation", str(made.pk)),
        at=at,
        actor_id=actor.pk,
        learner_id=actor.pk,
        payload={"policy": made.policy, "statement_sha256": sha256},
    )
    attestation_made.send(sender=Attestation, facts=[fact])
    return made
