"""How prompts are used: real decisions, found by the index of the decision log."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from enablement.access import prompt_usage
from enablement.access.decisions.verdict import Call
from enablement.access.models import DecisionRecord, Grant, Microtool, Prompt
from enablement.access.services import decision_log
from enablement.access.services.decisions import Caller, decide_call
from enablement.ledger import services as ledger
from tests.people.factories import UserFactory
from tests.playbook.conftest import NOW
from tests.playbook.first import first_in_force
from tests.playbook.test_prompts import with_prompts
from tests.tracks.factories import RoleAssignmentFactory
from tracks.models import Role


@pytest.fixture
def prompt(db):
    first_in_force(with_prompts())
    return Prompt.objects.get()


def clerk(*, may=True, **dates):
    person = UserFactory()
    RoleAssignmentFactory(user=person, role=Role.objects.get(key="clerk"), **dates)
    if may:
        tool = Microtool.objects.get()
        Grant.objects.create(
            user=person,
            microtool=tool,
            state=Grant.State.GRANTED,
            since=NOW,
            policy_revision=1,
            leaves=[{"met": True}],
        )
    return person


def ask(person, *, at, prompt="summarise", **said):
    call = Call(
        subject=str(person.pk),
        microtool="summariser",
        region="eu-west-1",
        prompt=prompt,
        **{"action": "invoke"} | said,
    )
    return decide_call(call=call, caller=Caller(label="tests"), at=at).verdict.outcome


def indexed(at):
    ledger.link(at=at)
    decision_log.project()


def test_calls_people_outcomes_and_the_last_use_of_thirty_days(prompt):
    now = timezone.now()
    one, other, shut = clerk(), clerk(), clerk(may=False)
    day = timedelta(days=1)
    assert ask(one, at=now - 3 * day) == "allow"
    assert (
        ask(one, at=now - 2 * day, action="apply", confidence=Decimal("0.95"), text="The refund is sent.")
        == "review_required"
    )
    assert ask(other, at=now - day, workflow_id="refund") == "approval_required"
    assert ask(shut, at=now - day / 2) == "deny"
    assert ask(one, at=now - 31 * day) == "allow"
    assert ask(one, at=now, prompt=None) == "allow"
    indexed(now)
    found = prompt_usage.of_prompt(prompt, at=now)
    assert found.total == prompt_usage.Usage(
        calls=4, people=3, allowed=1, denied=1, approvals=1, looks=1, last_used=now - 3 * day
    )
    assert prompt_usage.by_prompt(["summarise", "sing"], at=now) == {"summarise": found.total}
    assert [(part.title, part.usage) for part in found.tools] == [("Summariser", found.total)]
    assert [(part.title, part.usage) for part in found.roles] == [("Clerks", found.total)]


def test_a_role_counts_for_whoever_held_it_within_these_days(prompt):
    now = timezone.now()
    month = timedelta(days=30)
    moved = clerk(since=now - 3 * month, ended_at=now - timedelta(days=2))
    left = clerk(since=now - 3 * month, ended_at=now - 2 * month)
    ask(moved, at=now - timedelta(days=3))
    ask(left, at=now - timedelta(days=3))
    indexed(now)
    found = prompt_usage.of_prompt(prompt, at=now)
    assert [(part.title, part.usage.calls) for part in found.roles] == [
        ("Clerks", 1),
        ("Nobody of these roles", 1),
    ]
    assert (found.total.calls, found.total.people) == (2, 2)


def test_without_a_call_there_is_no_figure(client, prompt):
    author = UserFactory(groups=["authors"])
    client.force_login(author)
    assert prompt_usage.of_prompt(prompt, at=timezone.now()) is None
    assert "No tool has asked about it." in client.get(reverse("prompt", args=["summarise"])).text
    assert "No call in 30 days" in client.get(reverse("prompts")).text
    now = timezone.now()
    ask(clerk(), at=now)
    indexed(now)
    assert "1 call in 30 days, 1 person" in " ".join(client.get(reverse("prompts")).text.split())
    page = client.get(reverse("prompt", args=["summarise"]))
    assert page.context["usage"].total.calls == 1


def test_whoever_only_runs_prompts_reads_no_figures(client, prompt):
    person = clerk()
    now = timezone.now()
    ask(person, at=now)
    indexed(now)
    client.force_login(person)
    assert "1 call" not in client.get(reverse("prompts")).text
    assert 'id="usage"' not in client.get(reverse("prompt", args=["summarise"])).text


def test_a_callers_words_neither_break_the_index_nor_count_elsewhere(prompt):
    now = timezone.now()
    ask(clerk(), at=now, prompt="summarise" * 20)
    ask(clerk(), at=now, prompt="Summarise")
    indexed(now)
    assert prompt_usage.of_prompt(prompt, at=now) is None
    assert max(map(len, DecisionRecord.objects.values_list("prompt", flat=True))) == 100


def test_as_many_queries_for_one_call_as_for_many_people(client, prompt):
    client.force_login(UserFactory(groups=["authors"]))
    now = timezone.now()

    def cost(people):
        for _each in range(people):
            ask(clerk(), at=now)
        indexed(now)
        counts = []
        for page in (reverse("prompts"), reverse("prompt", args=["summarise"])):
            with CaptureQueriesContext(connection) as queries:
                client.get(page)
            counts.append(len(queries))
        return counts

    client.get(reverse("prompts"))
    assert cost(1) == cost(5)
