# ruff: noqa: E501  (a fault is one line, as it is shown)
"""The customer's file is accepted as it is; every fault has its place and says what was expected."""

from decimal import Decimal

import pytest

from enablement.playbook.checks import read_playbook
from enablement.playbook.errors import SourceErrors
from enablement.playbook.gating import (
    conditions,
    quiz_threshold,
    shortest_months,
    shortest_months_of_module,
    tree_of,
)
from enablement.playbook.schema import gate_tree
from enablement.playbook.yaml_source import load
from tests.playbook import small
from tests.playbook.conftest import PLAYBOOKS

SEED = (PLAYBOOKS / "enablement_playbook.yaml").read_text()


def read(text):
    return read_playbook(load(text, file="p.yaml"))


def faults(text):
    with pytest.raises(SourceErrors) as raised:
        read(text)
    return [str(error) for error in raised.value.errors]


def test_the_customers_file_is_accepted_exactly_as_it_is():
    playbook = read(SEED)
    assert playbook.version == "1.2"
    assert playbook.role_names == ["frontline_ops", "ops_manager", "compliance_liaison"]
    front, managers = playbook.training_tracks
    assert (playbook.role_of(front), playbook.role_of(managers)) == ("frontline_ops", "ops_manager")
    assert [module.key for module in front.modules] == [
        "automate-vs-avoid-101",
        "copilot-in-zendeskservicenow",
    ]
    assert front.microtools[0].confidence_threshold == Decimal("0.82")
    assert front.due_days == 14
    assert tree_of(front) == {
        "all_of": [
            {"type": "quiz", "threshold": "0.85"},
            {"type": "shadow_mode", "sample_size": 50, "qa_owner": "quality_ops@company.com"},
        ]
    }
    assert tree_of(managers) == {"all_of": [{"type": "modules_completed"}]}
    assert playbook.risk_thresholds.block_on_confidence_lt == Decimal("0.7")
    assert playbook.observability.audit_trail.retention_days == 730
    assert playbook.communication.daily_brief_time_utc == "14:00"


def test_the_longest_role_that_begins_the_id_is_taken():
    text = small.changed("    - name: ops_manager", "    - name: ops_manager\n    - name: clerk_t1")
    assert read(text).role_of(read(text).training_tracks[0]) == "clerk_t1"
    # A role is not begun in the middle of a word.
    assert faults(small.changed("id: clerk_t1", "id: clerks")) == [
        'p.yaml:14:9: no role begins the id "clerks"; expected a key `role` with one of clerk, ops_manager'
    ]


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("version: 1.0\n", "", '2:1: the key "version" is missing; expected version: …'),
        (
            "rbac:",
            "rback:",
            '7:1: unknown key "rback"; expected one of version, owners, regions, slo, rbac, ',
        ),
        ("duration_min: 10", 'duration_min: "10"', '17:23: "10" does not fit; expected a whole number'),
        ("duration_min: 10", "duration_min: 0", "17:23: 0 does not fit; expected at least 1"),
        ("duration_min: 10", "minutes: 10", '17:9: unknown key "minutes"; expected one of name, id, was, '),
        (
            "name: First Steps",
            "name: 5",
            "16:15: 5 does not fit; expected text (in quotes where it looks like",
        ),
        ("name: First Steps", "name: 数学", "16:15: the name gives no key; expected a key `id` beside it"),
        (
            "name: Next Steps",
            "name: First steps",
            '18:9: the module "first-steps" is there twice, first in line 16',
        ),
        ("- name: ops_manager", "- name: clerk", '12:13: the role "clerk" is there twice, first in line 9'),
        (
            "- name: ops_manager",
            "- name: Ops",
            '12:13: "Ops" is not a name; expected small letters, digits and',
        ),
        (
            "id: clerk_t1",
            "id: clerk_t1\n    role: boss",
            '15:11: unknown role "boss"; expected one of clerk, ops_manager',
        ),
        ("0.82", "1.2", "22:31: 1.2 is not a share; expected a number from 0 to 1 with at most 3 decimals"),
        (
            "0.82",
            "0.8201",
            "22:31: 0.8201 is not a share; expected a number from 0 to 1 with at most 3 decimals",
        ),
        ("0.82", "high", '22:31: "high" is not a number; expected a number'),
        ("< 0.9 =>", "< 0.9 >", "23:45: the approval rule is not understood here"),
        (
            "manager_approve",
            "boss_approve",
            '23:48: unknown approver "boss_approve"; expected one of manager_approve, clerk',
        ),
        (
            '        prompts: ["summarise"]',
            '        prompts: ["summarize"]',
            '24:19: no role holds the prompt "summarize"; expected one of summarise',
        ),
        (
            "type: modules_completed",
            "type: modules",
            "26:15: unknown requirement type 'modules'; expected one of ",
        ),
        (
            "type: modules_completed",
            "type: modules_completed\n        modules: [third]",
            '27:19: the track has no module "third"; expected one of first-steps, next-steps',
        ),
        (
            "        survey: ready",
            "        surveys: ready",
            '28:9: unknown key "surveys"; expected one of valid_months, survey',
        ),
        (
            "- type: modules_completed",
            "- type: quiz\n        threshold: 1.5",
            '27:20: "1.5" does not fit; expected at most 1',
        ),
        (
            "- type: modules_completed",
            "- type: shadow_mode\n        sample_size: 5\n        qa_owner: qa",
            '28:19: "qa" is not an e-mail address; expected one like qa@company.com',
        ),
        (
            "- type: modules_completed",
            "- any_of: []",
            "26:9: `any_of` needs at least one requirement: an empty gate never opens",
        ),
        (
            "- type: modules_completed",
            "- at_least: 3\n        of:\n        - type: modules_completed",
            "26:9: `at_least` must be a whole number from 1 to 1",
        ),
        ("pm@example.com", "pm", "4:20: not an e-mail address; expected one like qa@company.com"),
        ('["eu-west-1"]', "[]", "6:12: the list is empty; expected at least one entry"),
        ('["eu-west-1"]', '["a", "b", "a"]', '6:23: the entry "a" is there twice, first in line 6'),
        (
            "manual_review_required: true",
            "manual_review_required: yes",
            '32:27: "yes" does not fit; expected true or false',
        ),
    ],
)
def test_a_fault_is_shown_at_its_place_with_what_was_expected(old, new, fault):
    found = faults(small.changed(old, new))
    assert found[-1].startswith(f"p.yaml:{fault}"), found


def test_all_faults_are_listed_at_once_in_their_order_up_to_twenty():
    text = small.changed("version: 1.0", "version: true")
    text = small.changed("duration_min: 10", "duration_min: ten", text)
    text = small.changed("0.7\n", "seven\n", text)
    assert [fault.split(":")[1] for fault in faults(text)] == ["2", "17", "31"]
    many = SEED + "".join(f"extra{n}: 1\n" for n in range(30))
    with pytest.raises(SourceErrors) as raised:
        read(many)
    assert (len(raised.value.errors), raised.value.total, raised.value.more) == (20, 30, 10)


def test_an_empty_list_of_conditions_is_no_gate():
    text = small.YAML.split("    gating_conditions:")[0] + "    gating_conditions: []\n"
    text += "risk_thresholds:" + small.YAML.split("risk_thresholds:")[1]
    assert faults(text) == [
        "p.yaml:25:24: `all_of` needs at least one requirement: an empty gate never opens"
    ]


def test_workflow_changes_name_roles_or_owners():
    steps = "approvals:\n  workflow_changes:\n    steps: [program_manager, legal]\n    sla_hours: 48\n"
    assert faults(small.YAML + steps) == [
        'p.yaml:35:30: "legal" is neither a role nor an owner; expected one of clerk, ops_manager, program_manager'
    ]


def test_a_gate_keeps_decimals_as_their_digits():
    nested = {"at_least": 1, "of": [{"type": "quiz", "threshold": Decimal("0.80")}, {"not": {"type": "x"}}]}
    tree = gate_tree(nested)
    assert tree["of"][0]["threshold"] == "0.80"
    assert conditions(tree) == ["at least 1 of: quiz (threshold 0.80); not (x)"]


def test_a_gate_prevails_over_a_quizs_own_threshold():
    track = read(SEED).training_tracks[0]
    assert quiz_threshold(track, "front-line-check", Decimal("0.7")) == Decimal("0.85")
    assert quiz_threshold(read(SEED).training_tracks[1], "any", Decimal("0.7")) == Decimal("0.7")


def test_a_pass_holds_for_the_shortest_time_that_the_gate_says():
    track = read(SEED).training_tracks[0]
    asked = [{"type": "quiz", "threshold": "0.85", "valid_months": months} for months in (24, 12)]
    several = track.model_copy(update={"gating_conditions": asked})
    assert shortest_months(several, [], "quiz", "front-line-check") == 12
    assert shortest_months(track, [], "quiz", "front-line-check") is None


def test_a_module_holds_for_the_shortest_time_of_what_names_it_or_names_none():
    track = read(SEED).training_tracks[0]
    first, second = (module.key for module in track.modules[:2])
    asked = [
        {"type": "modules_completed", "valid_months": 24},
        {"type": "modules_completed", "modules": [first], "valid_months": 12},
        {"type": "modules_completed", "modules": [second]},
    ]
    several = track.model_copy(update={"gating_conditions": asked})
    assert [shortest_months_of_module(several, [], key) for key in (first, second)] == [12, 24]
    assert shortest_months_of_module(track, [], first) is None


def test_the_example_in_the_documentation_is_sound():
    page = (PLAYBOOKS.parent / "docs" / "playbooks.md").read_text()
    example = page.split("```yaml\n")[1].split("```")[0]
    [track] = read(example).training_tracks
    assert [module.key for module in track.modules] == ["first-steps"]


@pytest.mark.parametrize(
    ("rule", "fault"),
    [
        ("{reworked: 8, of: 20, days: 14}", None),
        ("{reworked: 20, of: 20, days: 365}", None),
        (
            "{reworked: 21, of: 20, days: 14}",
            "p.yaml:23:22: 21 of 20 cannot be; expected no more reworked than reported",
        ),
        ("{reworked: 0, of: 20, days: 14}", "p.yaml:23:33: 0 does not fit; expected at least 1"),
        ("{reworked: 0.4, of: 1, days: 14}", 'p.yaml:23:33: "0.4" does not fit; expected a whole number'),
        ("{reworked: 8, of: 20, days: 366}", "p.yaml:23:50: 366 does not fit; expected at most 365"),
        ("{reworked: 8, of: 20}", 'p.yaml:23:22: the key "days" is missing; expected days: …'),
    ],
)
def test_a_rule_on_rework_is_three_whole_numbers(rule, fault):
    text = small.changed("0.82", f"0.82\n        rework_rule: {rule}")
    if fault is None:
        assert read(text).training_tracks[0].microtools[0].rework_rule is not None
    else:
        assert faults(text) == [fault]
