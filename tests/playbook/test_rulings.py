"""The decision ledger: made by applying, superseded by changes, proposed on a page, read by everybody."""

import difflib
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from enablement.access.models import Grant, Microtool, RoleProfile, Ruling, RulingModule
from enablement.access.services.rulings import clear_flag
from enablement.ledger.models import LedgerEntry
from enablement.playbook import services
from enablement.playbook.bundle import Bundle
from enablement.playbook.content.role_edits import with_activity
from enablement.playbook.errors import SourceErrors
from enablement.playbook.models import PlaybookDraft
from enablement.playbook.services.proposing import propose_ruling
from tests.people.factories import UserFactory
from tests.playbook.conftest import NOW, PLAYBOOKS
from tests.playbook.first import first_in_force
from tests.playbook.small import CONTENT, ROLES, YAML, alone, bundle, changed
from tests.tracks.factories import RoleAssignmentFactory
from tracks.errors import Refused
from tracks.models import Role

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(days=1)
TAUGHT = 'why: "It moves money.", taught_in: [clerk_t1/first-steps]}'


def with_roles(text):
    return Bundle(yaml=YAML, content=CONTENT | {"roles.yaml": text})


def apply(given, *, at=NOW, actor=None):
    return services.put_in_force(bundle=given, base_number=services.current_number(), actor=actor, at=at)


@pytest.fixture
def in_force():
    first_in_force(with_roles(ROLES.replace('why: "It moves money."}', TAUGHT)))


def refunds():
    return Ruling.objects.in_force().get(workflow="refunds")


def test_the_rubrics_lines_are_the_first_rulings(in_force):
    made = {ruling.workflow: ruling for ruling in Ruling.objects.all()}
    assert set(made) == {"summaries", "refunds"}
    summaries = made["summaries"]
    assert (summaries.line, summaries.prompt, str(summaries.confidence_threshold)) == (
        "automate",
        "summarise",
        "0.820",
    )
    assert (summaries.approvers, summaries.policy_revision, summaries.changed_at) == (
        ["manager_approve"],
        1,
        None,
    )
    assert [link.module.key for link in made["refunds"].taught_in.all()] == ["first-steps"]
    assert not RulingModule.objects.flagged().exists()
    assert LedgerEntry.objects.filter(kind="access.ruling_made").count() == 2


def test_what_says_the_same_is_not_ruled_on_again(in_force):
    before = set(Ruling.objects.values_list("pk", flat=True))
    apply(with_roles(ROLES.replace('why: "It moves money."}', TAUGHT).replace("Clerks", "Clerical staff")))
    assert set(Ruling.objects.values_list("pk", flat=True)) == before


def test_a_changed_line_supersedes_and_flags_its_modules(in_force):
    old, actor = refunds(), UserFactory(groups=["authors"])
    moved = ROLES.replace('why: "It moves money."}', TAUGHT).replace("  avoid:\n", "  yellow_zone:\n")
    apply(with_roles(moved), at=LATER, actor=actor)
    old.refresh_from_db()
    new = refunds()
    assert (old.effective_until, new.supersedes, new.line, new.made_by) == (LATER, old, "yellow_zone", actor)
    assert new.changed_at == LATER
    [link] = RulingModule.objects.flagged()
    assert (link.ruling, link.module.key, link.flagged_at) == (new, "first-steps", LATER)
    entry = LedgerEntry.objects.get(kind="access.ruling_made", subject_id=str(new.pk))
    assert str(old.pk) in entry.payload


def test_a_tools_new_threshold_is_a_new_ruling(in_force):
    text = changed("confidence_threshold: 0.82", "confidence_threshold: 0.85")
    rubric = ROLES.replace('why: "It moves money."}', TAUGHT)
    apply(Bundle(yaml=text, content=CONTENT | {"roles.yaml": rubric}), at=LATER)
    assert Ruling.objects.filter(workflow="summaries").count() == 2
    assert str(Ruling.objects.in_force().get(workflow="summaries").confidence_threshold) == "0.850"
    assert Ruling.objects.filter(workflow="refunds").count() == 1


def test_a_line_that_goes_ends_and_flags(in_force):
    old = refunds()
    apply(with_roles(ROLES.split("  avoid:")[0]), at=LATER)
    old.refresh_from_db()
    assert (old.effective_until, old.changed_at) == (LATER, LATER)
    assert [link.ruling for link in RulingModule.objects.flagged()] == [old]
    assert LedgerEntry.objects.filter(kind="access.ruling_ended", subject_id=str(old.pk)).exists()
    apply(with_roles(ROLES), at=LATER)
    assert refunds().supersedes is None


def test_a_plan_makes_no_ruling():
    services.plan(bundle=bundle(), at=NOW)
    assert not Ruling.objects.exists()


def test_one_ruling_an_activity_is_in_force(in_force):
    old = refunds()
    with pytest.raises(IntegrityError), transaction.atomic():
        Ruling.objects.create(
            role=old.role,
            workflow="refunds",
            line="automate",
            text="x",
            reason="y",
            policy_revision=2,
            effective_from=NOW,
        )


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        (ROLES.replace("key: refunds", "key: summaries"), 'the activity "summaries" is there twice', 7),
        (
            ROLES.replace('why: "It moves money."}', TAUGHT.replace("first-steps", "last-steps")),
            'the playbook has no module "clerk_t1/last-steps"',
            7,
        ),
    ],
)
def test_a_wrong_rubric_says_where(text, message, line):
    with pytest.raises(SourceErrors) as caught:
        apply(with_roles(text))
    assert [(error.message, error.line) for error in caught.value.errors] == [(message, line)]


def test_the_queries_of_an_apply_do_not_grow_with_its_rulings():
    def cost(count):
        lines = "".join(f'    - {{key: more-{n}, text: "More {n}.", why: "So."}}\n' for n in range(count))
        given = with_roles(ROLES + lines)
        with CaptureQueriesContext(connection) as queries:
            apply(given)
        return sum("access_ruling" in query["sql"] for query in queries)

    apply(bundle())
    assert cost(2) == cost(20)


class TestFlags:
    @pytest.fixture
    def link(self, in_force):
        text = ROLES.replace('why: "It moves money."}', TAUGHT).replace("Grant a refund.", "Give money back.")
        apply(with_roles(text), at=LATER)
        return RulingModule.objects.flagged().get()

    @pytest.mark.parametrize("group", ["authors", "compliance"])
    def test_an_author_or_compliance_notes_that_the_module_fits(self, client, link, group):
        client.force_login(UserFactory(groups=[group]))
        page = reverse("ruling_flag_clear", args=[link.pk])
        assert page in client.get(reverse("ruling_flags")).text
        assert client.post(page, {"reason": " "}).status_code == 422
        assert client.post(page, {"reason": "Lesson 2 says so"}).url == reverse("ruling_flags")
        assert client.get(page).status_code == 404
        assert "Lesson 2 says so" in client.get(link.ruling.get_absolute_url()).text
        assert LedgerEntry.objects.filter(kind="access.ruling_module_confirmed").count() == 1

    def test_whoever_reads_all_rulings_reads_the_list_and_nobody_else_answers(self, client, link):
        page = reverse("ruling_flag_clear", args=[link.pk])
        client.force_login(UserFactory(groups=["legal"]))
        shown = client.get(reverse("ruling_flags")).text
        assert link.module.title in shown
        assert page not in shown
        assert reverse("ruling_flags") in client.get(reverse("rulings")).text
        assert client.post(page, {"reason": "Fine"}).status_code == 403
        client.force_login(UserFactory(groups=["sponsors"]))
        assert client.get(reverse("ruling_flags")).status_code == 403
        with pytest.raises(PermissionDenied):
            clear_flag(link=link, note="Fine", actor=UserFactory(), at=LATER)

    def test_a_second_note_is_refused(self, link):
        actor = UserFactory(groups=["authors"])
        clear_flag(link=link, note="Fine", actor=actor, at=LATER)
        with pytest.raises(Refused) as refused:
            clear_flag(link=link, note="Fine", actor=actor, at=LATER)
        assert refused.value.code == "cleared"


@pytest.mark.pages
class TestPages:
    def test_people_read_the_rulings_of_their_own_roles(self, client, in_force):
        clerk = RoleAssignmentFactory(role=Role.objects.get(key="clerk")).user
        client.force_login(clerk)
        shown = client.get(reverse("rulings")).text
        assert "Grant a refund." in shown
        assert "It moves money." in shown
        assert "Propose" not in shown
        page = client.get(refunds().get_absolute_url())
        assert (page.status_code, page.context["holders"]) == (200, None)
        client.force_login(UserFactory())
        assert "Nothing is ruled on yet" in client.get(reverse("rulings")).text
        assert client.get(reverse("rulings_of", args=["clerk"])).status_code == 404
        assert client.get(refunds().get_absolute_url()).status_code == 404

    def test_a_change_shows_to_holders_and_to_compliance(self, client, in_force):
        clerk = RoleAssignmentFactory(role=Role.objects.get(key="clerk")).user
        Grant.objects.create(
            user=clerk,
            microtool=Microtool.objects.get(),
            state="granted",
            since=NOW,
            policy_revision=1,
            leaves=[{"met": True}],
        )
        client.force_login(clerk)
        assert "has changed" not in client.get(reverse("my_tools")).text
        text = ROLES.replace('why: "It moves money."}', TAUGHT).replace("Grant a refund.", "Give money back.")
        apply(with_roles(text), at=timezone.now())
        assert "Give money back." in client.get(reverse("my_tools")).text
        client.force_login(UserFactory(groups=["compliance"]))
        assert [*client.get(refunds().get_absolute_url()).context["holders"]] == [clerk]

    def test_queries_do_not_grow_with_rulings(self, client, in_force):
        client.force_login(UserFactory(groups=["compliance"]))

        def cost():
            client.get(reverse("rulings"))
            with CaptureQueriesContext(connection) as queries:
                client.get(reverse("rulings"))
            return len(queries)

        small = cost()
        lines = "".join(f'    - {{key: more-{n}, text: "More {n}.", why: "So."}}\n' for n in range(20))
        apply(with_roles(ROLES + lines), at=LATER)
        assert cost() == small


class TestProposing:
    def test_a_proposal_is_a_draft_with_that_line_changed(self, client, in_force):
        client.force_login(UserFactory(groups=["compliance"]))
        page = reverse("ruling_propose", args=[refunds().pk])
        data = {
            "line": "yellow_zone",
            "text": "Prepare a refund.",
            "why": "A person sends it.",
            "reason": "Asked for by the floor",
            "taught_in": ["clerk_t1/first-steps"],
        }
        assert client.post(page, data | {"reason": ""}).status_code == 422
        assert client.post(page, data).url == refunds().get_absolute_url()
        assert refunds().line == "avoid"
        author = UserFactory(groups=["authors"])
        client.force_login(author)
        draft = PlaybookDraft.objects.get()
        shown = client.get(draft.get_absolute_url()).text
        assert "Asked for by the floor" in shown
        assert "Propose this plan" in shown
        services.put_in_force(bundle=draft.bundle, base_number=1, actor=author, at=LATER)
        new = refunds()
        assert (new.line, new.text, new.supersedes.line) == ("yellow_zone", "Prepare a refund.", "avoid")
        assert LedgerEntry.objects.filter(kind="playbook.ruling_proposed").count() == 1

    def test_another_activity(self, client, in_force):
        client.force_login(UserFactory(groups=["authors"]))
        page = reverse("ruling_add", args=["clerk"])
        data = {"key": "sorting", "line": "automate", "text": "Sort.", "why": "Dull.", "reason": "Saves time"}
        client.post(page, data)
        text = PlaybookDraft.objects.get().content["roles.yaml"]
        assert "sorting" in text
        assert client.get(reverse("ruling_add", args=["nobody"])).status_code == 404

    def test_the_same_again_is_refused(self, in_force):
        old = refunds()
        activity = {
            "key": "refunds",
            "text": old.text,
            "why": old.reason,
            "prompt": "",
            "taught_in": ["clerk_t1/first-steps"],
        }
        actor = UserFactory(groups=["compliance"])
        with pytest.raises(Refused) as refused:
            propose_ruling(
                role="clerk", line="avoid", activity=activity, reason="Again", actor=actor, at=LATER
            )
        assert refused.value.code == "no_change"
        with pytest.raises(PermissionDenied):
            propose_ruling(
                role="clerk", line="avoid", activity=activity, reason="", actor=UserFactory(), at=NOW
            )

    def test_only_authors_and_compliance(self, client, in_force):
        client.force_login(UserFactory(groups=["security"]))
        assert client.get(reverse("ruling_propose", args=[refunds().pk])).status_code == 403

    def test_a_role_without_a_rubric_has_none_to_change(self):
        apply(alone())
        with pytest.raises(Refused) as refused:
            propose_ruling(
                role="clerk",
                line="avoid",
                activity={"key": "x", "text": "X.", "why": "Y."},
                reason="",
                actor=UserFactory(groups=["authors"]),
                at=NOW,
            )
        assert refused.value.code == "no_rubric"


def test_only_what_is_proposed_changes_in_the_file():
    before = (PLAYBOOKS / "content" / "roles.yaml").read_text()
    activity = {
        "key": "credits-and-refunds",
        "text": "Grant a credit.",
        "why": "It moves money.",
        "taught_in": ["frontline_ops_t1/automate-vs-avoid-101"],
    }
    after = with_activity(before, role="frontline_ops", line="avoid", activity=activity)
    lines = list(difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0))[2:]
    assert [line for line in lines if not line.startswith("@@")] == [
        '-      text: "Grant a credit or a refund."',
        '-      why: "It moves money. The front line requests it; another person approves it."',
        '+      text: "Grant a credit."',
        '+      why: "It moves money."',
    ]


def test_the_bare_seed_rules_on_nothing(bare):
    services.apply_file(path=bare, actor=None, at=NOW)
    assert RoleProfile.objects.exists()
    assert not Ruling.objects.exists()
