"""Plan, apply, export: one transaction, idempotent, and the plan is what happens."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext

from assessments.models import Question, Quiz, ShadowCase, ShadowPool
from enablement.access.models import Gate, Grant, Microtool, Policy, Prompt, RoleProfile
from enablement.ledger.models import LedgerEntry, PolicyRevision
from enablement.playbook import in_force, services
from enablement.playbook.bundle import Bundle, read_bundle
from enablement.playbook.errors import SourceErrors
from enablement.playbook.plan import ADD, CHANGE, RETIRE
from enablement.playbook.plan_text import render
from surveys.models import Survey
from tests.people.factories import UserFactory
from tests.playbook.conftest import NOW, PLAYBOOKS
from tests.playbook.small import LAB, LESSON, QUIZ, SURVEY, YAML, alone, bundle, changed
from tests.tracks.factories import CohortFactory, EnrolmentFactory, RoleAssignmentFactory
from tracks.errors import Refused
from tracks.models import Component, Lab, Lesson, Module, Role, Track
from tracks.services.progress import record_completion

pytestmark = pytest.mark.django_db


def plan(given):
    return services.plan(bundle=given, at=NOW)


def apply(given, **options):
    options = {"actor": None, "at": NOW, "base_number": services.current_number()} | options
    return services.put_in_force(bundle=given, **options)


def told(found):
    """A plan in short: the action and name of every change."""
    return [f"{change.action} {change.item}" for change in found.changes]


def details(found, item):
    [change] = [change for change in found.changes if str(change.item) == item]
    return list(change.details)


class TestTheCustomersFile:
    def test_alone_it_makes_tracks_gates_and_tools_and_names_its_gaps(self, bare):
        applied = services.apply_file(path=bare, actor=None, at=NOW)
        assert (applied.new, applied.revision.number, applied.revision.base_number) == (True, 1, None)
        assert set(Track.objects.live().values_list("key", "role__key", "due_days")) == {
            ("frontline_ops_t1", "frontline_ops", 14),
            ("ops_manager_track", "ops_manager", 14),
        }
        tool = Microtool.objects.get()
        assert (tool.key, tool.confidence_threshold) == ("triage_summarizer", Decimal("0.82"))
        assert tool.approval_rule.endswith("=> manager_approve")
        profile = RoleProfile.objects.get(role__key="frontline_ops")
        assert (profile.approvals, profile.human_in_loop) == (["refund_credits", "policy_override"], True)
        policy = Policy.objects.get()
        assert (policy.revision, policy.block_on_confidence_lt) == (1, Decimal("0.700"))
        assert policy.slo["training_completion"] == "0.92"
        assert "track frontline_ops_t1: the condition quiz cannot be met, the content for it is missing" in (
            applied.plan.gaps
        )
        assert "prompt triage_summarize of frontline_ops has no tool: it stays locked" in applied.plan.gaps
        assert "role compliance_liaison has no track: nobody can show the skill for it" in applied.plan.gaps
        assert "track ops_manager_track has no conditions: all its modules have to be completed" in (
            applied.plan.notes
        )

    def test_with_content_it_holds_lessons_quizzes_labs_a_survey_and_cases(self, with_content):
        applied = services.apply_file(path=with_content / "enablement_playbook.yaml", actor=None, at=NOW)
        assert Question.objects.filter(bank__track__key="frontline_ops_t1").count() >= 60
        assert Question.objects.filter(bank__track__key="ops_manager_track").count() >= 20
        assert Quiz.objects.get(module__track__key="frontline_ops_t1").draws == 20
        assert ShadowCase.objects.count() >= 150
        assert ShadowPool.objects.get().sample_size == 50
        assert Survey.objects.get().key == "readiness"
        assert "content/process_quality_t1: the playbook has no such track" in applied.plan.notes
        assert not Track.objects.filter(key="process_quality_t1").exists()

    def test_the_demos_playbook_gives_all_four_roles_a_track_and_a_rubric(self, with_content):
        path = with_content / "demo_playbook.yaml"
        applied = services.apply_file(path=path, actor=None, at=NOW)
        assert applied.plan.gaps == ()
        assert {profile.role.key for profile in RoleProfile.objects.all() if profile.rubric["avoid"]} == {
            "frontline_ops",
            "ops_manager",
            "process_quality",
            "compliance_liaison",
        }
        again = services.apply_file(path=path, actor=None, at=NOW + timedelta(hours=1))
        assert (again.new, again.revision.number, bool(again.plan)) == (False, 1, False)


class TestIdempotence:
    def test_applying_twice_makes_one_revision_and_changes_nothing(self):
        first = apply(bundle())
        before = in_force.snapshot()
        entries = LedgerEntry.objects.count()
        again = apply(bundle(), at=NOW + timedelta(days=1))
        assert (first.new, again.new, again.revision.number) == (True, False, 1)
        assert PolicyRevision.objects.count() == 1
        assert LedgerEntry.objects.count() == entries
        assert in_force.snapshot() == before

    def test_a_plan_keeps_nothing(self):
        empty = in_force.snapshot()
        assert plan(bundle()).counts[ADD] > 0
        assert in_force.snapshot() == empty == {}
        assert not PolicyRevision.objects.exists()
        assert not LedgerEntry.objects.exists()

    @pytest.mark.parametrize(
        "given",
        [
            bundle(changed("0.82", "0.9")),
            bundle(without=("clerk_t1/first-steps/lab-try-it.md",)),
            alone(changed("duration_min: 10", "duration_min: 12")),
        ],
    )
    def test_a_plan_is_what_then_happens(self, given):
        apply(bundle())
        planned = plan(given)
        applied = apply(given)
        assert planned == applied.plan
        assert planned.changes
        assert not plan(given)

    def test_comments_and_layout_make_a_revision_of_their_own(self):
        apply(bundle())
        worded = bundle(YAML.replace("# A small playbook.", "# Another comment."))
        assert told(plan(worded)) == ["~ document"]
        assert apply(worded).revision.number == 2
        assert services.export(at=NOW).yaml == worded.yaml


class TestPlan:
    def test_it_says_what_was_and_what_will_be(self):
        apply(bundle())
        text = changed("0.82", "0.9")
        text = changed("duration_min: 20", "duration_min: 25", text)
        text = changed("      - type: modules_completed", "      - type: labs_signed_off", text)
        quiz = changed("What comes first?", "What do you read first?", QUIZ)
        found = plan(
            bundle(
                text,
                **{
                    "clerk_t1/next-steps/quiz.yaml": quiz,
                    "clerk_t1/first-steps/01-where-to-begin.md": LESSON + "\nThen think.\n",
                    "clerk_t1/survey-more.yaml": SURVEY,
                },
            )
        )
        assert told(found) == [
            "~ module clerk_t1/next-steps",
            "~ lesson clerk_t1/first-steps/where-to-begin",
            "~ quiz clerk_t1/next-steps/check",
            "+ survey clerk_t1/more",
            "~ microtool summariser",
            "~ gate clerk_t1",
        ]
        assert details(found, "module clerk_t1/next-steps") == ["duration_min: 20 → 25"]
        assert details(found, "lesson clerk_t1/first-steps/where-to-begin") == ["text: 1.0 → 1.1"]
        assert details(found, "quiz clerk_t1/next-steps/check") == ["questions: changed: first"]
        assert details(found, "microtool summariser") == ["confidence_threshold: 0.82 → 0.9"]
        assert details(found, "gate clerk_t1") == ["- Every module completed", "+ Every lab signed off"]

    def test_it_shows_a_tools_own_rule_on_rework_and_applying_keeps_it(self, settings):
        settings.REWORK_COUNT, settings.REWORK_OF, settings.REWORK_DAYS = 8, 20, 14
        own = bundle(changed("0.82", "0.82\n        rework_rule: {reworked: 3, of: 10, days: 14}"))
        assert details(plan(own), "microtool summariser") == ["rework_rule: 3 of 10 within 14 days"]
        apply(bundle())
        assert details(plan(own), "microtool summariser") == [
            "rework_rule: 8 of 20 within 14 days (the default) → 3 of 10 within 14 days"
        ]
        apply(own)
        tool = Microtool.objects.get()
        assert (tool.rework_count, tool.rework_of, tool.rework_days) == (3, 10, 14)
        apply(bundle())
        assert Microtool.objects.get().rework_count is None

    def test_what_goes_with_its_track_is_not_listed_one_by_one(self):
        apply(bundle(YAML + ""))
        other = YAML.replace("id: clerk_t1", "id: clerk_t2")
        found = plan(alone(other))
        assert [line for line in told(found) if line.startswith(RETIRE)] == ["- track clerk_t1"]
        assert "content/clerk_t1: the playbook has no such track" in found.notes

    def test_its_text_is_the_same_every_time(self):
        apply(bundle())
        text = render(plan(alone(changed("0.82", "0.9"))))
        assert text == render(plan(alone(changed("0.82", "0.9"))))
        assert text.splitlines()[:5] == [
            "Against revision 1:",
            "",
            "  ~ microtool summariser",
            "      confidence_threshold: 0.82 → 0.9",
            "",
        ]
        assert text.splitlines()[-1].startswith("Plan: 0 to add, 1 to change, 0 to retire (sha256 ")
        assert render(plan(bundle())).startswith("No changes: revision 1 is in force")

    def test_sections_that_no_table_holds_are_compared_too(self):
        talk = 'communication:\n  channels: ["slack:#a"]\n'
        apply(bundle(YAML + talk))
        found = plan(bundle(YAML + talk.replace("#a", "#b")))
        assert told(found) == ["~ section communication"]
        assert details(found, "section communication") == ["channels: slack:#a → slack:#b"]


class TestRetiring:
    def test_what_is_absent_is_retired_and_never_deleted(self):
        apply(bundle())
        rows = (Track, Module, Lesson, Lab, Quiz, Survey, Microtool, Prompt, Role, Question)
        before = {model: model.objects.count() for model in rows}
        text = YAML.replace('      prompts: ["summarise"]\n', "", 1).replace(
            '        prompts: ["summarise"]\n', ""
        )
        text = text.replace("      - name: Next Steps\n        duration_min: 20\n", "")
        text = text.replace("    - name: ops_manager\n", "").replace(
            " => manager_approve", " => program_manager"
        )
        without = ("clerk_t1/next-steps/quiz.yaml", "clerk_t1/first-steps/lab-try-it.md", "roles.yaml")
        found = apply(bundle(text, without=without)).plan
        retired = [line for line in told(found) if line.startswith(RETIRE)]
        assert retired == [
            "- role ops_manager",
            "- prompt summarise",
            "- module clerk_t1/next-steps",
            "- lab clerk_t1/first-steps/try-it",
        ]
        assert {model: model.objects.count() for model in rows} == before
        assert Component.objects.get(kind="lab").retired_at == NOW
        back = told(apply(bundle()).plan)
        assert "+ module clerk_t1/next-steps" in back
        assert {model: model.objects.count() for model in rows} == before

    def test_a_retired_role_runs_no_prompt(self):
        apply(
            bundle(
                changed("    - name: ops_manager", '    - name: ops_manager\n      prompts: ["summarise"]')
            )
        )
        text = changed("    - name: ops_manager\n", "").replace("manager_approve", "program_manager")
        apply(bundle(text))
        assert RoleProfile.objects.get(role__key="ops_manager").prompts == []

    def test_without_a_content_folder_content_stays_as_it_is(self):
        apply(bundle())
        found = plan(alone(changed("duration_min: 10", "duration_min: 11")))
        assert told(found) == ["~ module clerk_t1/first-steps"]
        assert not plan(alone())
        applied = apply(alone(changed("duration_min: 10", "duration_min: 11")))
        assert Bundle.of_document(applied.revision.document).content == bundle().content

    def test_a_renamed_module_keeps_its_row_and_its_facts(self):
        apply(bundle())
        row = Module.objects.get(key="first-steps")
        text = changed("name: First Steps", "name: Start here\n        was: first-steps")
        apply(alone(text))
        assert Module.objects.get(key="start-here").pk == row.pk
        content = {name.replace("first-steps", "start-here"): body for name, body in bundle().content.items()}
        moved = Bundle(yaml=text, content=content)
        apply(moved)
        row.refresh_from_db()
        assert (row.key, row.title, row.retired_at) == ("start-here", "Start here", None)
        assert Lesson.objects.filter(module=row, retired_at=None).count() == 1

    def test_a_quiz_can_move_to_another_module(self):
        apply(bundle())
        moved = bundle(without=("clerk_t1/next-steps/quiz.yaml",), **{"clerk_t1/first-steps/quiz.yaml": QUIZ})
        apply(moved)
        assert Quiz.objects.live().get().module.key == "first-steps"


class TestRefusals:
    def test_a_stale_base_is_refused_and_changes_nothing(self):
        apply(bundle())
        apply(bundle(changed("0.82", "0.9")))
        before = in_force.snapshot()
        with pytest.raises(Refused) as refused:
            apply(bundle(), base_number=1)
        assert refused.value.code == "stale_base"
        assert in_force.snapshot() == before
        assert PolicyRevision.objects.count() == 2

    def test_only_an_author_applies(self, author):
        with pytest.raises(PermissionDenied):
            apply(bundle(), actor=UserFactory())
        assert not Track.objects.exists()
        assert apply(bundle(), actor=author).revision.applied_by == author

    def test_an_unsound_playbook_changes_nothing(self):
        apply(bundle())
        before = in_force.snapshot()
        with pytest.raises(SourceErrors):
            apply(bundle(changed("type: survey", "type: surveys")))
        assert in_force.snapshot() == before

    def test_what_a_table_refuses_changes_nothing(self):
        raised = changed("minutes: 5", "minutes: 5\nmajor: 3", LESSON)
        name = "clerk_t1/first-steps/01-where-to-begin.md"
        apply(bundle(**{name: raised}))
        before = in_force.snapshot()
        with pytest.raises(Refused) as refused:
            apply(bundle(changed("0.82", "0.9"), **{name: changed("major: 3", "major: 2", raised)}))
        assert refused.value.code == "content_refused"
        assert in_force.snapshot() == before

    def test_a_gate_prevails_over_a_quizs_threshold(self):
        text = changed("- type: modules_completed", "- type: quiz\n        threshold: 0.9")
        applied = apply(bundle(text))
        assert Quiz.objects.get().threshold == Decimal("0.9")
        assert "quiz clerk_t1/check passes at 0.9, as the gate says, not 0.80" in applied.plan.notes


class TestExport:
    @pytest.mark.parametrize("name", ["enablement_playbook.yaml", "demo_playbook.yaml"])
    def test_what_is_exported_applies_as_no_change_comments_and_all(self, with_content, name):
        services.apply_file(path=with_content / name, actor=None, at=NOW)
        text = services.export(at=NOW).yaml
        assert text == (PLAYBOOKS / name).read_text()
        assert not plan(Bundle(yaml=text))

    def test_before_the_first_playbook_there_is_nothing_to_export(self):
        with pytest.raises(Refused, match="No playbook is in force yet"):
            services.export(at=NOW)

    def test_rows_changed_by_hand_are_named_and_not_exported(self):
        apply(bundle())
        Microtool.objects.update(confidence_threshold=Decimal("0.1"))
        with pytest.raises(Refused, match="differs from revision 1: ~ microtool summariser"):
            services.export(at=NOW)
        assert apply(bundle()).revision.number == 2
        assert services.export(at=NOW).yaml == YAML

    def test_every_decimal_comes_back_exactly(self):
        apply(bundle(changed("0.82", "0.820")))
        assert Gate.objects.get().tree["all_of"][1] == {"type": "survey", "survey": "ready"}
        assert Microtool.objects.get().confidence_threshold == Decimal("0.82")


class TestWhomItAffects:
    @pytest.fixture
    def learner(self):
        """Has completed everything that `EASY` asks for."""
        apply(bundle(EASY))
        return enrolled("Ada Byron", completed=True)

    def test_a_loosened_gate_opens_and_a_tightened_one_closes(self, learner):
        assert Grant.objects.live(at=NOW).get().user == learner
        later = NOW + timedelta(hours=1)
        planned = services.plan(bundle=alone(SHARP), at=later)
        [effect] = planned.effects
        assert (effect.tool, effect.gain, [str(person) for person in effect.lose]) == (
            "summariser",
            (),
            [f"Ada Byron <{learner.email}>"],
        )
        assert Grant.objects.live(at=later).exists()
        applied = apply(alone(SHARP), at=later)
        assert applied.plan == planned
        grant = Grant.objects.get()
        assert (grant.state, grant.policy_revision) == ("revoked", 2)
        again = services.plan(bundle=alone(EASY), at=later)
        assert [person.email for person in again.effects[0].gain] == [learner.email]
        assert f"summariser: 1 person gains access: Ada Byron <{learner.email}>" in render(again)

    def test_a_tool_that_is_retired_or_moved_closes_at_once(self, learner):
        text = EASY[: EASY.index("    microtools:")] + EASY[EASY.index("    gating_conditions:") :]
        planned = plan(alone(text))
        assert [person.email for person in planned.effects[0].lose] == [learner.email]
        apply(alone(text))
        assert not Grant.objects.live(at=NOW).exists()
        assert Grant.objects.get().state == "revoked"

    def test_a_change_of_words_re_evaluates_nobody(self, learner):
        grant = Grant.objects.get()
        applied = apply(alone(EASY + "communication:\n  channels: [a]\n"))
        assert applied.plan.effects == ()
        assert Grant.objects.get().policy_revision == grant.policy_revision

    def test_the_queries_of_a_plan_do_not_grow_with_people(self, learner):
        def cost():
            with CaptureQueriesContext(connection) as captured:
                plan(alone())
            return len(captured)

        small = cost()
        for number in range(6):
            enrolled(f"Person {number}", completed=True)
        assert cost() == small
        [effect] = plan(alone()).effects
        assert len(effect.keep) == 7
        [effect] = plan(alone(SHARP)).effects
        assert len(effect.lose) == 7

    def test_the_first_twenty_are_named_the_rest_is_counted(self, learner):
        for number in range(21):
            enrolled(f"Person {number:02}", completed=True)
        text = render(plan(alone(SHARP)))
        assert "summariser: 22 people lose access: Ada Byron" in text
        assert "and 2 more" in text
        assert "Person 19" not in text


class TestRecord:
    def test_a_revision_is_hashed_over_yaml_and_content(self):
        applied = apply(bundle(), note="First")
        assert applied.revision.sha256 == bundle().sha256 == applied.plan.sha256
        assert applied.revision.note == "First"
        assert bundle(**{"clerk_t1/track.yaml": "title: T\nsummary: S\n"}).sha256 != bundle().sha256
        assert alone().sha256 != bundle().sha256

    def test_the_ledger_says_what_was_applied_by_whom(self, author):
        apply(bundle(), actor=author)
        entry = LedgerEntry.objects.get(kind="playbook.applied")
        payload = json.loads(entry.payload)
        assert (entry.actor_id, entry.subject_id, entry.policy_revision) == (author.pk, "1", 1)
        assert payload["sha256"] == bundle().sha256
        assert payload["changes"]["microtool"] == ["+ summariser"]
        assert payload["gain"] == {}

    def test_the_gates_qa_owner_is_appointed_where_they_are_in_quality(self, with_content):
        owner = UserFactory(email="quality_ops@company.com", groups=["quality"])
        services.apply_file(path=with_content / "enablement_playbook.yaml", actor=None, at=NOW)
        assert ShadowPool.objects.all().judged_by(owner).count() == 1
        assert owner.email not in LedgerEntry.objects.get(kind="playbook.applied").payload

    def test_actions_are_counted(self):
        found = plan(bundle())
        assert found.counts == {ADD: len(found.changes), CHANGE: 0, RETIRE: 0}


#: The small playbook with a gate that a completed first module meets.
#: What its gate asks for more binds at once whoever holds the tool.
SHARP = changed("    gating_conditions:", "    gating_immediate: true\n    gating_conditions:")
EASY = changed(
    "      - type: modules_completed\n      - type: survey\n        survey: ready\n",
    "      - type: modules_completed\n        modules: [first-steps]\n",
)


def enrolled(name, *, completed):
    user = UserFactory(name=name)
    track = Track.objects.get()
    RoleAssignmentFactory(user=user, role=track.role)
    enrolment = EnrolmentFactory(user=user, cohort=CohortFactory(track=track))
    if completed:
        for component in Component.objects.filter(module__key="first-steps"):
            record_completion(
                enrolment=enrolment,
                module=component.module,
                kind=component.kind,
                key=component.key,
                actor=None,
                at=NOW,
            )
    return user


def test_reading_from_disk_is_the_same_as_in_memory(small_file):
    assert read_bundle(small_file) == bundle()


class TestLabs:
    FILE = "clerk_t1/first-steps/lab-try-it.md"
    SHEET = "clerk_t1/first-steps/lab-try-it/sheet.csv"
    HEAD = (
        "evidence: {text: required, file: optional, file_types: [csv]}\n"
        "observed_cases: 2\ncountersigned: true\n"
    )

    def with_lab(self, sheet="a,b\n", head=HEAD):
        lab = changed("evidence: {text: required}\n", head, LAB)
        return bundle(**{self.FILE: lab, self.SHEET: sheet})

    def test_what_a_lab_asks_for_is_put_exported_and_planned_without_loss(self):
        given = self.with_lab()
        apply(given)
        lab = Lab.objects.get()
        assert (lab.file_types, lab.observed_cases, lab.countersigned) == (["csv"], 2, True)
        assert [(file.name, file.body) for file in lab.starter_files.live()] == [("sheet.csv", "a,b\n")]
        assert services.export(at=NOW).content == given.content
        assert not plan(given)

        other = self.with_lab(sheet="a,c\n", head=self.HEAD.replace("observed_cases: 2", "observed_cases: 3"))
        found = plan(other)
        assert told(found) == ["~ lab clerk_t1/first-steps/try-it"]
        assert details(found, "lab clerk_t1/first-steps/try-it") == [
            "starter files: changed: sheet.csv",
            "observed_cases: 2 → 3",
        ]
        assert lab.starter_files.live().get().body == "a,b\n"
