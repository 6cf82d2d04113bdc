"""The prompt library: from files and back, proposed and approved by two people, read by its users."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from enablement.access.models import Grant, Microtool, Prompt, PromptVersion, Ruling
from enablement.access.prompt_texts import PromptSpec
from enablement.access.services import prompts
from enablement.ledger.models import LedgerEntry
from enablement.playbook import services
from enablement.playbook.bundle import Bundle
from enablement.playbook.errors import SourceErrors
from tests.people.factories import UserFactory
from tests.playbook.conftest import NOW, PLAYBOOKS
from tests.playbook.first import first_in_force
from tests.playbook.small import CONTENT, ROLES, YAML, alone, bundle
from tests.tracks.factories import RoleAssignmentFactory
from tracks.errors import Refused
from tracks.models import Role

PROMPTS = """\
# The words that clerks use.
summarise:
  title: "Sum up a ticket"
  owner: clerk
  changelog: "First version"
  variables:
    ticket: "The whole thread"
  text: |
    Sum up the ticket.

    {{ ticket }}
"""
SPEC = PromptSpec(
    title="Sum up", text="Say what is open in {{ ticket }}.", variables={"ticket": "The thread"}
)


def with_prompts(text=PROMPTS, **files):
    return Bundle(yaml=YAML, content=CONTENT | {"prompts.yaml": text} | files, file="small.yaml")


def apply(given):
    return services.put_in_force(bundle=given, base_number=services.current_number(), actor=None, at=NOW)


@pytest.fixture
def in_force(db):
    first_in_force(with_prompts())
    return Prompt.objects.get()


@pytest.fixture
def author(db):
    return UserFactory(groups=["authors"])


@pytest.fixture
def other(db):
    return UserFactory(groups=["compliance"])


def write(prompt, author, **changed):
    values = {"spec": SPEC, "changelog": "Shorter", "propose": True} | changed
    return prompts.write(prompt=prompt, actor=author, at=NOW, **values)


def live():
    return PromptVersion.objects.approved().get()


class TestFiles:
    def test_what_the_file_says_is_approved_by_its_revision(self, in_force):
        version = live()
        assert (version.number, version.title, version.policy_revision) == (1, "Sum up a ticket", 1)
        assert (version.variables, version.owner_role.key) == ({"ticket": "The whole thread"}, "clerk")
        assert version.text == "Sum up the ticket.\n\n{{ ticket }}"
        assert LedgerEntry.objects.filter(kind="access.prompt_approved").count() == 1

    def test_applied_again_it_is_no_change_and_other_words_are_the_next_version(self, in_force):
        assert apply(with_prompts()).new is False
        found = apply(with_prompts(PROMPTS.replace("Sum up the ticket.", "Sum up.")))
        [change] = [change for change in found.plan.changes if change.item.kind == "prompt"]
        assert change.details == ("text: reworded", "- Sum up the ticket.", "+ Sum up.")
        assert [(each.number, each.state) for each in PromptVersion.objects.all()] == [
            (2, "approved"),
            (1, "retired"),
        ]

    def test_a_playbook_alone_keeps_them_and_content_without_them_retires_them(self, in_force):
        apply(alone(YAML.replace("version: 1.0", "version: 1.1")))
        assert live().number == 1
        apply(bundle())
        assert not PromptVersion.objects.approved().exists()

    @pytest.mark.parametrize(
        ("old", "new", "place"),
        [
            ("{{ ticket }}", "{{ thread }}", (11, 5, "{{ thread }} is not among the variables")),
            ("Sum up the ticket.", "Sum {{ UP }}.", (9, 9, "{{ UP }} is not a name: small letters, digits")),
            ("    {{ ticket }}\n", "", (7, 5, "the variable ticket does not occur in the text")),
            ("owner: clerk", "owner: baker", (4, 10, "the playbook has no role baker")),
            ("  title:", "  name:", (3, 3, 'unknown key "name"')),
        ],
    )
    def test_a_fault_is_shown_at_its_place(self, db, old, new, place):
        with pytest.raises(SourceErrors) as caught:
            apply(with_prompts(PROMPTS.replace(old, new)))
        line, column, message = place
        assert any(
            (error.line, error.column) == (line, column) and error.message.startswith(message)
            for error in caught.value.errors
        ), caught.value.errors

    def test_a_prompt_that_no_role_holds_is_left_out(self, db):
        found = apply(with_prompts(PROMPTS.replace("summarise:", "sing:")))
        assert "content/prompts.yaml: no role of the playbook holds the prompt sing" in found.plan.notes
        assert not PromptVersion.objects.exists()

    def test_the_demos_prompts_are_sound_and_all_there(self, db):
        services.apply_file(path=PLAYBOOKS / "demo_playbook.yaml", actor=None, at=NOW)
        assert (
            PromptVersion.objects.approved().count() == Prompt.objects.filter(retired_at=None).count() == 10
        )

    def test_what_was_approved_in_the_browser_is_exported(self, in_force, author, other):
        bundle_before = exported()
        assert bundle_before.content["prompts.yaml"] == PROMPTS
        prompts.approve(version=write(in_force, author), actor=other, at=NOW)
        text = exported().content["prompts.yaml"]
        assert text.startswith("# The words that clerks use.\n")
        assert "Say what is open in {{ ticket }}." in text
        found = services.plan(bundle=exported(), at=NOW)
        assert [str(change.item) for change in found.changes] == ["document"]
        apply(alone(YAML.replace("version: 1.0", "version: 1.1")))
        assert live().title == "Sum up"

    def test_a_plan_says_what_it_would_undo(self, in_force, author, other):
        prompts.approve(version=write(in_force, author), actor=other, at=NOW)
        [warning] = services.plan(bundle=with_prompts(), at=NOW).warnings
        assert warning.startswith(f"prompt summarise: version 2, approved in the browser by {other}")

    def test_one_retired_in_the_browser_leaves_the_file(self, in_force, author):
        prompts.retire(version=live(), actor=author, at=NOW)
        assert "summarise" not in exported().content["prompts.yaml"]


def exported():
    return services.export(at=NOW)


class TestApproving:
    def test_another_person_approves(self, in_force, author, other):
        made = write(in_force, author)
        with pytest.raises(Refused) as refused:
            prompts.approve(version=made, actor=author, at=NOW)
        assert refused.value.code == "own_proposal"
        prompts.approve(version=made, actor=other, at=NOW)
        assert (live().pk, live().approved_by) == (made.pk, other)
        with pytest.raises(Refused) as refused:
            prompts.approve(version=made, actor=other, at=NOW)
        assert refused.value.code == "not_proposed"

    def test_a_draft_is_its_authors_until_it_is_proposed(self, in_force, author, other):
        draft = write(in_force, author, propose=False)
        assert draft not in PromptVersion.objects.visible_to(other)
        assert draft in PromptVersion.objects.visible_to(author)
        with pytest.raises(Refused):
            prompts.approve(version=draft, actor=other, at=NOW)
        with pytest.raises(Refused):
            prompts.propose(version=draft, actor=other, at=NOW)
        assert prompts.propose(version=draft, actor=author, at=NOW).state == "proposed"

    def test_nobody_without_the_right(self, in_force, author):
        made, nobody = write(in_force, author), UserFactory()
        for step in (prompts.approve, prompts.retire, prompts.propose):
            with pytest.raises(PermissionDenied):
                step(version=made, actor=nobody, at=NOW)
        with pytest.raises(PermissionDenied):
            write(in_force, nobody)

    def test_what_is_unsound_or_the_same_is_refused(self, in_force, author):
        with pytest.raises(ValidationError):
            write(in_force, author, spec=PromptSpec(title="x", text="{{ a }}", variables={}))
        with pytest.raises(Refused) as refused:
            write(in_force, author, spec=live().spec)
        assert refused.value.code == "no_change"
        made = prompts.retire(version=write(in_force, author), actor=author, at=NOW)
        with pytest.raises(Refused) as refused:
            prompts.retire(version=made, actor=author, at=NOW)
        assert refused.value.code == "retired"

    @pytest.mark.parametrize("column", ["approved_by", "state"])
    def test_the_database_refuses_too(self, in_force, author, column):
        made = write(in_force, author)
        values = {"approved_by": author} if column == "approved_by" else {"state": "approved"}
        with pytest.raises(IntegrityError), transaction.atomic():
            PromptVersion.objects.filter(pk=made.pk).update(**values)


@given(st.text(alphabet="{}ab \n_1", max_size=30))
def test_a_sound_text_names_its_variables_and_no_others(text):
    spec = PromptSpec(title="x", text=text, variables={"a": "x"})
    faults = list(spec.faults())
    lines = text.split("\n")
    for _message, line, column in faults:
        assert line == 0 or lines[line - 1][column - 1 : column + 1] == "{{"
    assert bool(faults) or "{{" in text


@pytest.mark.pages
class TestPages:
    @pytest.fixture
    def clerk(self, in_force):
        return RoleAssignmentFactory(role=Role.objects.get(key="clerk")).user

    def open_tool(self, user):
        Grant.objects.create(
            user=user,
            microtool=Microtool.objects.get(),
            state="granted",
            since=NOW,
            policy_revision=1,
            leaves=[{"met": True}],
        )

    def test_its_users_copy_it_once_the_tool_is_open(self, client, clerk):
        client.force_login(clerk)
        page = reverse("prompt", args=["summarise"])
        assert "Locked" in client.get(reverse("prompts")).text
        assert "Sum up the ticket." not in client.get(page).text
        self.open_tool(clerk)
        assert "Ready to copy" in client.get(reverse("prompts")).text
        shown = client.get(page)
        assert 'data-copy="Sum up the ticket.' in shown.text
        assert shown.context["usage"] is None
        assert client.get(reverse("prompt_write", args=["summarise"])).status_code == 403
        assert client.get(reverse("prompt_version", args=[live().pk])).status_code == 403

    def test_one_that_is_ruled_avoid_is_not_ready_and_is_not_offered(self, client, clerk):
        self.open_tool(clerk)
        client.force_login(clerk)
        ask = reverse("approval_ask")
        assert 'value="summarise"' in client.get(ask).text
        line = "  automate:\n    - {key: summaries"
        assert line in ROLES
        avoided = ROLES.replace(line, "  avoid:\n    - {key: summaries").replace(
            "  avoid:\n    - {key: refunds", "    - {key: refunds"
        )
        apply(with_prompts(**{"roles.yaml": avoided}))
        ruling = Ruling.objects.in_force().get(prompt="summarise")
        page = client.get(reverse("prompts")).text
        assert ("Ruled “avoid”" in page, "Ready to copy" in page) == (True, False)
        page = client.get(reverse("prompt", args=["summarise"])).text
        assert "every call with it is denied" in page
        assert f'href="{ruling.get_absolute_url()}"' in page
        assert 'value="summarise"' not in client.get(ask).text

    def test_others_do_not_find_it(self, client, in_force):
        client.force_login(UserFactory())
        assert "No prompt belongs to your role yet" in client.get(reverse("prompts")).text
        assert client.get(reverse("prompt", args=["summarise"])).status_code == 404

    def test_proposing_and_approving(self, client, in_force, author, other):
        client.force_login(author)
        page = reverse("prompt_write", args=["summarise"])
        data = {
            "title": "Sum up",
            "text": "Say it: {{ ticket }}",
            "variables": "ticket: the thread",
            "changelog": "New",
        }
        refused = client.post(page, data | {"text": "Say\nit: {{ it }}"})
        assert refused.status_code == 422
        assert "Line 2, column 5: {{ it }} is not among the variables." in refused.text
        assert client.post(page, data | {"variables": "ticket"}).status_code == 422
        made = client.post(page, data).url
        assert "another person approves it" in client.get(made).text
        approve = f"{made}approve/"
        assert client.get(approve).status_code == 405
        client.post(approve)
        assert live().number == 1
        client.force_login(other)
        assert "Sum up" in client.get(reverse("prompts")).text
        client.post(approve)
        assert live().number == 2
        client.post(f"{made}retire/")
        assert not PromptVersion.objects.approved().exists()
        assert client.post(f"{made}sing/").status_code == 404

    @pytest.mark.parametrize("who", ["clerk", "author"])
    def test_queries_do_not_grow_with_prompts(self, request, client, in_force, who):
        client.force_login(request.getfixturevalue(who))

        def cost():
            client.get(reverse("prompts"))
            with CaptureQueriesContext(connection) as queries:
                client.get(reverse("prompts"))
            return len(queries)

        small = cost()
        many = [f"more_{n}" for n in range(12)]
        names = ", ".join(f'"{name}"' for name in ["summarise", *many])
        text = "".join(PROMPTS.replace("summarise:", f"{name}:") for name in many)
        apply(
            Bundle(
                yaml=YAML.replace('["summarise"]', f"[{names}]"),
                content=CONTENT | {"prompts.yaml": PROMPTS + text},
            )
        )
        assert len(client.get(reverse("prompts")).context["shelf"]) == 13
        assert cost() == small
