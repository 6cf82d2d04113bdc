"""What a re-evaluation announces: inside its transaction, a signal for each kind of fact."""

from collections.abc import Iterable, Mapping, Sequence
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


class Cause(NamedTuple):
    """What a re-evaluation follows from: a fact's kind, who did it (None: the system), and when."""

    kind: str
    actor_id: UUID | None
    at: datetime


def changed(changes: Sequence[Change], *, cause: Cause) -> None:
    said = (
        (
            f"access.grant_{grant.state}",
            grant,
            {
                "before": before,
                "proof": [fact for leaf in grant.leaves for fact in leaf["proof"]],
                **({"lapsed_at": lapsed_at} if lapsed_at else {}),
            },
        )
        for grant, before, lapsed_at in changes
    )
    if facts := _facts(said, cause):
        grant_changed.send(sender=Grant, facts=facts)


def renewed(grants: Sequence[Grant], terms: Mapping[UUID, datetime | None], *, cause: Cause) -> None:
    """A grant stays open, but its proof lapses at another time: whoever keeps a list has to know."""
    said = (
        (
            "access.grant_renewed",
            grant,
            {"not_after_before": terms[grant.pk], "not_after": grant.not_after},
        )
        for grant in grants
    )
    if facts := _facts(said, cause):
        grant_renewed.send(sender=Grant, facts=facts)


def kept(grants: Sequence[Grant], *, cause: Cause) -> None:
    """The gate became stricter, and whoever holds the tool keeps it for a time (decision 116)."""
    said = (
        (
            "access.grant_kept",
            grant,
            {"former_gate": str(grant.former_gate_id), "not_after": grant.not_after},
        )
        for grant in grants
    )
    if facts := _facts(said, cause):
        grant_kept.send(sender=Grant, facts=facts)


def _facts(said: Iterable[tuple[str, Grant, Mapping[str, object]]], cause: Cause) -> list[Fact]:
    """Of each kind and grant, with what is said of it besides; `before` is its state where it is not said."""
    rows = list(said)
    tool_keys = dict(Microtool.objects.values_list("pk", "key")) if rows else {}
    return [
        Fact(
            kind=kind,
            subject=("access.grant", str(grant.pk)),
            at=cause.at,
            actor_id=cause.actor_id,
            learner_id=grant.user_id,
            payload={
                "microtool": tool_keys[grant.microtool_id],
                "before": grant.state,
                "after": grant.state,
                "cause": cause.kind,
                "policy_revision": grant.policy_revision,
                **more,
            },
        )
        for kind, grant, more in rows
    ]


def gates(*, met: Sequence[Enrolment], lost: Sequence[Enrolment], cause: Cause) -> None:
    """Say whose gate is met while the enrolment is not complete, and whose is lost while it is."""
    for signal, kind, turned in ((gate_met, "access.gate_met", met), (gate_lost, "access.gate_lost", lost)):
        facts = [
            Fact(
                kind=kind,
                subject=("tracks.Enrolment", str(enrolment.pk)),
                at=cause.at,
                actor_id=cause.actor_id,
                learner_id=enrolment.user_id,
                payload={"cause": cause.kind},
            )
            for enrolment in turned
        ]
        if facts:
            signal.send(sender=Enrolment, facts=facts)
