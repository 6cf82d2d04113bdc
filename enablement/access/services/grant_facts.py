"""What a re-evaluation announces: inside its transaction, a signal for each kind of fact."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from enablement.access.models import Grant, Microtool
from enablement.access.signals import gate_lost, gate_met, grant_changed, grant_kept, grant_renewed
from tracks.facts import Fact
from tracks.models import Enrolment


class Change(NamedTuple):
    """`lapsed_at`: when the proof of an open grant had run out, where that is what was found."""

    grant: Grant
    before: str
    lapsed_at: datetime | None = None


def changed(changes: list[Change], *, cause: str, actor_id: UUID | None, at: datetime) -> None:
    tool_keys = dict(Microtool.objects.values_list("pk", "key")) if changes else {}
    facts = [
        Fact(
            kind=f"access.grant_{grant.state}",
            subject=("access.grant", str(grant.pk)),
            at=at,
            actor_id=actor_id,
            learner_id=grant.user_id,
            payload={
                "microtool": tool_keys[grant.microtool_id],
                "before": before,
                "after": grant.state,
                "cause": cause,
                "policy_revision": grant.policy_revision,
                "proof": [fact for leaf in grant.leaves for fact in leaf["proof"]],
            }
            | ({"lapsed_at": lapsed_at} if lapsed_at else {}),
        )
        for grant, before, lapsed_at in changes
    ]
    if facts:
        grant_changed.send(sender=Grant, facts=facts)


def renewed(
    grants: list[Grant],
    terms: Mapping[UUID, datetime | None],
    *,
    cause: str,
    actor_id: UUID | None,
    at: datetime,
) -> None:
    """A grant stays open, but its proof lapses at another time: whoever keeps a list has to know."""
    tool_keys = dict(Microtool.objects.values_list("pk", "key")) if grants else {}
    facts = [
        Fact(
            kind="access.grant_renewed",
            subject=("access.grant", str(grant.pk)),
            at=at,
            actor_id=actor_id,
            learner_id=grant.user_id,
            payload={
                "microtool": tool_keys[grant.microtool_id],
                "before": grant.state,
                "after": grant.state,
                "cause": cause,
                "policy_revision": grant.policy_revision,
                "not_after_before": terms[grant.pk],
                "not_after": grant.not_after,
            },
        )
        for grant in grants
    ]
    if facts:
        grant_renewed.send(sender=Grant, facts=facts)


def kept(grants: list[Grant], *, cause: str, actor_id: UUID | None, at: datetime) -> None:
    """The gate became stricter, and whoever holds the tool keeps it for a time (decision 116)."""
    tool_keys = dict(Microtool.objects.values_list("pk", "key")) if grants else {}
    facts = [
        Fact(
            kind="access.grant_kept",
            subject=("access.grant", str(grant.pk)),
            at=at,
            actor_id=actor_id,
            learner_id=grant.user_id,
            payload={
                "microtool": tool_keys[grant.microtool_id],
                "before": grant.state,
                "after": grant.state,
                "cause": cause,
                "policy_revision": grant.policy_revision,
                "former_gate": str(grant.former_gate_id),
                "not_after": grant.not_after,
            },
        )
        for grant in grants
    ]
    if facts:
        grant_kept.send(sender=Grant, facts=facts)


def gates(
    *, met: list[Enrolment], lost: list[Enrolment], cause: str, actor_id: UUID | None, at: datetime
) -> None:
    """Say whose gate is met while the enrolment is not complete, and whose is lost while it is."""
    for signal, kind, turned in ((gate_met, "access.gate_met", met), (gate_lost, "access.gate_lost", lost)):
        facts = [
            Fact(
                kind=kind,
                subject=("tracks.Enrolment", str(enrolment.pk)),
                at=at,
                actor_id=actor_id,
                learner_id=enrolment.user_id,
                payload={"cause": cause},
            )
            for enrolment in turned
        ]
        if facts:
            signal.send(sender=Enrolment, facts=facts)
