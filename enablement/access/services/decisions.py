"""One decision: two reads, the rules, one insert. Nothing is cached; unrecorded, there is no decision."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, FilteredRelation, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils.crypto import salted_hmac

from enablement.access.decisions.verdict import Call, Person, PolicyInForce, Tool, Verdict, decide
from enablement.access.models import Microtool, Policy, Prompt
from enablement.ledger import services as ledger
from enablement.people.models import ApiToken, User
from tracks.prepared import Prepared

POLICY_FIELDS = (
    "revision",
    "regions",
    "yellow_zone_terms",
    "block_on_confidence_lt",
    "manual_review_required",
)
TOOL_FIELDS = (
    "key",
    "retired_at",
    "track__key",
    "confidence_threshold",
    "approval_rule",
    "holds_prompt",
    "held__state",
    "held__not_after",
    "held__leaves",
    *(f"policy_{name}" for name in POLICY_FIELDS),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """A verdict as it was recorded; `id` is its ledger entry."""

    id: uuid.UUID
    verdict: Verdict
    policy_revision: int | None


@transaction.atomic
def decide_call(*, call: Call, token: ApiToken, at: datetime, request_id: str = "") -> Decision:
    """Answer a gateway and record the answer. Database errors rise: the door turns them into 503, a deny."""
    person = _person(call.subject)
    tool, policy = _tool_and_policy(call, person)
    verdict = decide(
        call=call, person=person, tool=tool, policy=policy, token_regions=frozenset(token.regions), at=at
    )
    revision = policy.revision if policy else None
    entry = ledger.record(
        kind="access.decided",
        subject=("access.microtool", tool.key if tool else "unknown"),
        actor=f"token {token.name}",
        at=at,
        payload=_payload(call, person, tool, verdict) | {"token": str(token.pk), "request_id": request_id},
        policy_revision=revision,
    )
    return Decision(id=entry.pk, verdict=verdict, policy_revision=revision)


def _payload(call: Call, person: Person | None, tool: Tool | None, verdict: Verdict) -> dict[str, Any]:
    """What the record keeps: who, what, why. Never the text; whom or what we do not know as a keyed hash."""
    return {
        "user": str(person.id) if person else "",
        "unknown_subject_hmac": "" if person else _keyed(call.subject),
        "microtool": tool.key if tool else "",
        "unknown_microtool_hmac": "" if tool else _keyed(call.microtool),
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


def _keyed(text: str) -> str:
    """Tells whether two callers meant the same; without our key nobody can try addresses against it."""
    return salted_hmac("enablement.access.decisions", text, algorithm="sha256").hexdigest()


def _person(subject: str) -> Person | None:
    """By id, by e-mail without regard to case, or by the identity provider's id (which may be a UUID too)."""
    if not subject.strip():
        return None
    try:
        rows = _people_by_id(pk=uuid.UUID(subject), external_id=subject)
    except ValueError:
        by_email = "@" in subject
        rows = (
            _people_by_email(email=subject.strip().lower())
            if by_email
            else _people_by_external_id(external_id=subject)
        )
    if len({row[0] for row in rows}) != 1:
        return None
    return Person(
        id=rows[0][0],
        is_active=rows[0][1],
        prompts=frozenset(prompt for row in rows for prompt in row[2] or ()),
        approvals=frozenset(action for row in rows for action in row[3] or ()),
        # Without a known profile nothing says that the person may go without a second look.
        human_in_loop=any(row[4] is not False for row in rows),
        rubric=tuple(row[5] for row in rows if row[5]),
    )


def _people(who: Q) -> QuerySet[User, tuple[Any, ...]]:
    profile = "assignment__role__profile"
    return (
        User.objects.annotate(
            email_key=Lower("email"),
            assignment=FilteredRelation("role_assignments", condition=Q(role_assignments__ended_at=None)),
        )
        .filter(who)
        .order_by()
        .values_list(
            "pk",
            "is_active",
            f"{profile}__prompts",
            f"{profile}__approvals",
            f"{profile}__human_in_loop",
            f"{profile}__rubric",
        )
    )


_people_by_id = Prepared(
    lambda pk, external_id: _people(Q(pk=pk) | Q(external_id=external_id)),
    pk=uuid.UUID(int=1),
    external_id="\0id",
)
_people_by_email = Prepared(lambda email: _people(Q(email_key=email)), email="\0email")
_people_by_external_id = Prepared(lambda external_id: _people(Q(external_id=external_id)), external_id="\0id")


def _tool_and_policy(call: Call, person: Person | None) -> tuple[Tool | None, PolicyInForce | None]:
    # Nobody has the id zero, and no prompt an empty name.
    rows = _tools(
        key=call.microtool, person=person.id if person else uuid.UUID(int=0), prompt=call.prompt or ""
    )
    if not rows:
        return None, _policy(Policy.objects.values(*POLICY_FIELDS).first())
    row = dict(zip(TOOL_FIELDS, rows[0], strict=True))
    policy = {name: row[f"policy_{name}"] for name in POLICY_FIELDS}
    return _tool(row), _policy(policy if policy["revision"] is not None else None)


def _tools_with_policy(key: str, person: uuid.UUID, prompt: str) -> QuerySet[Microtool, tuple[Any, ...]]:
    return (
        Microtool.objects.filter(key=key)
        .annotate(
            held=FilteredRelation("grants", condition=Q(grants__user=person)),
            **{f"policy_{name}": Subquery(Policy.objects.values(name)) for name in POLICY_FIELDS},
            holds_prompt=Exists(Prompt.objects.filter(microtool=OuterRef("pk"), key=prompt, retired_at=None)),
        )
        .order_by()
        .values_list(*TOOL_FIELDS)
    )


_tools = Prepared(_tools_with_policy, key="\0key", person=uuid.UUID(int=1), prompt="\0prompt")


def _tool(row: dict[str, Any]) -> Tool:
    return Tool(
        key=row["key"],
        retired=row["retired_at"] is not None,
        track_url=reverse("track", args=[row["track__key"]]) if row["track__key"] else "",
        confidence_threshold=row["confidence_threshold"],
        approval_rule=row["approval_rule"],
        holds_prompt=row["holds_prompt"],
        grant_state=row["held__state"],
        grant_not_after=row["held__not_after"],
        grant_leaves=row["held__leaves"] or [],
    )


def _policy(stored: dict[str, Any] | None) -> PolicyInForce | None:
    if stored is None:
        return None
    return PolicyInForce(
        revision=stored["revision"],
        regions=frozenset(stored["regions"]),
        yellow_zone_terms=stored["yellow_zone_terms"],
        block_on_confidence_lt=stored["block_on_confidence_lt"],
        manual_review_required=stored["manual_review_required"],
    )
