# ruff: noqa: E501  (a fault is one line, as it is shown)
"""Overlays in a playbook: what would loosen is a fault with its place; a plan says what they ask and of whom."""

import pytest

from enablement.access.models import Grant, Policy
from enablement.playbook import services
from tests.playbook.conftest import NOW
from tests.playbook.small import YAML, bundle
from tests.playbook.test_applying import EASY, apply, details, enrolled, plan, told
from tests.playbook.test_schema import faults, read

FOR = "    for: {risk_tolerance: [low]}"
HEAD = f"""\
lines_of_business:
  - {{id: claims, risk_tolerance: low}}
overlays:
  - id: strict
    reason: Health data.
{FOR}
"""


def with_overlay(*lines, head=HEAD):
    return YAML + head + "".join(f"    {line}\n" for line in lines)


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("confidence_threshold: 0.8", "0.8 is below 0.82 of summariser: an overlay may only tighten; expected at least 0.82"),
        ("block_on_confidence_lt: 0.69", "0.69 is below 0.7 of the playbook: an overlay may only tighten; expected at least 0.7"),
        ("human_in_loop: false", "human_in_loop cannot be switched off: an overlay may only tighten; expected true, or no such key"),
        ("manual_review_required: false", "manual_review_required cannot be switched off: an overlay may only tighten; expected true, or no such key"),
        ("allowed_regions: [us-east-1]", '"us-east-1" is not allowed by the playbook: an overlay may only tighten; expected some of eu-west-1'),
        ("allowed_regions: [eu-west-1]", "these are all the regions that the playbook allows: this asks for nothing; expected fewer of them"),
        ("approval_rule: nonsense", None),
        ("gating_conditions: []", None),
        ("gating_conditions: [{type: quizz}]", None),
        ("gating_conditions: [{type: shadow_mode, sample_size: 50, qa_owner: qa@example.com}]", None),
        ("gating_conditions: [{type: modules_completed, modules: [none]}]", 'the track has no module "none"; expected one of first-steps, next-steps'),
        ("tracks: [other]", 'the playbook has no "other" there; expected one of clerk_t1'),
    ],
)  # fmt: skip
def test_what_would_loosen_is_a_fault_at_its_place(line, fault):
    text = with_overlay("approvals: [x]", line)
    found = faults(text)
    number = text.splitlines().index(f"    {line}") + 1
    assert all(each.startswith(f"p.yaml:{number}:") for each in found)
    if fault is not None:
        [only] = found
        assert only.split(": ", 1)[1] == fault


def test_a_weaker_requirement_than_the_gates_is_a_fault():
    gate = "      - {type: quiz, threshold: 0.85, valid_months: 12}\n"
    text = YAML.replace("      - type: modules_completed\n", gate)
    weaker = [
        faults(text + HEAD + f"    gating_conditions: [{{type: quiz, {given}}}]\n")
        for given in (
            "threshold: 0.8, valid_months: 12",
            "threshold: 0.9, valid_months: 24",
            "threshold: 0.9",
        )
    ]
    assert [each[0].split(": ", 1)[1] for each in weaker] == [
        "threshold 0.8 is weaker than 0.85 in clerk_t1: an overlay may only tighten",
        "valid_months 24 is weaker than 12 in clerk_t1: an overlay may only tighten",
        "valid_months nothing is weaker than 12 in clerk_t1: an overlay may only tighten",
    ]


def test_of_attendance_more_may_be_asked_by_number_or_by_share():
    gate = "      - {type: attendance, sessions: 3, share: 0.8}\n"
    text = YAML.replace("      - type: modules_completed\n", gate) + HEAD
    for asked in ("sessions: 3", "share: 0.9"):
        read(f"{text}    gating_conditions: [{{type: attendance, {asked}}}]\n")
    weaker = [
        faults(f"{text}    gating_conditions: [{{type: attendance, {asked}}}]\n")
        for asked in ("sessions: 2", "share: 0.7")
    ]
    assert [[each.split(": ", 1)[1] for each in found] for found in weaker] == [
        ["sessions 2 is weaker than 3 in clerk_t1: an overlay may only tighten"],
        ["share 0.7 is weaker than 0.8 in clerk_t1: an overlay may only tighten"],
    ]


@pytest.mark.parametrize(
    ("people", "fault"),
    [
        ("{}", "it is for nobody in particular; expected regions, lines_of_business or risk_tolerance"),
        ("{regions: [mars]}", 'the playbook has no "mars" there; expected one of eu-west-1'),
        ("{lines_of_business: [calims]}", 'the playbook has no "calims" there; expected one of claims'),
        ("{risk_tolerance: [high]}", 'the playbook has no "high" there; expected one of low'),
    ],
)
def test_whom_it_is_for_has_to_be_known(people, fault):
    [found] = faults(
        with_overlay("human_in_loop: true", head=HEAD.replace("{risk_tolerance: [low]}", people))
    )
    assert found.split(": ", 1)[1] == fault


def test_an_overlay_that_asks_for_nothing_is_a_fault():
    [found] = faults(with_overlay())
    assert found == 'p.yaml:36:9: the overlay "strict" asks for nothing'


@pytest.mark.django_db
def test_a_plan_says_what_an_overlay_asks_and_who_loses_what():
    apply(bundle(EASY))
    claims, retail = (enrolled(name, completed=True) for name in ("Claims", "Retail"))
    for person in (claims, retail):
        person.line_of_business = person.name.lower()
        person.save(update_fields=["line_of_business"])
    text = with_overlay(
        "gating_conditions: [{type: survey, survey: ready}]",
        "human_in_loop: true",
        "confidence_threshold: 0.9",
    )
    text = EASY + text.removeprefix(YAML)
    text = text.replace("overlays:\n", "  - {id: retail, risk_tolerance: high}\noverlays:\n")
    found = plan(bundle(text))
    assert told(found) == ["+ line of business claims", "+ line of business retail", "+ overlay strict"]
    assert details(found, "overlay strict") == [
        "for risk tolerance: low",
        "Survey “ready” answered",
        "Confidence threshold: 0.9",
        "Human in loop: yes",
    ]
    [effect] = found.effects
    assert (effect.tool, [str(person) for person in effect.lose]) == (
        "summariser",
        [f"Claims <{claims.email}>"],
    )
    apply(bundle(text))
    assert [Grant.objects.get(user=one).state for one in (claims, retail)] == ["revoked", "granted"]
    assert Policy.objects.get().lines_of_business == {"claims": "low", "retail": "high"}
    # It comes out as it went in, and taking it away again is a change of everybody's grants.
    assert services.export(at=NOW).yaml == text
    assert [person.name for person in plan(bundle(EASY)).effects[0].gain] == ["Claims"]
    # A further overlay tightens, so it needs no second person; one that goes does.
    assert (
        plan(
            bundle(
                f"{text}  - {{id: more, reason: R., for: {{regions: [eu-west-1]}}, human_in_loop: true}}\n"
            )
        ).loosens
        == ()
    )
    assert "overlay strict: no longer there" in " ".join(plan(bundle(EASY)).loosens).lower()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("asks", "loosens"),
    [("{type: survey, survey: ready}", False), ("{not: {type: survey, survey: ready}}", True)],
)
def test_where_an_overlay_says_not_more_to_show_may_open_it(asks, loosens):
    text = with_overlay(f"gating_conditions: [{asks}]")
    apply(bundle(text))
    stricter = text.replace(
        "      - type: modules_completed\n",
        "      - type: modules_completed\n      - {type: quiz, threshold: 0.85}\n",
    )
    assert stricter != text
    assert ("says “not”" in " ".join(plan(bundle(stricter)).loosens)) is loosens


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("sample_size: 50, qa_owner: qa@example.com, lower_bound: 0.85", []),
        ("sample_size: 50, qa_owner: qa@example.com, lower_bound: 0.8, kappa: 0.7, yellow_cases: 12", []),
        ("sample_size: 50, qa_owner: qa@example.com", ["lower_bound 0.75 is weaker than 0.8 in clerk_t1"]),
        ("sample_size: 50, qa_owner: qa@example.com, lower_bound: 0.8, kappa: 0.5", ["kappa 0.5 is weaker than 0.6 in clerk_t1"]),
        ("sample_size: 50, qa_owner: qa@example.com, lower_bound: 0.8, critical_misses: 1", ["critical_misses 1 is weaker than 0 in clerk_t1"]),
        ("sample_size: 80, qa_owner: qa@example.com, lower_bound: 0.85", ["looks of clerk_t1 are of 50 cases"]),
        ("sample_size: 50, qa_owner: else@example.com, lower_bound: 0.85", ['"else@example.com" does not judge the cases of clerk_t1']),
    ],
)  # fmt: skip
def test_of_shadow_mode_an_overlay_asks_for_higher_marks_alone(given, said):
    gate = "      - {type: shadow_mode, sample_size: 50, qa_owner: qa@example.com, lower_bound: 0.8}\n"
    text = YAML.replace("      - type: modules_completed\n", gate) + HEAD
    text += f"    gating_conditions: [{{type: shadow_mode, {given}}}]\n"
    found = faults(text) if said else []
    assert said or read(text).overlays[0].conditions[0]["type"] == "shadow_mode"
    number = len(text.splitlines())
    assert [each.startswith(f"p.yaml:{number}:") for each in found] == [True] * len(said)
    assert [each.split(": ", 1)[1].split(":")[0].split(";")[0] for each in found] == said


def test_of_shadow_mode_that_the_gate_does_not_ask_for_nothing_more_can_be_asked():
    [only] = faults(
        with_overlay("gating_conditions: [{type: shadow_mode, sample_size: 50, qa_owner: qa@example.com}]")
    )
    assert "the gate of clerk_t1 has no shadow_mode, of which an overlay could ask more" in only
