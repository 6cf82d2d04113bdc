"""One decision, or a batch of them: the reads, the rules, one insert."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from django.db import transaction
from django.utils.crypto import salted_hmac

from enablement.access.decisions.verdict import Call, Person, PolicyInForce, Reach, Tool, Verdict, decide
from enablement.access.services.decisions.reading import find_people, find_person, find_tool, find_tools
from enablement.ledger import services as ledger
from enablement.people.models import ApiToken


class Semantic(StrEnum):
    """What a batch does with its answers (AuthZEN 1.0, evaluations semantics)."""

    EXECUTE_ALL = "execute_all"
    DENY_ON_FIRST_DENY = "deny_on_first_deny"
    PERMIT_ON_FIRST_PERMIT = "permit_on_first_permit"

    def ends_with(self, verdict: Verdict | None) -> bool:
        """Whether no further call is looked at after this one; None is a call that could not be read."""
        allowed = verdict is not None and verdict.decision
        return (self is Semantic.DENY_ON_FIRST_DENY and not allowed) or (
            self is Semantic.PERMIT_ON_FIRST_PERMIT and allowed
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Caller:
    """Who asks: a token, or a person's own session at a proxy. `label` names it in the record."""

    label: str
    reach: Reach = field(default_factory=Reach)
    token: str = ""

    @classmethod
    def of_token(cls, token: ApiToken) -> Self:
        reach = Reach(regions=frozenset(token.regions), microtools=frozenset(token.microtools))
        return cls(label=f"token {token.name}", reach=reach, token=str(token.pk))


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """A verdict as it was recorded; `id` is its ledger entry, `person` whom it is about, where known."""

    id: uuid.UUID
    verdict: Verdict
    person: uuid.UUID | None
    policy_revision: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class _Judged:
    call: Call
    person: Person | None
    tool: Tool | None
    policy: PolicyInForce | None
    verdict: Verdict


@transaction.atomic
def decide_call(
    *, call: Call, caller: Caller, at: datetime, request_id: str = "", seen: Mapping[str, str] | None = None
) -> Decision:
    """Answer a gateway and record the answer. Database errors rise: the door turns them into 503, a deny.

    `seen`: what a proxy says of the original request; it is recorded and decides nothing.
    """
    person = find_person(call.subject)
    tool, policy = find_tool(call, person)
    judged = _judge(call, person, tool, policy, caller=caller, at=at)
    return _record([judged], caller=caller, at=at, request_id=request_id, seen=seen)[0]


@transaction.atomic
def decide_calls(
    *,
    calls: Sequence[Call | None],
    caller: Caller,
    at: datetime,
    semantic: Semantic = Semantic.EXECUTE_ALL,
    request_id: str = "",
) -> list[Decision | None]:
    """Answers in the order of the calls, as many as the semantic asks for; None for what could not be read.

    Four reads and one insert, whatever the number of calls. Only what was decided is recorded.
    """
    asked = [call for call in calls if call is not None]
    people = find_people({call.subject for call in asked})
    shelf = find_tools(
        people=list(people.values()),
        keys={call.microtool for call in asked},
        prompts={call.prompt for call in asked if call.prompt},
    )
    judged: list[_Judged | None] = []
    for call in calls:
        if call is None:
            judged.append(None)
        else:
            person = people.get(call.subject)
            tool = shelf.tool(call.microtool, person=person, prompt=call.prompt)
            judged.append(_judge(call, person, tool, shelf.policy, caller=caller, at=at))
        if semantic.ends_with(judged[-1].verdict if judged[-1] else None):
            break
    made = [found for found in judged if found is not None]
    recorded = iter(_record(made, caller=caller, at=at, request_id=request_id))
    return [next(recorded) if found is not None else None for found in judged]


def _judge(
    call: Call,
    person: Person | None,
    tool: Tool | None,
    policy: PolicyInForce | None,
    *,
    caller: Caller,
    at: datetime,
) -> _Judged:
    verdict = decide(call=call, person=person, tool=tool, policy=policy, reach=caller.reach, at=at)
    return _Judged(call=call, person=person, tool=tool, policy=policy, verdict=verdict)


def _record(
    judged: Sequence[_Judged],
    *,
    caller: Caller,
    at: datetime,
    request_id: str,
    seen: Mapping[str, str] | None = None,
) -> list[Decision]:
    asked = {"token": caller.token, "request_id": request_id} | ({"seen": dict(seen)} if seen else {})
    entries = ledger.record_many(
        [
            ledger.NewEntry(
                kind="access.decided",
                subject=("access.microtool", found.tool.key if found.tool else "unknown"),
                actor=caller.label,
                at=at,
                payload=_payload(found) | asked,
                policy_revision=_revision(found),
            )
            for found in judged
        ]
    )
    return [
        Decision(
            id=entry.pk,
            verdict=found.verdict,
            person=found.person.id if found.person else None,
            policy_revision=_revision(found),
        )
        for entry, found in zip(entries, judged, strict=True)
    ]


def _revision(found: _Judged) -> int | None:
    return found.policy.revision if found.policy else None


def _payload(found: _Judged) -> dict[str, Any]:
    """What the record keeps: who, what, why. Never the text; whom or what we do not know as a keyed hash."""
    call, verdict = found.call, found.verdict
    return {
        "user": str(found.person.id) if found.person else "",
        "unknown_subject_hmac": "" if found.person else keyed(call.subject),
        "microtool": found.tool.key if found.tool else "",
        "unknown_microtool_hmac": "" if found.tool else keyed(call.microtool),
        "action": call.action,
        "region": call.region or "",
        "prompt": call.prompt or "",
        "workflow_id": call.workflow_id or "",
        "confidence": "" if call.confidence is None else str(call.confidence),
        "model": call.model or "",
        "model_version": call.model_version or "",
        "outcome": verdict.outcome,
        "reason": verdict.reason,
        "required": [entry["reason"] for entry in verdict.required],
        "unmet": [leaf["type"] for leaf in verdict.unmet],
    }


def keyed(text: str) -> str:
    """Tells whether two callers meant the same; without our key nobody can try addresses against it."""
    return salted_hmac("enablement.access.decisions", text, algorithm="sha256").hexdigest()
