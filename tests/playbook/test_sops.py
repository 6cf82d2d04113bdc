"""Procedures: from the playbook's file, one version a change, read by whoever works by them."""

import re
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from enablement.access import sops as reads
from enablement.access.models import SOP, Grant, Microtool, SOPStep, Stop
from enablement.access.services import control
from enablement.ledger.models import LedgerEntry
from enablement.playbook import services
from enablement.playbook.bundle import Bundle, read_bundle
from enablement.playbook.errors import SourceErrors
from tests.people.factories import UserFactory
from tests.playbook.conftest import NOW, PLAYBOOKS
from tests.playbook.first import first_in_force
from tests.playbook.small import CONTENT, YAML, alone, bundle, changed
from tests.playbook.test_prompts import PROMPTS
from tests.tracks.factories import RoleAssignmentFactory
from tracks.models import Role

SOPS = """\
# How clerks work.
answer_ticket:
  title: "Answer a ticket"
  role: clerk
  purpose: "From a ticket to an answer."
  begins: "A ticket arrives"
  steps:
    - key: read
      title: "Read it"
      text: "Read it **all**."
    - key: sum-up
      title: "Sum it up"
      prompt: summarise
      tool: summariser
      threshold: 0.9
      approver: manager_approve
      text: "Run the prompt."
    - key: pay
      title: "Ask for the refund"
      tool: summariser
      task: refund
      text: "Ask first."
"""


def with_sops(text=SOPS, yaml=YAML, prompts=PROMPTS):
    return Bundle(
        yaml=yaml, content=CONTENT | {"prompts.yaml": prompts, "sops.yaml": text}, file="small.yaml"
    )


def apply(given):
    return services.put_in_force(bundle=given, base_number=services.current_number(), actor=None, at=NOW)


def plan(given):
    return services.plan(bundle=given, at=NOW)


@pytest.fixture
def in_force(db):
    first_in_force(with_sops())
    return SOP.objects.get()


def clerk():
    person = UserFactory()
    RoleAssignmentFactory(user=person, role=Role.objects.get(key="clerk"))
    return person


def open_tool(person):
    """As the decision point sees it: a live grant."""
    tool = Microtool.objects.get(key="summariser")
    return Grant.objects.create(
        user=person,
        microtool=tool,
        state=Grant.State.GRANTED,
        since=NOW,
        policy_revision=1,
        leaves=[{"met": True}],
    )


def seen(person):
    [view] = reads.views(SOP.objects.in_force(), user=person, at=timezone.now())
    return view


class TestFiles:
    def test_what_the_file_says_is_in_force_by_its_revision(self, in_force):
        assert (in_force.title, in_force.role.key, in_force.begins) == (
            "Answer a ticket",
            "clerk",
            "A ticket arrives",
        )
        assert (in_force.policy_revision, in_force.effective_until) == (1, None)
        steps = in_force.steps.values_list(
            "number", "key", "prompt__key", "microtool__key", "threshold", "approver", "task"
        )
        assert list(steps) == [
            (1, "read", None, None, None, "", ""),
            (2, "sum-up", "summarise", "summariser", Decimal("0.9"), "manager_approve", ""),
            (3, "pay", None, "summariser", None, "", "refund"),
        ]
        assert LedgerEntry.objects.filter(kind="access.sop_made", subject_id=str(in_force.pk)).count() == 1

    @pytest.mark.parametrize(
        ("old", "new", "place"),
        [
            ("prompt: summarise", "prompt: summarize", (13, 15, 'the role clerk does not hold the prompt "')),
            (
                "tool: summariser\n      thr",
                "tool: sumariser\n      thr",
                (14, 13, "the playbook has no tool"),
            ),
            ("threshold: 0.9", "threshold: 0.81", (15, 18, "0.81 is below 0.82 of summariser")),
            ("threshold: 0.9", 'threshold: "high"', (15, 18, '"high" is not a number')),
            ("manager_approve", "manager", (16, 17, 'unknown approver "manager"')),
            ("task: refund", "task: discount", (21, 13, 'the role clerk asks no approval for "discount"')),
            ("key: pay", "key: read", (18, 12, 'the step "read" is there twice, first in line 8')),
            (
                'text: "Read it **all**."',
                'text: "Read it."\n      threshold: 0.9',
                (11, 18, "a threshold without a tool"),
            ),
            ("    - key: read", "    - kee: read", (8, 7, 'unknown key "kee"')),
            (SOPS.partition("steps:")[2], " []\n", (7, 10, "the list is empty")),
        ],
    )
    def test_a_fault_is_shown_at_its_place(self, db, old, new, place):
        with pytest.raises(SourceErrors) as caught:
            plan(with_sops(changed(old, new, SOPS)))
        line, column, message = place
        assert any(
            (error.file, error.line, error.column) == ("content/sops.yaml", line, column)
            and error.message.startswith(message)
            for error in caught.value.errors
        ), caught.value.errors
        assert not SOP.objects.exists()

    def test_a_prompt_of_another_tool_is_a_fault_and_one_without_a_tool_a_gap(self, db):
        other = changed(
            "    gating_conditions:",
            "      - name: drafter\n        confidence_threshold: 0.5\n    gating_conditions:",
        )
        with pytest.raises(SourceErrors, match='the prompt "summarise" belongs to the tool summariser'):
            plan(with_sops(SOPS.replace("tool: summariser", "tool: drafter", 1), yaml=other))
        homeless = YAML.replace('        prompts: ["summarise"]\n    gating', "    gating")
        found = plan(with_sops(yaml=homeless)).gaps
        assert "procedure answer_ticket, step sum-up: the prompt summarise has no tool" in found

    def test_a_prompt_without_an_approved_wording_is_a_gap(self, db):
        found = plan(Bundle(yaml=YAML, content=CONTENT | {"sops.yaml": SOPS}, file="small.yaml"))
        assert (
            "procedure answer_ticket, step sum-up: the prompt summarise has no approved wording" in found.gaps
        )

    def test_a_tool_without_a_threshold_has_every_output_looked_at(self, db):
        yaml = changed("        confidence_threshold: 0.82\n", "")
        with pytest.raises(SourceErrors, match="summariser has no threshold: every output is looked at"):
            plan(with_sops(yaml=yaml))

    def test_a_procedure_of_a_role_that_is_not_there_is_left_out(self, db):
        found = plan(with_sops(SOPS.replace("role: clerk", "role: baker")))
        assert (
            "content/sops.yaml: the playbook has no role baker, whose procedure answer_ticket is"
            in found.notes
        )
        assert not [change for change in found.changes if change.item.kind == "procedure"]


class TestVersions:
    def test_another_wording_is_the_next_version_and_the_old_one_stays_to_be_read(self, in_force):
        assert apply(with_sops()).new is False
        done = apply(with_sops(SOPS.replace("Read it **all**.", "Read it twice.")))
        [change] = done.plan.changes
        assert change.details == ("- Read it: Read it **all**.", "+ Read it: Read it twice.")
        now, before = SOP.objects.in_force().get(), SOP.objects.get(pk=in_force.pk)
        assert (now.supersedes, now.policy_revision, before.effective_until) == (before, 2, NOW)
        assert before.steps.get(number=1).text == "Read it **all**."
        assert [sop.policy_revision for sop in reads.history(now)] == [2, 1]

    def test_a_plan_names_steps_that_came_and_went_and_their_order(self, in_force):
        body = SOPS.partition("    - key: pay")
        [change] = plan(with_sops(body[0])).changes
        assert change.details == (
            "- Ask for the refund (tool summariser, asks for refund): Ask first.",
            "order: read, sum-up, pay → read, sum-up",
        )

    def test_every_change_of_what_is_done_loosens_and_a_title_does_not(self, in_force):
        assert plan(with_sops(SOPS.replace("Answer a ticket", "Answer the ticket"))).loosens == ()
        named = "prompt summarise, tool summariser, a person looks below {}, approved by manager_approve"
        came, went = (f"“Sum it up ({named.format(bound)}): Run the prompt.”" for bound in ("0.95", "0.9"))
        raised = plan(with_sops(SOPS.replace("threshold: 0.9", "threshold: 0.95"))).loosens
        assert raised == (f"Procedure Answer a ticket: steps: {came} added, {went} taken away",)
        named = "Ask for the refund (tool summariser, asks for refund)"
        milder = plan(with_sops(SOPS.replace("Ask first.", "Do it."))).loosens
        came, went = f"“{named}: Do it.”", f"“{named}: Ask first.”"
        assert milder == (f"Procedure Answer a ticket: steps: {came} added, {went} taken away",)
        assert plan(bundle(**{"prompts.yaml": PROMPTS})).loosens == (
            "Procedure Answer a ticket: no longer there",
        )

    def test_a_playbook_alone_keeps_it_and_says_what_no_longer_fits(self, in_force):
        stricter = YAML.replace("confidence_threshold: 0.82", "confidence_threshold: 0.93")
        found = apply(alone(stricter)).plan
        message = "0.9 is below 0.93 of summariser: a procedure may only ask for more"
        assert f"procedure answer_ticket: {message}" in found.gaps
        assert SOP.objects.in_force().get() == in_force

    def test_content_without_it_ends_it_on_the_record(self, in_force):
        apply(bundle())
        in_force.refresh_from_db()
        assert (in_force.effective_until, SOP.objects.in_force().count()) == (NOW, 0)
        assert LedgerEntry.objects.filter(kind="access.sop_ended", subject_id=str(in_force.pk)).count() == 1
        apply(with_sops())
        assert SOP.objects.in_force().get().supersedes is None

    def test_an_export_holds_it_to_the_letter(self, in_force):
        assert services.export(at=NOW).content["sops.yaml"] == SOPS

    @pytest.mark.parametrize(
        ("change", "name"),
        [
            ({"effective_until": None, "key": "answer_ticket"}, "sop_one_in_force_a_key"),
            ({"effective_until": NOW.replace(year=2020)}, "sop_ends_after_it_begins"),
            ({"purpose": ""}, "sop_says_what_and_what_for"),
        ],
    )
    def test_what_cannot_be_is_refused_by_the_database(self, in_force, change, name):
        values = {"key": "other", "role": in_force.role, "title": "T", "purpose": "P", "policy_revision": 1}
        values |= {"effective_from": NOW, "effective_until": NOW} | change
        with transaction.atomic(), pytest.raises(IntegrityError) as caught:
            SOP.objects.create(**values)
        assert names(caught.value, name, "access_sop.key")

    @pytest.mark.parametrize(
        ("change", "name", "columns"),
        [
            ({"number": 1}, "sop_step_number_once", "access_sopstep.sop_id, access_sopstep.number"),
            ({"key": "read"}, "sop_step_key_once", "access_sopstep.sop_id, access_sopstep.key"),
            ({"threshold": Decimal("0.9")}, "sop_step_threshold_is_a_share_of_a_tool", ""),
        ],
    )
    def test_so_are_steps(self, in_force, change, name, columns):
        with transaction.atomic(), pytest.raises(IntegrityError) as caught:
            SOPStep.objects.create(
                **{"sop": in_force, "number": 9, "key": "k", "title": "T", "text": "X"} | change
            )
        assert names(caught.value, name, columns)


def names(error, constraint, columns):
    """SQLite names the columns of a unique constraint, PostgreSQL the constraint."""
    return constraint in str(error) or (columns and str(error).endswith(columns))


class TestRunning:
    def test_a_step_runs_where_the_decision_point_allows_it(self, in_force):
        person = clerk()
        assert [view.state for view in seen(person).steps] == ["not-started", "not-met", "not-met"]
        open_tool(person)
        read, sum_up, pay = seen(person).steps
        assert (read.word, read.why, read.link) == ("By hand", "", "")
        assert (sum_up.word, sum_up.link) == ("You can run it now", reverse("prompt", args=["summarise"]))
        assert (pay.word, pay.link) == (
            "After an approval",
            reverse("approval_ask") + "?tool=summariser&task=refund",
        )
        assert (sum_up.prompt, sum_up.approver, pay.task) == ("Sum up a ticket", "Ops manager", "Refund")

    def test_why_not_and_where_to_go(self, in_force):
        person = clerk()
        tool = Microtool.objects.get(key="summariser")
        mine = f"{reverse('my_tools')}#tool-{tool.pk}"
        missing = seen(person).steps[1]
        assert (missing.why, missing.link) == ("Still missing: Enrolment.", mine)
        grant = open_tool(person)
        Grant.objects.filter(pk=grant.pk).update(state=Grant.State.SUSPENDED)
        assert seen(person).steps[1].why == "Access to this tool is suspended."
        Grant.objects.filter(pk=grant.pk).update(state=Grant.State.GRANTED)
        stop(Stop.Kind.MICROTOOL, "summariser")
        stopped = seen(person).steps[1]
        assert (stopped.state, stopped.why) == (
            "not-met",
            "This tool is stopped for everybody at the moment.",
        )

    def test_a_stopped_model_is_a_condition_and_no_bar(self, in_force):
        person = clerk()
        open_tool(person)
        stop(Stop.Kind.MODEL, "gpt-9")
        assert seen(person).steps[1].state == "at-risk"

    def test_whoever_does_not_hold_the_prompt_is_told_that_first(self, in_force):
        stranger = UserFactory()
        assert seen(stranger).steps[1].why == "Your role does not hold this prompt with this tool."
        assert (seen(stranger).own, seen(clerk()).own) == (False, True)

    def test_a_prompt_whose_wording_was_retired_cannot_be_run(self, in_force):
        person = clerk()
        open_tool(person)
        apply(Bundle(yaml=YAML, content=CONTENT | {"sops.yaml": SOPS}, file="small.yaml"))
        assert seen(person).steps[1].why == "No wording of this prompt is approved."

    def test_a_tool_that_was_retired_with_a_carried_procedure_denies(self, in_force):
        person = clerk()
        open_tool(person)
        yaml = YAML.replace("summariser", "other_tool")
        apply(alone(yaml))
        assert SOP.objects.in_force().get().steps.get(key="sum-up").microtool.key == "summariser"
        assert seen(person).steps[1].why == "This tool is no longer in use."


def stop(kind, value):
    security = UserFactory(groups=["security"])
    control.stop(kind=kind, value=value, reason="An incident", actor=security, at=timezone.now())


@pytest.mark.pages
class TestPages:
    def test_those_of_ones_own_role_and_for_governance_all(self, client, in_force):
        page = reverse("sop", args=["answer_ticket"])
        for person, status in ((clerk(), 200), (UserFactory(groups=["legal"]), 200), (UserFactory(), 404)):
            client.force_login(person)
            assert client.get(page).status_code == status
            assert ("Answer a ticket" in client.get(reverse("sops")).content.decode()) is (status == 200)
            version = client.get(reverse("sop_version", args=[in_force.pk]))
            assert version.status_code == status

    def test_a_step_says_whether_one_may_run_it(self, client, in_force):
        person = clerk()
        client.force_login(person)
        page = client.get(reverse("sop", args=["answer_ticket"])).content.decode()
        assert "Still missing: Enrolment." in page
        open_tool(person)
        page = client.get(reverse("sop", args=["answer_ticket"])).content.decode()
        assert page.count("You can run it now") == 1
        assert "Read it <strong>all</strong>." in page
        assert "below 0.9, compare it with its source" in page
        assert "1 of 2 tool steps open to you" in client.get(reverse("sops")).content.decode()

    def test_who_only_governs_is_not_told_what_they_cannot_run(self, client, in_force):
        client.force_login(UserFactory(groups=["legal"]))
        page = client.get(reverse("sop", args=["answer_ticket"])).content.decode()
        assert "Not now" not in page
        assert "Sum up a ticket" in page

    def test_an_ended_wording_says_so_and_leads_to_the_newest(self, client, in_force):
        apply(with_sops(SOPS.replace("Ask first.", "Ask, then wait.")))
        client.force_login(clerk())
        old = client.get(reverse("sop_version", args=[in_force.pk])).content.decode()
        assert "No longer in force" in old
        assert "Still missing" not in old
        assert reverse("sop", args=["answer_ticket"]) in old
        new = client.get(reverse("sop", args=["answer_ticket"])).content.decode()
        assert "No longer in force" not in new
        assert "Still missing" in new
        assert reverse("sop_version", args=[in_force.pk]) in new

    def test_the_link_to_ask_fills_the_form(self, client, in_force):
        person = clerk()
        open_tool(person)
        client.force_login(person)
        form = client.get(seen(person).steps[2].link).content.decode()
        assert re.search(r'<option value="summariser" selected>', form)
        assert re.search(r'<option value="refund" selected>', form)

    def test_as_many_queries_for_one_procedure_as_for_six(self, client, in_force):
        person = clerk()
        open_tool(person)
        client.force_login(person)

        def count():
            with CaptureQueriesContext(
                connection,
            ) as queries:
                client.get(reverse("sops"))
            return len(queries)

        client.get(reverse("sops"))
        one = count()
        body = SOPS.partition("answer_ticket:")[2]
        apply(with_sops("".join(f"sop_{n}:{body}" for n in range(6))))
        assert count() == one


@pytest.mark.parametrize("name", ["demo_playbook.yaml", "enablement_playbook.yaml"])
def test_our_two_procedures_fit_the_playbooks_beside_them(db, name):
    found = plan(read_bundle(PLAYBOOKS / name))
    items = [change.item.name for change in found.changes if change.item.kind == "procedure"]
    assert items == ["refund_request", "ticket_triage"]
    gaps = [gap for gap in found.gaps if gap.startswith("procedure")]
    assert len(gaps) == (0 if name.startswith("demo") else 4), gaps
