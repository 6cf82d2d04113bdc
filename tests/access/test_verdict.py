"""The rules of a decision, one refusal after the other, with everything else in order."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enablement.access.decisions.verdict import Call, Person, PolicyInForce, Reach, Tool, decide

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
RUBRIC = {
    "automate": [{"key": "triage", "text": "…", "why": "…", "prompt": "triage_summarize"}],
    "avoid": [{"key": "policy_exceptions", "text": "…", "why": "…"}],
}
CALL = Call(subject="engineer1@example.com", microtool="triage_summarizer", action="invoke")
PERSON = Person(
    id=uuid4(),
    is_active=True,
    prompts=frozenset({"triage_summarize"}),
    approvals=frozenset({"refund_credits"}),
    human_in_loop=False,
    rubric=(RUBRIC,),
)
TOOL = Tool(
    key="triage_summarizer",
    retired=False,
    track_url="/learn/frontline_ops_t1/",
    confidence_threshold=Decimal("0.82"),
    approval_rule="if confidence < 0.9 or contains: refund, escalation => manager_approve",
    holds_prompt=True,
    grant_state="granted",
    grant_not_after=None,
    grant_leaves=[],
)
POLICY = PolicyInForce(
    revision=3,
    regions=frozenset({"us-east-1", "eu-west-1"}),
    yellow_zone_terms=["refund", "policy", "PII", "escalate"],
    block_on_confidence_lt=Decimal("0.7"),
    manual_review_required=True,
)
QUIZ = {
    "type": "quiz",
    "label": "Quiz",
    "met": False,
    "required": "85 %",
    "actual": "none",
    "link": "/quizzes/1/",
}


def ask(call=CALL, *, person=PERSON, tool=TOOL, policy=POLICY, regions=frozenset(), tools=frozenset()):
    reach = Reach(regions=regions, microtools=tools)
    return decide(call=call, person=person, tool=tool, policy=policy, reach=reach, at=NOW)


def test_a_live_grant_opens_the_tool():
    assert ask().decision is True
    assert ask().reason == "granted"
    assert ask(tools=frozenset({TOOL.key})).reason == "granted"


@pytest.mark.parametrize(
    ("reason", "case"),
    [
        ("no_policy_in_force", {"policy": None}),
        ("unknown_subject", {"person": None}),
        ("inactive_subject", {"person": replace(PERSON, is_active=False)}),
        ("unknown_microtool", {"tool": None}),
        ("microtool_not_allowed", {"tools": frozenset({"variance_brief"})}),
        ("retired_microtool", {"tool": replace(TOOL, retired=True)}),
        ("unknown_action", {"call": replace(CALL, action="delete")}),
        ("region_not_allowed", {"call": replace(CALL, region="ap-south-1")}),
        (
            "region_not_allowed",
            {"call": replace(CALL, region="us-east-1"), "regions": frozenset({"eu-west-1"})},
        ),
        ("region_not_allowed", {"regions": frozenset({"ap-south-1"})}),
        ("region_not_allowed", {"policy": replace(POLICY, regions=frozenset())}),
        ("gate_not_met", {"tool": replace(TOOL, grant_state=None)}),
        ("gate_not_met", {"tool": replace(TOOL, grant_state="locked")}),
        ("gate_not_met", {"tool": replace(TOOL, grant_state="revoked")}),
        ("grant_suspended", {"tool": replace(TOOL, grant_state="suspended")}),
        ("grant_awaits_a_person", {"tool": replace(TOOL, grant_state="eligible")}),
        ("grant_expired", {"tool": replace(TOOL, grant_not_after=NOW)}),
        ("prompt_not_held", {"call": replace(CALL, prompt="variance_brief")}),
        (
            "prompt_not_held",
            {"call": replace(CALL, prompt="triage_summarize"), "tool": replace(TOOL, holds_prompt=False)},
        ),
        ("activity_ruled_avoid", {"call": replace(CALL, workflow_id="policy_exceptions")}),
        ("confidence_missing", {"call": replace(CALL, action="apply")}),
        ("confidence_blocked", {"call": replace(CALL, action="apply", confidence=Decimal("0.699"))}),
        ("text_missing", {"call": replace(CALL, action="apply", confidence=Decimal("0.95"))}),
    ],
)
def test_each_refusal_says_why(reason, case):
    verdict = ask(**case)
    assert (verdict.decision, verdict.outcome, verdict.reason) == (False, "deny", reason)


@pytest.mark.parametrize(
    ("rule", "manual", "reason"),
    [
        ("", False, "granted"),
        ("", True, "text_missing"),
        ("if contains: refund => manager_approve", False, "text_missing"),
        ("if (confidence < 0.5 or contains: refund) and confidence < 1 => legal", False, "text_missing"),
        ("if confidence < 0.5 => manager_approve", False, "granted"),
    ],
)
def test_an_output_whose_words_decide_is_not_used_unseen(rule, manual, reason):
    tool, policy = replace(TOOL, approval_rule=rule), replace(POLICY, manual_review_required=manual)
    assert ask(apply("0.95", text=None), tool=tool, policy=policy).reason == reason


def test_without_words_to_look_for_no_text_is_needed():
    tool, policy = replace(TOOL, approval_rule=""), replace(POLICY, yellow_zone_terms=[])
    assert ask(apply("0.95", text=None), tool=tool, policy=policy).reason == "granted"


def test_a_caller_may_narrow_its_regions():
    both = frozenset({"us-east-1", "eu-west-1"})
    assert ask(replace(CALL, region="eu-west-1"), regions=both).decision is True
    assert ask(replace(CALL, region="eu-west-1")).decision is True


def test_a_grant_counts_until_its_last_moment():
    assert ask(tool=replace(TOOL, grant_not_after=NOW + timedelta(microseconds=1))).decision is True


def test_a_locked_tool_lists_what_is_missing():
    locked = replace(TOOL, grant_state="locked", grant_leaves=[QUIZ, QUIZ | {"met": True}])
    assert ask(tool=locked).unmet == [QUIZ]


def test_without_an_enrolment_the_missing_thing_is_the_enrolment():
    unmet = ask(tool=replace(TOOL, grant_state=None)).unmet
    assert [(leaf["type"], leaf["link"]) for leaf in unmet] == [("enrolment", "/learn/frontline_ops_t1/")]


def apply(confidence, text="", **fields):
    return replace(CALL, action="apply", confidence=Decimal(confidence), text=text, **fields)


@pytest.mark.parametrize(
    ("call", "outcome", "reasons"),
    [
        (apply("0.95"), "allow", []),
        (apply("0.90"), "allow", []),
        (apply("0.89"), "approval_required", ["approval_rule"]),
        (apply("0.82"), "approval_required", ["approval_rule"]),
        (apply("0.81"), "approval_required", ["approval_rule", "confidence_below_threshold"]),
        (apply("0.70"), "approval_required", ["approval_rule", "confidence_below_threshold"]),
        (apply("0.95", "our policies"), "review_required", ["yellow_zone_term"]),
        (apply("0.95", "two refunds"), "approval_required", ["approval_rule", "yellow_zone_term"]),
        (apply("0.95", "r\u0435fund"), "review_required", ["mixed_scripts"]),
        (apply("0.95", workflow_id="new_thing"), "review_required", ["activity_without_ruling"]),
        (apply("0.95", prompt="triage_summarize"), "allow", []),
        (
            apply("0.95", workflow_id="refund_credits"),
            "approval_required",
            ["role_needs_approval", "activity_without_ruling"],
        ),
    ],
)
def test_what_still_needs_a_person_is_collected(call, outcome, reasons):
    verdict = ask(call)
    assert verdict.outcome == outcome
    assert [entry["reason"] for entry in verdict.required] == reasons
    assert verdict.decision is (outcome == "allow")


def test_the_front_line_always_looks_at_the_output():
    verdict = ask(apply("0.99"), person=replace(PERSON, human_in_loop=True))
    assert (verdict.outcome, verdict.required) == (
        "review_required",
        [{"type": "review", "reason": "human_in_loop"}],
    )


def test_a_tool_without_a_threshold_is_always_reviewed():
    verdict = ask(apply("1"), tool=replace(TOOL, confidence_threshold=None))
    assert verdict.outcome == "review_required"


@given(
    person=st.sampled_from(
        [None, PERSON, replace(PERSON, is_active=False), replace(PERSON, human_in_loop=True)]
    ),
    state=st.sampled_from([None, "locked", "eligible", "granted", "suspended", "expired", "revoked"]),
    retired=st.booleans(),
    lapsed=st.booleans(),
    policy=st.sampled_from([None, POLICY, replace(POLICY, regions=frozenset())]),
    action=st.sampled_from(["invoke", "apply", "", "INVOKE", "admin"]),
    confidence=st.sampled_from([None, "0", "0.69", "0.7", "0.82", "0.9", "1"]),
)
def test_nothing_is_allowed_without_an_active_person_a_live_grant_and_a_policy(
    *, person, state, retired, lapsed, policy, action, confidence
):
    tool = replace(TOOL, grant_state=state, retired=retired, grant_not_after=NOW if lapsed else None)
    call = replace(CALL, action=action, confidence=None if confidence is None else Decimal(confidence))
    if not ask(call, person=person, tool=tool, policy=policy).decision:
        return
    assert person.is_active
    assert (state, retired, lapsed, policy) == ("granted", False, False, POLICY)
    assert action == "invoke" or (action == "apply" and call.confidence >= Decimal("0.9"))


HOUR = timedelta(hours=1)
EMERGENCY = {"emergency_from": NOW - HOUR, "emergency_until": NOW + HOUR}


@pytest.mark.parametrize(
    ("grant", "reason"),
    [
        ({"grant_state": None}, "emergency_access"),
        ({"grant_state": "locked"}, "emergency_access"),
        ({"grant_state": "revoked"}, "emergency_access"),
        ({"grant_state": "eligible"}, "emergency_access"),
        ({"grant_not_after": NOW}, "emergency_access"),
        ({}, "granted"),
        ({"grant_state": "suspended"}, "grant_suspended"),
    ],
)
def test_emergency_access_stands_in_for_what_was_not_shown(grant, reason):
    assert ask(tool=replace(TOOL, **grant, **EMERGENCY)).reason == reason


@pytest.mark.parametrize(
    "dates",
    [
        {"emergency_from": None},
        {"emergency_until": None},
        {"emergency_until": NOW},
        {"emergency_from": NOW + timedelta(seconds=1)},
    ],
)
def test_emergency_access_has_a_beginning_and_an_end(dates):
    tool = replace(TOOL, grant_state="locked", **(EMERGENCY | dates))
    assert ask(tool=tool).reason == "gate_not_met"


_changes = st.fixed_dictionaries(
    {
        "call": st.sampled_from(
            [
                CALL,
                replace(CALL, action="delete"),
                replace(CALL, region="ap-south-1"),
                replace(CALL, region="us-east-1"),
                replace(CALL, prompt="variance_brief"),
                replace(CALL, workflow_id="policy_exceptions"),
                replace(CALL, action="apply"),
                replace(CALL, action="apply", confidence=Decimal("0.95"), text="All well."),
                replace(CALL, action="apply", confidence=Decimal("0.95"), text="A refund."),
                replace(CALL, action="apply", confidence=Decimal("0.5"), text="All well."),
            ]
        ),
        "person": st.sampled_from(
            [PERSON, None, replace(PERSON, is_active=False), replace(PERSON, human_in_loop=True)]
        ),
        "policy": st.sampled_from([POLICY, None, replace(POLICY, stops={"microtool": [TOOL.key]})]),
        "tools": st.sampled_from([frozenset(), frozenset({"variance_brief"})]),
    }
)


@given(change=_changes, retired=st.booleans(), state=st.sampled_from([None, "locked", "revoked", "eligible"]))
def test_emergency_access_gives_what_a_grant_would_and_no_more(change, retired, state):
    """The same answer as with a live grant, but for its ground; without either nothing is open."""
    tool = replace(TOOL, retired=retired)
    granted, broken = (
        ask(**change, tool=tool),
        ask(**change, tool=replace(tool, grant_state=state, **EMERGENCY)),
    )
    assert (broken.outcome, broken.required, broken.unmet) == (
        granted.outcome,
        granted.required,
        granted.unmet,
    )
    assert broken.ground == granted.ground.replace("granted", "emergency_access")
    assert broken.reason == granted.reason.replace("granted", "emergency_access")
    assert ask(**change, tool=replace(tool, grant_state=state)).outcome == "deny"
