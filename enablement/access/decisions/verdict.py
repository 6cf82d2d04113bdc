"""The rules of a decision (DESIGN §4, decisions): denies first, then everything that still needs a person."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from enablement.access.decisions import approval_rule
from enablement.access.decisions.terms import found, mixes_scripts
from enablement.access.models import Grant

ACTIONS = ("invoke", "apply")


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """What a gateway asks, after its types were checked. Nothing in here gives a right.

    `approvals` names requests that people have settled, which the service looks up.
    """

    subject: str
    microtool: str
    action: str
    region: str | None = None
    prompt: str | None = None
    confidence: Decimal | None = None
    text: str | None = None
    workflow_id: str | None = None
    model: str | None = None
    model_version: str | None = None
    approvals: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """The subject from our tables. Several roles: prompts unite, restrictions take the strictest."""

    id: UUID
    is_active: bool
    prompts: frozenset[str]
    approvals: frozenset[str]
    human_in_loop: bool
    rubric: tuple[dict[str, Any], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Tool:
    """The resource from our tables, with the subject's grant and emergency access, if there are any."""

    key: str
    retired: bool
    track_url: str
    confidence_threshold: Decimal | None
    approval_rule: str
    holds_prompt: bool
    grant_state: str | None
    grant_not_after: datetime | None
    grant_leaves: list[dict[str, Any]]
    grant_last_used_at: datetime | None = None
    emergency_from: datetime | None = None
    emergency_until: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class PolicyInForce:
    revision: int
    regions: frozenset[str]
    yellow_zone_terms: list[str]
    block_on_confidence_lt: Decimal
    manual_review_required: bool
    stops: Mapping[str, Sequence[str]] = field(default_factory=dict)
    keeps_content: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Reach:
    """How far the caller's token goes; empty is everything that the playbook allows."""

    regions: frozenset[str] = frozenset()
    microtools: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """`reason` is a stable code. `required` lists what still needs a person; `unmet` the leaves that deny.

    `ground`: what opens the tool, `granted` or `emergency_access`; "" where it is closed.
    """

    outcome: str
    reason: str
    unmet: list[dict[str, Any]] = field(default_factory=list)
    required: list[dict[str, str]] = field(default_factory=list)
    ground: str = ""

    @property
    def decision(self) -> bool:
        return self.outcome == "allow"

    @property
    def requirements(self) -> frozenset["Requirement"]:
        return frozenset(requirement(entry) for entry in self.required)

    def settled(self, by: Collection["Requirement"]) -> "Verdict":
        """What is left where people have settled these requirements; a deny stays one."""
        if not self.required:
            return self
        return _open([entry for entry in self.required if requirement(entry) not in by], ground=self.ground)


#: Type, reason and approver ("" of a review): what a settled request covers, to the letter.
Requirement = tuple[str, str, str]


def requirement(entry: Mapping[str, str]) -> Requirement:
    return entry["type"], entry["reason"], entry.get("approver", "")


def _open(required: list[dict[str, str]], *, ground: str) -> Verdict:
    """The verdict where nothing denies and this is left for people."""
    kinds = {entry["type"] for entry in required}
    if not required:
        return Verdict(outcome="allow", reason=ground, ground=ground)
    outcome = "approval_required" if "approval" in kinds else "review_required"
    return Verdict(outcome=outcome, reason=outcome, required=required, ground=ground)


def decide(
    *,
    call: Call,
    person: Person | None,
    tool: Tool | None,
    policy: PolicyInForce | None,
    reach: Reach,
    at: datetime,
) -> Verdict:
    """Total: every combination has an answer, and what cannot be established denies."""
    reason = _deny_reason(call=call, person=person, tool=tool, policy=policy, reach=reach, at=at)
    if reason is not None or person is None or tool is None or policy is None:
        unmet = _unmet(tool) if reason == "gate_not_met" and tool else []
        return Verdict(outcome="deny", reason=reason or "unknown", unmet=unmet)
    ground = "granted" if _own_reason(tool, at) is None else "emergency_access"
    return _open(list(_required(call, person, tool, policy)), ground=ground)


def _deny_reason(
    *,
    call: Call,
    person: Person | None,
    tool: Tool | None,
    policy: PolicyInForce | None,
    reach: Reach,
    at: datetime,
) -> str | None:
    if policy is None:
        return "no_policy_in_force"
    if person is None or tool is None or not person.is_active:
        return _unknown_reason(person, tool)
    if reach.microtools and tool.key not in reach.microtools:
        return "microtool_not_allowed"
    if tool.retired:
        return "retired_microtool"
    if call.action not in ACTIONS:
        return "unknown_action"
    if not _region_allowed(call.region, reach.regions, policy.regions):
        return "region_not_allowed"
    return (
        _stop_reason(call, tool, policy, reach)
        or _grant_reason(tool, at)
        or _activity_reason(call, person, tool)
        or _confidence_reason(call, policy)
        or _text_reason(call, tool, policy)
    )


def _unknown_reason(person: Person | None, tool: Tool | None) -> str:
    """Of a subject or tool that is not there; what is wrong with the subject comes first."""
    if person is None:
        return "unknown_subject"
    return "unknown_microtool" if tool is None and person.is_active else "inactive_subject"


def _region_allowed(region: str | None, of_token: frozenset[str], allowed: frozenset[str]) -> bool:
    """A token without regions stands for all that the policy allows; a caller may only narrow."""
    reached = of_token or allowed
    asked = frozenset({region}) if region is not None else reached
    return bool(asked) and asked <= reached and asked <= allowed


def _stop_reason(call: Call, tool: Tool, policy: PolicyInForce, reach: Reach) -> str | None:
    """The kill switches. Who does not say which model or region may be using a stopped one."""
    if tool.key in policy.stops.get("microtool", ()):
        return "microtool_stopped"
    regions = frozenset({call.region}) if call.region is not None else reach.regions or policy.regions
    if regions & frozenset(policy.stops.get("region", ())):
        return "region_stopped"
    models = policy.stops.get("model", ())
    if models and (call.model is None or call.model in models or call.model_version in models):
        return "model_stopped"
    return None


def _grant_reason(tool: Tool, at: datetime) -> str | None:
    """Emergency access stands in for what was not shown, never for what a person or a rule suspended."""
    reason = _own_reason(tool, at)
    return None if reason != "grant_suspended" and _is_emergency(tool, at) else reason


def _is_emergency(tool: Tool, at: datetime) -> bool:
    begins, ends = tool.emergency_from, tool.emergency_until
    return begins is not None and ends is not None and begins <= at < ends


def _own_reason(tool: Tool, at: datetime) -> str | None:
    if tool.grant_state == Grant.State.SUSPENDED:
        return "grant_suspended"
    if tool.grant_state == Grant.State.ELIGIBLE:
        return "grant_awaits_a_person"
    if tool.grant_state != Grant.State.GRANTED:
        return "gate_not_met"
    if tool.grant_not_after is not None and tool.grant_not_after <= at:
        return "grant_expired"
    return None


def _activity_reason(call: Call, person: Person, tool: Tool) -> str | None:
    if call.prompt is not None and (call.prompt not in person.prompts or not tool.holds_prompt):
        return "prompt_not_held"
    return "activity_ruled_avoid" if "avoid" in _lines(call, person) else None


def _confidence_reason(call: Call, policy: PolicyInForce) -> str | None:
    if call.action != "apply":
        return None
    if call.confidence is None:
        return "confidence_missing"
    return "confidence_blocked" if call.confidence < policy.block_on_confidence_lt else None


def _text_reason(call: Call, tool: Tool, policy: PolicyInForce) -> str | None:
    """Where words decide who has to look, leaving the text out would be a way around it."""
    if call.action != "apply" or call.text is not None:
        return None
    yellow_zone = policy.manual_review_required and policy.yellow_zone_terms
    rule = approval_rule.parse(tool.approval_rule) if tool.approval_rule else None
    return "text_missing" if yellow_zone or (rule and rule.reads_text) else None


def activities(call: Call, person: Person) -> Iterator[tuple[str, dict[str, Any]]]:
    """Where the call's prompt and workflow stand in the rubric: the line, and the activity on it."""
    asked = {name for name in (call.prompt, call.workflow_id) if name is not None}
    for rubric in person.rubric:
        for line, found_there in rubric.items():
            for activity in found_there:
                if asked & {activity["key"], activity.get("prompt")}:
                    yield line, activity


def _lines(call: Call, person: Person) -> set[str]:
    """On which lines of the rubric the call stands: automate, yellow_zone, avoid."""
    return {line for line, _activity in activities(call, person)}


def _unmet(tool: Tool) -> list[dict[str, Any]]:
    leaves = [leaf for leaf in tool.grant_leaves if leaf["met"] is not True]
    if leaves:
        return leaves
    return [
        {
            "type": "enrolment",
            "label": "Enrolment",
            "required": "enrolled on the tool's track",
            "actual": "not enrolled",
            "link": tool.track_url,
        }
    ]


def _required(call: Call, person: Person, tool: Tool, policy: PolicyInForce) -> Iterator[dict[str, str]]:
    if call.workflow_id in person.approvals:
        yield {"type": "approval", "reason": "role_needs_approval", "approver": "manager_approve"}
    if call.action == "apply" and call.confidence is not None:
        yield from _output_approval(call.confidence, call.text or "", tool)
        yield from _output_review(call, call.confidence, person, tool, policy)


def _output_approval(confidence: Decimal, text: str, tool: Tool) -> Iterator[dict[str, str]]:
    if tool.approval_rule:
        rule = approval_rule.parse(tool.approval_rule)
        if rule.matches(confidence, text):
            yield {"type": "approval", "reason": "approval_rule", "approver": rule.approver}


def _output_review(
    call: Call, confidence: Decimal, person: Person, tool: Tool, policy: PolicyInForce
) -> Iterator[dict[str, str]]:
    if tool.confidence_threshold is None or confidence < tool.confidence_threshold:
        yield {"type": "review", "reason": "confidence_below_threshold"}
    text = call.text or ""
    if policy.manual_review_required and found(policy.yellow_zone_terms, text):
        yield {"type": "review", "reason": "yellow_zone_term"}
    if mixes_scripts(text):
        yield {"type": "review", "reason": "mixed_scripts"}
    if person.human_in_loop:
        yield {"type": "review", "reason": "human_in_loop"}
    if (call.prompt or call.workflow_id) and not _lines(call, person):
        yield {"type": "review", "reason": "activity_without_ruling"}
