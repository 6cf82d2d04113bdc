"""The pages: what waits for whom, one request, asking, delegates. Everybody else finds nothing there."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.urls import reverse

from enablement.access.decisions.verdict import Call
from enablement.access.models import (
    ApprovalComment,
    ApprovalDelegation,
    ApprovalRequest,
    Prompt,
    PromptVersion,
    Ruling,
)
from enablement.access.services import approvals
from tests.access.conftest import NOW
from tests.people.factories import UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.pages]
LIST = "/approvals/"


def page(client, user, url):
    client.force_login(user)
    return client.get(url)


def send(client, user, request, door, **data):
    client.force_login(user)
    return client.post(reverse(f"approval_{door}", args=[request.pk]), data)


def url(request):
    return reverse("approval", args=[request.pk])


@pytest.fixture
def review(world, ask):
    world.profile.human_in_loop = True
    world.profile.save()
    return ask(kind="review")


def test_what_waits_for_a_manager_is_listed_by_when_it_is_due(client, world, ask):
    later, sooner = ask(at=NOW + timedelta(hours=1)), ask()
    overdue = ask(at=NOW - timedelta(days=2, hours=20))  # Friday, 13:00
    ask(at=NOW - timedelta(days=5))  # its time is over
    response = page(client, world.otto, LIST)
    assert [line.request for line in response.context["lines"]] == [overdue, sooner, later]
    assert [line.overdue for line in response.context["lines"]] == [True, False, False]
    assert b"3 requests wait for you" in response.content
    assert b"Overdue" in response.content


def test_what_one_has_asked_for_is_not_ones_to_decide(client, world, ask, review):
    ask()
    response = page(client, world.engineer, LIST)
    assert [line.request for line in response.context["lines"]] == [review]
    response = page(client, world.engineer, f"{LIST}?list=own")
    assert len(response.context["lines"]) == 2
    assert b"Operations managers" in response.content


def test_nobodys_queue_says_what_it_is_for(client, world, ask):
    ask()
    response = page(client, world.outsider, LIST)
    assert b"No request yet" in response.content
    assert page(client, world.outsider, f"{LIST}?list=waiting").context["lines"] == []
    assert b"Nothing waits for you" in page(client, world.priya, LIST).content
    assert page(client, world.outsider, f"{LIST}?list=all").context["lines"] == []


def test_who_governs_sees_all_and_decides_none(client, world, ask):
    request = ask()
    liaison = UserFactory(groups=["compliance"])
    assert len(page(client, liaison, f"{LIST}?list=all").context["lines"]) == 1
    response = page(client, liaison, url(request))
    assert response.status_code == 200
    assert b"Your decision" not in response.content
    assert send(client, liaison, request, "decide", decision="approve").status_code == 409


@pytest.mark.parametrize("requests", [1, 12])
def test_the_queue_costs_the_same_for_one_and_for_many(
    client, world, ask, requests, django_assert_max_num_queries
):
    for _each in range(requests):
        ask()
    client.force_login(world.otto)
    with django_assert_max_num_queries(28):
        assert len(client.get(LIST).context["lines"]) == requests


def test_keys_are_read_as_titles(client, world, ask, output):
    request = ask(replace(output, workflow_id="refund_credits"))
    listed = "refund_credits", "Refund credits"
    for address in (url(request), LIST):
        text = page(client, world.otto, address).content.decode()
        assert [word in text for word in listed] == [False, True]
    assert "Triage summarize" in page(client, world.otto, url(request)).content.decode()
    PromptVersion.objects.create(
        prompt=Prompt.objects.get(key="triage_summarize"),
        number=1,
        title="Sum up a ticket",
        text="…",
        changelog="New.",
        sha256="0" * 64,
        state="approved",
        proposed_at=NOW,
        approved_at=NOW,
        policy_revision=1,
    )
    text = page(client, world.otto, url(request)).content.decode()
    assert ("Sum up a ticket" in text, "triage_summarize" in text) == (True, False)


def test_the_page_says_who_what_and_why(client, world, ask):
    response = page(client, world.otto, url(ask(purpose="Order <7>")))
    text = response.content.decode()
    for part in ("Order &lt;7&gt;", "Triage", "uses what the tool wrote", "0.85", "19 characters"):
        assert part in text
    assert "The rule of this tool wants an approval" in text
    assert "Asked by asker" in text
    assert response.context["item"].input_sha256 in text


def test_a_manager_approves_and_the_asker_sees_the_number_for_the_tool(client, world, ask):
    request = ask()
    response = send(client, world.otto, request, "decide", decision="approve", comment="Fine.")
    assert response.url == url(request)
    assert ApprovalRequest.objects.get().state == "approved"
    mine = page(client, world.engineer, url(request)).content.decode()
    assert "Fine." in mine
    assert "Your tool passes this number on" in mine
    assert "Your tool passes this number on" not in page(client, world.otto, url(request)).content.decode()


def test_turning_down_without_words_is_said_on_the_page(client, world, ask):
    request = ask()
    response = send(client, world.otto, request, "decide", decision="reject", comment="")
    assert response.status_code == 422
    assert b"Say why" in response.content
    assert ApprovalRequest.objects.get().state == "pending"


def test_the_second_decision_is_refused_on_the_page(client, world, ask):
    request = ask()
    send(client, world.otto, request, "decide", decision="approve")
    response = send(client, world.dagny, request, "decide", decision="reject", comment="No.")
    assert response.status_code == 409
    assert b"settled already" in response.content


def test_ones_own_request_offers_no_decision_and_takes_none(client, world, ask):
    request = ask()
    world.engineer.role_assignments.create(role=world.managers, since=NOW)
    assert b"Your decision" not in page(client, world.engineer, url(request)).content
    response = send(client, world.engineer, request, "decide", decision="approve")
    assert response.status_code == 409
    assert b"Nobody decides on their own request" in response.content


@pytest.mark.parametrize("decision", ["", "maybe"])
def test_a_decision_that_is_none_is_refused(client, world, ask, decision):
    assert send(client, world.otto, ask(), "decide", decision=decision).status_code == 422


@pytest.mark.parametrize("door", ["decide", "confirm", "comment", "withdraw"])
def test_to_everybody_else_there_is_no_such_request(client, world, ask, door):
    request = ask()
    data = {"decision": "approve", "usable": "yes", "looked": "on", "text": "x"}
    assert page(client, world.outsider, url(request)).status_code == 404
    assert send(client, world.outsider, request, door, **data).status_code == 404
    client.logout()
    assert client.get(url(request)).status_code == 302
    assert ApprovalRequest.objects.get().state == "pending"


@pytest.mark.parametrize("door", ["decide", "confirm", "comment"])
def test_changes_are_posted(client, world, ask, door):
    assert page(client, world.otto, reverse(f"approval_{door}", args=[ask().pk])).status_code == 405


def test_the_look_has_to_be_confirmed(client, world, review):
    assert b"Look at the output in your tool" in page(client, world.engineer, url(review)).content
    response = send(client, world.engineer, review, "confirm", usable="yes")
    assert response.status_code == 422
    assert b"Look at the output first" in response.content
    assert send(client, world.engineer, review, "confirm", usable="yes", looked="on").status_code == 302
    assert ApprovalRequest.objects.get().state == "approved"
    assert b"Looked at: it may be used" in page(client, world.engineer, url(review)).content


def test_an_output_that_must_not_be_used_is_not(client, world, review):
    send(client, world.engineer, review, "confirm", usable="no", looked="on")
    assert ApprovalRequest.objects.get().state == "rejected"


def test_who_governs_does_not_look_in_somebodys_place(client, world, review):
    liaison = UserFactory(groups=["compliance"])
    response = send(client, liaison, review, "confirm", usable="yes", looked="on")
    assert response.status_code == 409
    assert ApprovalRequest.objects.get().state == "pending"


def test_a_comment_is_added_and_an_empty_one_is_not(client, world, ask):
    request = ask()
    assert send(client, world.otto, request, "comment", text=" ").status_code == 422
    assert send(client, world.otto, request, "comment", text="Which <order>?").status_code == 302
    assert ApprovalComment.objects.get().author == world.otto
    assert "Which &lt;order&gt;?" in page(client, world.engineer, url(request)).content.decode()


def test_a_request_is_withdrawn_after_a_question(client, world, ask):
    request = ask()
    question = page(client, world.engineer, reverse("approval_withdraw", args=[request.pk]))
    assert b"Withdraw this request?" in question.content
    assert page(client, world.otto, reverse("approval_withdraw", args=[request.pk])).status_code == 404
    send(client, world.engineer, request, "withdraw")
    assert ApprovalRequest.objects.get().state == "cancelled"
    assert (
        b"over already" in client.post(reverse("approval_withdraw", args=[request.pk]), follow=True).content
    )


@pytest.mark.parametrize("how", ["approved", "spent", "expired", "cancelled", "escalated", "over"])
def test_each_state_has_its_words(client, world, ask, output, how):
    request = ask()
    if how in {"approved", "spent"}:
        approvals.approve(request=request, actor=world.otto, at=NOW)
    if how == "cancelled":
        approvals.cancel(request=request, actor=world.engineer, at=NOW)
    if how == "escalated":
        ApprovalRequest.objects.update(due_at=NOW + timedelta(seconds=1))
        approvals.escalate_and_expire(at=NOW + timedelta(seconds=1))
    if how == "spent":
        ApprovalRequest.objects.update(state="spent", spent_at=NOW, spent_decision=request.pk)
    if how in {"over", "expired"}:
        ApprovalRequest.objects.update(requested_at=NOW - timedelta(days=1), expires_at=NOW, due_at=NOW)
    if how == "expired":
        approvals.escalate_and_expire(at=NOW)
    words = {
        "approved": "It counts for this one call",
        "spent": "Approved, and used",
        "expired": "Its time is over",
        "cancelled": "Withdrawn",
        "escalated": "Operations managers or Program manager",
        "over": "Its time is over",
    }
    assert words[how] in page(client, world.engineer, url(request)).content.decode()


class TestAsking:
    URL = "/approvals/ask/"

    def data(self, **changed):
        said = {"microtool": "triage_summarizer", "workflow_id": "refund_credits", "purpose": "Order 7"}
        return said | changed

    def test_a_person_asks_before_they_call_a_tool(self, client, world, decided):
        tools = page(client, world.engineer, "/tools/").content.decode()
        assert f"{self.URL}?tool=triage_summarizer" in tools
        assert page(client, world.engineer, f"{self.URL}?tool=triage_summarizer").status_code == 200
        response = client.post(self.URL, self.data(prompt="triage_summarize"))
        request = ApprovalRequest.objects.get()
        assert response.url == url(request)
        assert (request.subject, request.token, request.action) == (world.engineer, None, "invoke")
        approvals.approve(request=request, actor=world.otto, at=NOW)
        call = Call(
            subject=world.engineer.email,
            microtool="triage_summarizer",
            action="invoke",
            prompt="triage_summarize",
            workflow_id="refund_credits",
        )
        assert decided(call).verdict.outcome == "approval_required"
        assert decided(replace(call, approvals=(str(request.pk),))).verdict.decision is True

    @pytest.mark.parametrize(
        "changed",
        [
            {"purpose": ""},
            {"microtool": "other"},
            {"workflow_id": "sla_change"},
            {"prompt": "variance_brief"},
        ],
    )
    def test_what_cannot_be_asked_for_is_said_on_the_page(self, client, world, changed):
        client.force_login(world.engineer)
        response = client.post(self.URL, self.data(**changed))
        assert response.status_code == 422
        assert not ApprovalRequest.objects.exists()

    def test_a_deny_is_said_on_the_page(self, client, world):
        world.profile.rubric = {"avoid": [{"key": "refund_credits", "text": "…", "why": "…"}]}
        world.profile.save()
        client.force_login(world.engineer)
        response = client.post(self.URL, self.data())
        assert response.status_code == 422
        assert b"ruled out for the tool" in response.content

    def test_who_has_nothing_to_ask_for_is_told(self, client, world):
        assert b"Nothing to ask for" in page(client, world.outsider, self.URL).content
        assert self.URL not in page(client, world.outsider, "/tools/").content.decode()


class TestDelegate:
    URL = "/approvals/delegate/"

    def test_an_approver_names_a_delegate_and_ends_it(self, client, world):
        assert self.URL in page(client, world.otto, LIST).content.decode()
        assert b'value="2026-11-09"' in client.get(self.URL).content
        data = {"email": "CHARLIE@example.com", "first_day": "2026-11-09", "last_day": "2026-11-13"}
        assert client.post(self.URL, data).status_code == 422
        response = client.post(self.URL, data | {"email": world.deputy.email})
        assert response.status_code == 302
        delegation = ApprovalDelegation.objects.get()
        assert b"stands in for you" in client.get(self.URL).content
        assert b"You stand in for" in page(client, world.deputy, self.URL).content
        end = reverse("approval_delegate_end", args=[delegation.pk])
        assert client.post(end).status_code == 404
        client.force_login(world.otto)
        assert client.post(end).status_code == 302
        delegation.refresh_from_db()
        assert delegation.ended_at == NOW

    def test_who_decides_nothing_has_nothing_to_hand_over(self, client, world):
        client.force_login(world.outsider)
        data = {"email": world.otto.email, "first_day": "2026-11-09", "last_day": "2026-11-13"}
        assert client.post(self.URL, data).status_code == 409
        assert self.URL not in client.get(LIST).content.decode()


def test_what_is_ruled_out_is_not_offered_and_the_ruling_says_why(client, world):
    address = reverse("approval_ask")
    assert 'value="refund_credits"' in page(client, world.engineer, address).text
    ruling = Ruling.objects.create(
        role=world.profile.role,
        workflow="refund_credits",
        text="Refund credits",
        line=Ruling.Line.AVOID,
        reason="Money leaves by a person's hand.",
        policy_revision=1,
        effective_from=NOW,
    )
    shown = page(client, world.engineer, address)
    assert 'value="refund_credits"' not in shown.text
    assert shown.context["ruled_out"] == [("Refund credits", ruling)]
    assert f'<a href="{ruling.get_absolute_url()}">Refund credits</a>' in shown.text
    assert "Money leaves by a person&#x27;s hand." in shown.text
    answer = client.post(address, {"microtool": "triage_summarizer", "workflow_id": "refund_credits"})
    assert answer.status_code == 422
    assert not ApprovalRequest.objects.exists()
    assert page(client, world.engineer, LIST).context["may_ask"] is False
