"""One decision, or a batch of them: the reads, the rules, one insert."""

import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Self

from django.db import transaction
from django.db.models import Q
from django.utils.crypto import salted_hmac

from enablement.access.decisions.verdict import Call, Person, PolicyInForce, Reach, Tool, Verdict, decide
from enablement.access.models import Grant
from enablement.access.services.decisions.reading import find_people, find_person, find_tool, find_tools
from enablement.access.services.decisions.spending import Offer, Purse, Settlement, spend
from enablement.ledger import services as ledger
from enablement.ledger.models import LedgerEntry
from enablement.ledger.redaction import redact_all
from enablement.people.models import ApiToken
from tracks.addresses import know_addresses

#: Fields of the payload that hold whatever a caller writes there.
CALLERS_WORDS = ("action", "region", "prompt", "workflow_id", "model", "model_version", "request_id")
#: How exactly a grant knows when it was last used.
USE_STEP = timedelta(days=1)


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
    """A verdict as it was recorded; `id` is its ledger entry, `person` whom it is about, where known.

    `offers`: what the call's `approvals` were good for.
    """

    id: uuid.UUID
    verdict: Verdict
    person: uuid.UUID | None
    policy_revision: int | None
    offers: tuple[Offer, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Judged:
    """A call with what the tables say of it. `key` (request id, place in a batch) tells it again."""

    call: Call
    person: Person | None
    tool: Tool | None
    policy: PolicyInForce | None
    settlement: Settlement
    key: str = ""

    @property
    def verdict(self) -> Verdict:
        return self.settlement.verdict


def decide_call(
    *, call: Call, caller: Caller, at: datetime, request_id: str = "", seen: Mapping[str, str] | None = None
) -> Decision:
    """Answer a gateway and record the answer. Database errors rise: the door turns them into 503, a deny.

    `seen`: what a proxy says of the original request; it is recorded and decides nothing.
    """
    know_addresses()
    with transaction.atomic():
        judged = _look(call, Purse.of([call]), key=request_id, caller=caller, at=at)
        return _record([judged], caller=caller, at=at, request_id=request_id, seen=seen)[0]


def consider(*, call: Call, caller: Caller, at: datetime) -> Judged:
    """What `decide_call` would answer, without an answer: nothing is recorded, and nothing is spent."""
    return _look(call, Purse.of([call], lock=False), key="", caller=caller, at=at)


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

    Four reads and one insert, whatever the number of calls; a read and an update more where a call names
    approvals. Only what was decided is recorded.
    """
    asked = [call for call in calls if call is not None]
    people = find_people({call.subject for call in asked})
    shelf = find_tools(
        people=list(people.values()),
        keys={call.microtool for call in asked},
        prompts={call.prompt for call in asked if call.prompt},
    )
    purse = Purse.of(asked)
    judged: list[Judged | None] = []
    for place, call in enumerate(calls):
        if call is None:
            judged.append(None)
        else:
            person = people.get(call.subject)
            tool = shelf.tool(call.microtool, person=person, prompt=call.prompt)
            key = f"{request_id}#{place}" if request_id else ""
            found = (person, tool, shelf.policy)
            judged.append(_judge(call, found, purse, key=key, caller=caller, at=at))
        if semantic.ends_with(judged[-1].verdict if judged[-1] else None):
            break
    made = [one for one in judged if one is not None]
    recorded = iter(_record(made, caller=caller, at=at, request_id=request_id))
    return [next(recorded) if one is not None else None for one in judged]


def _look(call: Call, purse: Purse, *, key: str, caller: Caller, at: datetime) -> Judged:
    person = find_person(call.subject)
    tool, policy = find_tool(call, person)
    return _judge(call, (person, tool, policy), purse, key=key, caller=caller, at=at)


def _judge(
    call: Call,
    found: tuple[Person | None, Tool | None, PolicyInForce | None],
    purse: Purse,
    *,
    key: str,
    caller: Caller,
    at: datetime,
) -> Judged:
    person, tool, policy = found
    verdict = decide(call=call, person=person, tool=tool, policy=policy, reach=caller.reach, at=at)
    settlement = purse.settle(verdict, call=call, person=person, token=caller.token, key=key, at=at)
    return Judged(call=call, person=person, tool=tool, policy=policy, settlement=settlement, key=key)


def _record(
    judged: Sequence[Judged],
    *,
    caller: Caller,
    at: datetime,
    request_id: str,
    seen: Mapping[str, str] | None = None,
) -> list[Decision]:
    """One entry for each, and what they used is spent with it; a call again gets its decision again."""
    asked: dict[str, Any] = {"token": caller.token, "request_id": request_id}
    asked |= {"seen": dict(seen)} if seen else {}
    new = [one for one in judged if one.settlement.repeats is None]
    entries = ledger.record_many([_entry(one, asked, caller=caller, at=at) for one in new])
    made = {id(one): entry.pk for one, entry in zip(new, entries, strict=True)}
    spend([(one.settlement, made[id(one)], one.key) for one in new], token=caller.token, at=at)
    _note_use(new, at=at)
    former = _revisions([one.settlement.repeats for one in judged if one.settlement.repeats])
    return [
        Decision(
            id=one.settlement.repeats or made[id(one)],
            verdict=one.verdict,
            person=one.person.id if one.person else None,
            policy_revision=former[one.settlement.repeats] if one.settlement.repeats else _revision(one),
            offers=one.settlement.offers,
        )
        for one in judged
    ]


def _note_use(judged: Sequence[Judged], *, at: datetime) -> None:
    """For disuse: once a day a grant learns that it is used; a write for every call would tell no more."""
    used = Q()
    for one in judged:
        if one.verdict.decision and one.person and one.tool:
            before = one.tool.grant_last_used_at
            if before is None or before <= at - USE_STEP:
                used |= Q(user=one.person.id, microtool__key=one.tool.key)
    if used:
        Grant.objects.filter(used).update(last_used_at=at)


def _entry(one: Judged, asked: dict[str, Any], *, caller: Caller, at: datetime) -> ledger.NewEntry:
    return ledger.NewEntry(
        kind="access.decided",
        subject=("access.microtool", one.tool.key if one.tool else "unknown"),
        actor=caller.label,
        at=at,
        payload=_redacted(_payload(one) | asked),
        policy_revision=_revision(one),
        content=_content(one),
    )


def _content(one: Judged) -> ledger.Content | None:
    """The prompt or output, beside the chain, where the playbook has it logged."""
    if one.call.text is None or one.policy is None or not one.policy.keeps_content:
        return None
    return ledger.Content(person=one.person.id if one.person else None, texts={"text": one.call.text})


def _redacted(payload: dict[str, Any]) -> dict[str, Any]:
    """What a caller writes into a name can never be taken out of the chain again; so it does not go in."""
    said = {name: payload[name] for name in CALLERS_WORDS if payload[name]}
    names, found = redact_all(said, prose=False)
    seen, found_there = redact_all(payload.get("seen", {}), prose=False)
    total = Counter(found) + Counter(found_there)
    return payload | names | ({"seen": seen} if seen else {}) | ({"redacted": dict(total)} if total else {})


def _revisions(decisions: Sequence[uuid.UUID]) -> dict[uuid.UUID, int | None]:
    """By which revision these were decided, as the record has it; no query for none."""
    if not decisions:
        return {}
    return dict(LedgerEntry.objects.filter(pk__in=decisions).values_list("pk", "policy_revision"))


def _revision(found: Judged) -> int | None:
    return found.policy.revision if found.policy else None


def _payload(found: Judged) -> dict[str, Any]:
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
        "ground": verdict.ground,
        "required": [entry["reason"] for entry in verdict.required],
        "unmet": [leaf["type"] for leaf in verdict.unmet],
        **({"overlays": list(verdict.overlays)} if verdict.overlays else {}),
    } | _approvals(found.settlement)


def _approvals(settlement: Settlement) -> dict[str, Any]:
    """Which requests were named and what came of it; those that are none of ours are only counted."""
    if not settlement.offers:
        return {}
    known = [{"id": str(offer.id), "refused": offer.refused} for offer in settlement.offers if offer.id]
    used = [str(pk) for pk in settlement.used]
    return {
        "approvals": known,
        "approvals_used": used,
        "approvals_unknown": len(settlement.offers) - len(known),
    }


def keyed(text: str) -> str:
    """Tells whether two callers meant the same; without our key nobody can try addresses against it."""
    return salted_hmac("enablement.access.decisions", text, algorithm="sha256").hexdigest()
