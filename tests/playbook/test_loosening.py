"""What counts as loosening: every line of a playbook, in both directions."""
# ruff: noqa: E501 - each change of a playbook on one line

import pytest

from enablement.playbook import services
from enablement.playbook.loosening import State, loosened
from enablement.playbook.plan import Item
from enablement.playbook.strictness import gate_holds, has_negation, rule_holds
from tests.playbook.conftest import NOW
from tests.playbook.first import first_in_force
from tests.playbook.small import LAB, LESSON, QUIZ, ROLES, SURVEY, bundle, changed

SURVEY_LEAF = {"type": "survey", "survey": "ready"}
QUIZ_LEAF = {"type": "quiz", "threshold": "0.85"}
MODULES = {"type": "modules_completed"}
SHADOW = {"type": "shadow_mode", "sample_size": 50, "qa_owner": "qa@example.com"}


@pytest.mark.parametrize(
    ("new", "old", "holds"),
    [
        ({"all_of": [QUIZ_LEAF, MODULES]}, QUIZ_LEAF, True),
        (QUIZ_LEAF, {"all_of": [QUIZ_LEAF, MODULES]}, False),
        (QUIZ_LEAF | {"threshold": "0.9"}, QUIZ_LEAF, True),
        (QUIZ_LEAF | {"threshold": "0.84"}, QUIZ_LEAF, False),
        (QUIZ_LEAF | {"valid_months": 12}, QUIZ_LEAF, True),
        (QUIZ_LEAF, QUIZ_LEAF | {"valid_months": 12}, False),
        (QUIZ_LEAF | {"valid_months": 24}, QUIZ_LEAF | {"valid_months": 12}, False),
        (SURVEY_LEAF | {"valid_months": 12}, SURVEY_LEAF, True),
        (SURVEY_LEAF | {"valid_months": 24}, SURVEY_LEAF | {"valid_months": 12}, False),
        (QUIZ_LEAF | {"quiz": "other"}, QUIZ_LEAF, False),
        (SHADOW | {"kappa": "0.7"}, SHADOW, True),
        (SHADOW | {"critical_misses": 1}, SHADOW, False),
        # The same lower bound over more cases is reached by a smaller share of them.
        (SHADOW | {"sample_size": 100}, SHADOW, False),
        (SHADOW | {"qa_owner": "friend@example.com"}, SHADOW, False),
        ({"any_of": [QUIZ_LEAF, MODULES]}, QUIZ_LEAF, False),
        (QUIZ_LEAF, {"any_of": [QUIZ_LEAF, MODULES]}, True),
        ({"any_of": [QUIZ_LEAF, QUIZ_LEAF | {"threshold": "0.9"}]}, QUIZ_LEAF, True),
        ({"at_least": 2, "of": [QUIZ_LEAF, MODULES]}, {"at_least": 1, "of": [QUIZ_LEAF, MODULES]}, True),
        ({"at_least": 1, "of": [QUIZ_LEAF, MODULES]}, {"at_least": 2, "of": [QUIZ_LEAF, MODULES]}, False),
        ({"not": QUIZ_LEAF}, {"not": QUIZ_LEAF | {"threshold": "0.9"}}, False),
        ({"all_of": []}, QUIZ_LEAF, False),
        (QUIZ_LEAF, {"all_of": []}, False),
        (QUIZ_LEAF, {"all_of": [QUIZ_LEAF, {"all_of": []}]}, False),
        ({"type": "unheard_of", "n": 2}, {"type": "unheard_of", "n": 1}, False),
    ],
)
def test_one_gate_holds_another_only_where_that_is_provable(new, old, holds):
    assert gate_holds(new, old) is holds
    assert gate_holds(old, old) is True


def test_negation_is_found_however_deep():
    assert has_negation({"all_of": [MODULES, {"at_least": 1, "of": [{"any_of": [{"not": QUIZ_LEAF}]}]}]})
    assert not has_negation({"all_of": [MODULES, {"at_least": 1, "of": [QUIZ_LEAF]}]})


@pytest.mark.parametrize(
    ("new", "old", "holds"),
    [
        ("if confidence < 0.9 => manager_approve", "", True),
        ("", "if confidence < 0.9 => manager_approve", False),
        ("if confidence < 0.95 => manager_approve", "if confidence < 0.9 => manager_approve", True),
        ("if confidence < 0.8 => manager_approve", "if confidence < 0.9 => manager_approve", False),
        ("if confidence > 0.95 => manager_approve", "if confidence > 0.9 => manager_approve", False),
        ("if confidence < 0.9 => program_manager", "if confidence < 0.9 => manager_approve", False),
        ("if contains: a, b or confidence < 0.9 => x", "if confidence < 0.9 or contains: a => x", True),
        ("if contains: a and confidence < 0.9 => x", "if contains: a => x", False),
        ("if contains: b => x", "if contains: a, b => x", False),
    ],
)
def test_one_rule_holds_another_only_where_that_is_provable(new, old, holds):
    assert rule_holds(new, old) is holds


FIRST = "clerk_t1/first-steps/"
TIGHTENING = {
    "a higher threshold": bundle(changed("0.82", "0.9")),
    "no threshold, so every output is looked at": bundle(changed("        confidence_threshold: 0.82\n", "")),
    "a wider approval rule": bundle(changed("if confidence < 0.9 ", "if confidence < 0.95 ")),
    "granted by hand": bundle(changed("0.82", "0.82\n        manual_grant: true")),
    "a stricter rule on rework": bundle(
        changed("0.82", "0.82\n        rework_rule: {reworked: 2, of: 10, days: 14}")
    ),
    "a condition more": bundle(
        changed("      - type: survey", "      - type: quiz\n        threshold: 0.9\n      - type: survey")
    ),
    "a prompt less": bundle(
        changed('      prompts: ["summarise"]\n', "", changed('        prompts: ["summarise"]\n', "")),
        **{"roles.yaml": changed("prompt: summarise, ", "", ROLES)},
    ),
    "a term more": bundle(changed('["refund"]\n  block', '["refund", "chargeback"]\n  block')),
    "an approval more": bundle(changed('["refund"]\n    - name', '["refund", "credit"]\n    - name')),
    "blocked below more": bundle(changed("block_on_confidence_lt: 0.7", "block_on_confidence_lt: 0.75")),
    "a person in every call": bundle(
        changed("    - name: ops_manager", "      human_in_loop: true\n    - name: ops_manager")
    ),
    "due sooner": bundle(changed("clerk_t1\n", "clerk_t1\n    due_days: 7\n")),
    "a lesson more": bundle(**{f"{FIRST}02-then.md": LESSON}),
    "a lab more": bundle(**{f"{FIRST}lab-again.md": LAB}),
    "a lesson in other words": bundle(
        **{f"{FIRST}01-where-to-begin.md": changed("first.", "before all.", LESSON)}
    ),
    "another title": bundle(**{"clerk_t1/track.yaml": "title: Office\nsummary: Work tickets with care.\n"}),
    "avoid instead of automate": bundle(
        **{
            "roles.yaml": changed("automate:", "avoid:", ROLES.partition("  avoid")[0])
            + '    - {key: refunds, text: "Grant a refund.", why: "It moves money."}\n'
        }
    ),
    "a comment": bundle(changed("# A small", "# The small")),
}
LOOSENING = {
    "a lower threshold": bundle(changed("0.82", "0.8")),
    "a narrower approval rule": bundle(changed("if confidence < 0.9 ", "if confidence < 0.85 ")),
    "no approval rule": bundle(changed('        approval_rule: "if confidence < 0.9 => manager_approve"\n', "")),
    "a milder rule on rework": bundle(changed("0.82", "0.82\n        rework_rule: {reworked: 9, of: 20, days: 14}")),
    "a rule on rework over other days": bundle(changed("0.82", "0.82\n        rework_rule: {reworked: 1, of: 1, days: 30}")),
    "a condition less": bundle(changed("      - type: survey\n        survey: ready\n", "")),
    "one of two conditions": bundle(changed("    gating_conditions:\n      - type: modules_completed\n      - type: survey\n        survey: ready\n", "    gating_conditions:\n      any_of:\n        - type: modules_completed\n        - {type: survey, survey: ready}\n")),
    "a prompt more": bundle(changed("    - name: ops_manager", '    - name: ops_manager\n      prompts: ["summarise"]')),
    "a region more": bundle(changed('["eu-west-1"]', '["eu-west-1", "us-east-1"]')),
    "a term less": bundle(changed('yellow_zone_terms: ["refund"]', "yellow_zone_terms: []")),
    "an approval less": bundle(changed('      approvals: ["refund"]\n', "")),
    "blocked below less": bundle(changed("block_on_confidence_lt: 0.7", "block_on_confidence_lt: 0.6")),
    "nobody has to look": bundle(changed("manual_review_required: true", "manual_review_required: false")),
    "another owner": bundle(changed("pm@example.com", "other@example.com")),
    "a chain of its own": bundle(changed("risk_thresholds:", "approvals:\n  workflow_changes:\n    steps: [ops_manager]\n    sla_hours: 1\nrisk_thresholds:")),
    "a role more": bundle(changed("    - name: ops_manager", "    - name: ops_manager\n    - name: guest")),
    "a module less": bundle(changed("      - name: Next Steps\n        duration_min: 20\n", ""), without=("clerk_t1/next-steps/quiz.yaml",)),
    "a lab less": bundle(without=(f"{FIRST}lab-try-it.md",)),
    "another answer": bundle(**{"clerk_t1/next-steps/quiz.yaml": changed('answer: "3"', 'answer: "4"', QUIZ)}),
    "an easier quiz": bundle(**{"clerk_t1/next-steps/quiz.yaml": changed('"0.80"', '"0.70"', QUIZ)}),
    "another survey": bundle(**{"clerk_t1/survey-ready.yaml": changed("required: true", "required: false", SURVEY)}),
    "automate instead of avoid": bundle(**{"roles.yaml": ROLES.replace("  avoid:\n", "")}),
    "an activity that nothing said": bundle(**{"roles.yaml": changed("  avoid:", '    - {key: sums, text: "Add up.", why: "It is easy."}\n  avoid:', ROLES)}),
}  # fmt: skip


@pytest.fixture
def in_force(db):
    first_in_force()


# What loosens is told from two states by Python; that states are read and written on both databases is shown in
# test_applying.py.
@pytest.mark.sqlite
@pytest.mark.parametrize("name", TIGHTENING)
def test_this_only_tightens(in_force, name):
    found = services.plan(bundle=TIGHTENING[name], at=NOW)
    assert found.changes
    assert found.loosens == ()


@pytest.mark.sqlite
@pytest.mark.parametrize("name", LOOSENING)
def test_this_loosens(in_force, name):
    found = services.plan(bundle=LOOSENING[name], at=NOW)
    assert len(found.loosens) >= 1


def test_a_tool_that_went_needs_one_person_and_to_come_back_the_chain(in_force):
    gone = changed('      approvals: ["refund"]', '      approvals: ["refund"]').partition("    microtools:")[
        0
    ]
    gone += "    gating_conditions:\n      - type: modules_completed\n      - type: survey\n        survey: ready\n"
    gone += bundle().yaml[bundle().yaml.index("risk_thresholds:") :]
    assert services.apply(bundle=bundle(gone), base_number=1, actor=None, at=NOW).new
    back = services.plan(bundle=bundle(), at=NOW).loosens
    assert back[0] == "Microtool Summariser: new"


def test_the_first_playbook_loosens_nothing(db):
    assert services.plan(bundle=bundle(), at=NOW).loosens == ()


def test_what_nobody_has_thought_of_loosens():
    before = State(items={Item("spell", "x"): {"power": 1}}, gates={})
    for after in ({}, {Item("spell", "x"): {"power": 0}}, {Item("spell", "x"): {"power": 1, "more": 1}}):
        assert loosened(before, State(items=after, gates={}))
    known = {Item("microtool", "x"): {"title": "X", "unheard_of": 1}}
    changed_field = {Item("microtool", "x"): {"title": "X", "unheard_of": 2}}
    assert loosened(State(items=known, gates={}), State(items=changed_field, gates={})) == (
        "Microtool X: unheard of: 1 → 2",
    )


def test_where_a_gate_says_not_more_to_show_is_no_tightening():
    lesson = {Item("track", "t"): {}, Item("module", "t/m"): {}, Item("lesson", "t/m/a"): {}}
    more = lesson | {Item("lesson", "t/m/b"): {}}
    gates = {"t": {"not": MODULES}}
    gone = loosened(State(items=more, gates={}), State(items=lesson, gates={}))
    assert gone == ("Lesson T / M / B: no longer there",)
    assert loosened(State(items=lesson, gates={}), State(items=more, gates={})) == ()
    assert len(loosened(State(items=lesson, gates=gates), State(items=more, gates=gates))) == 1
