# ruff: noqa: E501  (a fault is one line, as it is shown)
"""Exception cases as files: read and checked at their place, planned, applied, retired, exported."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from ruamel.yaml import YAML

from assessments.models import Category, Scenario, ScenarioSet, Verdict
from enablement.access.models import Gate
from enablement.playbook import services
from enablement.playbook.bundle import read_bundle
from enablement.playbook.errors import SourceErrors
from enablement.playbook.phrases import gate_phrases
from enablement.playbook.reading import read
from tests.assessments.scenarios.factories import AT
from tests.playbook.small import CONTENT, bundle, changed
from tests.playbook.small import YAML as PLAYBOOK

MATRIX = "\n".join(
    f'      - {{complexity: {level}, decides: "You.", check: "The rule.", within: "4 hours"}}'
    for level in (1, 2, 3)
)
HEAD = "title: Cases\nsize: 7\ncategories:\n" + "".join(
    f"  - key: {key}\n    definition: What it is.\n    matrix:\n{MATRIX}\n" for key in Category.values
)
PARTS = "scenarios:\n" + "".join(
    f"""\
  - key: case-{number}
    category: {Category.values[number % 7]}
    complexity: {number % 3 + 1}
    title: Case {number}
    situation: Something came up.
    policy: A rule.
    decision: {Verdict.values[number % 3]}
    criteria:
      - {{key: rule, text: The rule}}
      - {{key: fact, text: The fact}}
    explanation: So it is.
    lesson: where-to-begin
"""
    for number in range(14)
)
FILES = {"clerk_t1/scenarios.yaml": HEAD, "clerk_t1/scenarios-all.yaml": PARTS}


def apply(wanted):
    return services.put_in_force(bundle=wanted, base_number=services.current_number(), actor=None, at=AT)


def plan(wanted):
    return services.plan(bundle=wanted, at=AT)


def faults(**files):
    with pytest.raises(SourceErrors) as refused:
        read(bundle(**FILES | files), in_force=None)
    return [str(error) for error in refused.value.errors]


@pytest.mark.parametrize(
    ("name", "text", "fault"),
    [
        ("all", changed("decision: approve", "decision: perhaps", PARTS), '8:15: "perhaps" does not fit; expected approve, deny or escalate'),
        ("all", changed("category: policy_violation", "category: weather", PARTS), "2:5: the scenario case-0: its category must be one of policy_violation, config_conflict, customer_exemption, rollback, access_request, service_breach, supplier_change."),
        ("all", changed("key: case-3", "key: case-2", PARTS), '38:10: the scenario "case-2" is there twice, first in scenarios-all.yaml'),
        ("all", changed("lesson: where-to-begin", "lesson: nowhere", PARTS), '13:13: the track has no lesson "nowhere"; expected the key of a lesson'),
        ("all", changed("      - {key: fact, text: The fact}\n", "", PARTS), "2:5: the scenario case-0: a good justification names 2 to 6 things."),
        ("", changed("size: 7", "size: 8", HEAD), "1:1: 14 scenarios are there; a drill and a capstone of new cases need 16."),
        ("", changed("complexity: 3", "complexity: 2", HEAD), "4:5: the category policy_violation: its matrix needs one row for each complexity, 1 to 3."),
        ("", changed("title: Cases", "titel: Cases", HEAD), '1:1: unknown key "titel"; expected one of title, intro, size, capstone, categories'),
    ],
)  # fmt: skip
def test_a_fault_is_shown_in_its_file_at_its_place(name, text, fault):
    file = f"clerk_t1/scenarios-{name}.yaml" if name else "clerk_t1/scenarios.yaml"
    assert f"content/{file}:{fault}" in faults(**{file: text})


def test_cases_without_their_head_are_refused():
    with pytest.raises(SourceErrors) as refused:
        read(bundle(**{"clerk_t1/scenarios-all.yaml": PARTS}), in_force=None)
    assert "scenarios.yaml is missing beside it" in str(refused.value.errors[0])


@pytest.mark.django_db
class TestApplying:
    def test_a_plan_counts_them_and_the_same_again_changes_nothing(self):
        added = {str(change.item): change.details for change in plan(bundle(**FILES)).changes}
        assert added["scenarios clerk_t1"] == ("categories: 7", "scenarios: 14")
        apply(bundle(**FILES))
        assert not plan(bundle(**FILES))
        assert (Scenario.objects.live().count(), ScenarioSet.objects.get().size) == (14, 7)

    def test_what_is_absent_is_retired_and_comes_back(self):
        apply(bundle(**FILES))
        assert [str(change.item) for change in plan(bundle()).changes] == ["scenarios clerk_t1"]
        apply(bundle())
        assert ScenarioSet.objects.get().retired_at == AT
        apply(bundle(**FILES))
        assert ScenarioSet.objects.get().retired_at is None

    def test_a_gate_may_ask_for_supervised_decisions(self):
        leaf = "      - {type: supervised_decisions, n: 5, right: 0.8}\nrisk_thresholds:"
        apply(bundle(changed("risk_thresholds:", leaf, PLAYBOOK)))
        tree = Gate.objects.get(track__key="clerk_t1").tree
        assert tree["all_of"][-1] == {"type": "supervised_decisions", "n": 5, "right": "0.8"}
        assert gate_phrases(tree)[-1] == "5 exceptions handled with a mentor, at least 80 % right"

    def test_what_is_exported_is_what_came_byte_for_byte(self):
        apply(bundle(**FILES))
        assert services.export(at=AT).content == CONTENT | FILES


class TestWhatShips:
    """The cases beside the demo's playbook: enough, spread, and without a pattern to guess by."""

    @pytest.fixture
    def cases(self):
        folder = Path(settings.BASE_DIR) / "playbooks" / "content" / "ops_manager_track"
        files = sorted(folder.glob("scenarios-*.yaml"))
        return [case for file in files for case in YAML(typ="safe").load(file)["scenarios"]]

    def test_six_in_each_category_two_of_each_complexity(self, cases):
        spread = {(case["category"], case["complexity"]) for case in cases}
        assert (len(cases), len(spread), len({case["key"] for case in cases})) == (42, 21, 42)
        for kind in spread:
            assert sum((case["category"], case["complexity"]) == kind for case in cases) == 2

    @pytest.mark.parametrize("part", ["category", "complexity"])
    def test_no_category_and_no_complexity_tells_the_decision(self, cases, part):
        for value in {case[part] for case in cases}:
            decisions = [case["decision"] for case in cases if case[part] == value]
            assert set(decisions) == set(Verdict.values)
            assert max(map(decisions.count, decisions)) <= len(decisions) // 2

    def test_each_is_long_enough_to_decide_and_short_enough_to_read(self, cases):
        for case in cases:
            words = len(f"{case['situation']} {' '.join(fact['text'] for fact in case['facts'])}".split())
            assert 90 <= words <= 180, case["key"]
            assert re.search(r"\d", case["situation"] + case["policy"]), case["key"]

    def test_the_demos_playbook_reads_with_them(self):
        found = read(read_bundle(Path(settings.BASE_DIR) / "playbooks" / "demo_playbook.yaml"), in_force=None)
        scenarios = found.content.tracks["ops_manager_track"].scenarios
        assert len(scenarios.scenarios) == 42
