"""The rules of a decision (DESIGN §4, decisions): denies first, then everything that still needs a person."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from enablement.access.decisions import approval_rule
from enablement.access.decisions.terms import found, mixes_scripts
from enablement.access.models import Grant
from enablement.access.overlays import UNKNOWN, Overlay, Place, bar, fitting, regions_left

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
    place: Place = UNKNOWN


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
    track: str = ""
    further_rules: tuple[str, ...] = ()

    @property
    def approval_rules(self) -> tuple[str, ...]:
        """Its own, and those that overlays add for the person who asks."""
        return tuple(rule for rule in (self.approval_rule, *self.further_rules) if rule)


@dataclass(frozen=True, kw_only=True, slots=True)
class PolicyInForce:
    """lines_of_business: those known, with their risk tolerance, for `overlays`."""

    revision: int
    regions: frozenset[str]
    yellow_zone_terms: list[str]
    block_on_confidence_lt: Decimal
    manual_review_required: bool
    stops: Mapping[str, Sequence[str]] = field(default_factory=dict)
    keeps_content: bool = False
    overlays: tuple[Overlay, ...] = ()
    lines_of_business: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Reach:
    """How far the caller's token goes; empty is everything that the playbook allows."""

    regions: frozenset[str] = frozenset()
    microtools: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """`reason` is a stable code. `required` lists what still needs a person; `unmet` the leaves that deny.

    `ground`: what opens the tool, `granted` or `emergency_access`; "" where it is closed. `overlays`: keys of
    those that hold for the person with this tool.
    """

    outcome: str
    reason: str
    unmet: list[dict[str, Any]] = field(default_factory=list)
    required: list[dict[str, str]] = field(default_factory=list)
    ground: str = ""
    overlays: tuple[str, ...] = ()

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
        left = [entry for entry in self.required if requirement(entry) not in by]
        return replace(_open(left, ground=self.ground), overlays=self.overlays)


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
    if person is None or tool is None or policy is None:
        unknown = _unknown_reason(person, tool) if policy else "no_policy_in_force"
        return Verdict(outcome="deny", reason=unknown)
    holding = fitting(policy.overlays, place=person.place, lines=policy.lines_of_business, track=tool.track)
    person, tool, policy = tightened(person, tool, policy, holding)
    names = tuple(overlay.key for overlay in holding)
    reason = _deny_reason(
        call=call, person=person, tool=tool, policy=policy, reach=reach, holding=holding, at=at
    )
    if reason is not None:
        unmet = _why(reason, person, tool, policy, holding)
        return Verdict(outcome="deny", reason=reason, unmet=unmet, overlays=names)
    ground = "granted" if _own_reason(tool, at) is None else "emergency_access"
    return replace(_open(list(_required(call, person, tool, policy)), ground=ground), overlays=names)


def tightened(
    person: Person, tool: Tool, policy: PolicyInForce, holding: Sequence[Overlay]
) -> tuple[Person, Tool, PolicyInForce]:
    """All three as they are for this person with this tool; nothing here can only loosen.

    The regions stay: `_region_reason` asks whether a call stays inside what the overlays leave.
    """
    if not holding:
        return person, tool, policy
    looked_at = tool.confidence_threshold
    if looked_at is not None:  # None: every output is looked at already.
        looked_at = max([looked_at, *(each.confidence_threshold or looked_at for each in holding)])
    blocked = policy.block_on_confidence_lt
    terms = [*policy.yellow_zone_terms, *(term for each in holding for term in each.yellow_zone_terms)]
    return (
        replace(
            person,
            approvals=person.approvals.union(*(each.approvals for each in holding)),
            human_in_loop=person.human_in_loop or any(each.human_in_loop for each in holding),
        ),
        replace(
            tool,
            confidence_threshold=looked_at,
            further_rules=tuple(each.approval_rule for each in holding if each.approval_rule),
        ),
        replace(
            policy,
            yellow_zone_terms=list(dict.fromkeys(terms)),
            block_on_confidence_lt=max(
                [blocked, *(each.block_on_confidence_lt or blocked for each in holding)]
            ),
            manual_review_required=policy.manual_review_required
            or any(each.manual_review_required for each in holding),
        ),
    )


def _why(
    reason: str, person: Person, tool: Tool, policy: PolicyInForce, holding: Sequence[Overlay]
) -> list[dict[str, Any]]:
    if reason == "person_outside_regions":
        barred = bar(place=person.place, allowed=policy.regions, overlays=holding)
        return [barred.as_json()] if barred else []
    return _unmet(tool) if reason == "gate_not_met" else []


def _deny_reason(
    *,
    call: Call,
    person: Person,
    tool: Tool,
    policy: PolicyInForce,
    reach: Reach,
    holding: Sequence[Overlay],
    at: datetime,
) -> str | None:
    if not person.is_active:
        return "inactive_subject"
    if reach.microtools and tool.key not in reach.microtools:
        return "microtool_not_allowed"
    if tool.retired:
        return "retired_microtool"
    if call.action not in ACTIONS:
        return "unknown_action"
    return (
        _region_reason(call, person, policy, reach, holding)
        or _stop_reason(call, tool, policy, reach)
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


def _region_reason(
    call: Call, person: Person, policy: PolicyInForce, reach: Reach, holding: Sequence[Overlay]
) -> str | None:
    """A token without regions stands for all that the policy allows; a caller may only narrow.

    Where an overlay leaves fewer, a call that names no region may be in one of the others.
    """
    reached = reach.regions or policy.regions
    asked = frozenset({call.region}) if call.region is not None else reached
    left = regions_left(policy.regions, holding)
    if not asked or not asked <= reached or not asked <= policy.regions:
        return "region_not_allowed"
    if person.place.region and person.place.region not in left:
        return "person_outside_regions"
    if not asked <= left:
        return "region_not_allowed" if call.region is not None else "region_missing"
    return None


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
    reads = any(approval_rule.parse(rule).reads_text for rule in tool.approval_rules)
    return "text_missing" if yellow_zone or reads else None


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
    for written in tool.approval_rules:
        rule = approval_rule.parse(written)
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
