"""Governance while people work: approvals, the governed tool itself, kill switches."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import NAMES, SignIn
from tests.e2e.gateway import TOOL, Gateway
from tests.e2e.pages.governing import Approvals, Stops, Suspensions
from tests.e2e.pages.labs import ReviewQueue
from tests.e2e.pages.program import wait_until
from tests.e2e.stacks import Stack

TITLE = "Triage summariser"
OUTPUT = {"confidence": 0.86, "text": "The parcel has been on its way since Monday."}
REFUND = {"workflow_id": "refund_credits"}


def test_an_approval_is_asked_for_and_given_in_the_browser_and_spent_once(
    sign_in: SignIn, gateway: Gateway
) -> None:
    engineer = sign_in("engineer1")
    assert gateway.ask("engineer1", **REFUND)["context"]["outcome"] == "approval_required"
    Approvals(engineer).ask(
        tool=TITLE, task="refund_credits", prompt="triage_summarize", purpose="A parcel that never came."
    )
    approval = engineer.url.rstrip("/").rpartition("/")[2]
    assert not gateway.ask("engineer1", **REFUND, approval=approval)["decision"]

    manager = sign_in("opsmanager")
    manager.goto(engineer.url)
    Approvals(manager).approve("Once.")

    elsewhere = gateway.ask("engineer1", workflow_id="policy_override", approval=approval)
    assert (elsewhere["decision"], elsewhere["context"]["outcome"]) == (False, "approval_required")
    assert gateway.ask("engineer1", **REFUND, approval=approval)["decision"]
    again = gateway.ask("engineer1", **REFUND, approval=approval)
    assert (again["decision"], again["context"]["reason"]) == (False, "approval_spent")


def test_an_output_is_applied_once_after_a_managers_yes_and_ones_own_look(
    sign_in: SignIn, gateway: Gateway
) -> None:
    needed = gateway.ask("engineer1", "apply", **OUTPUT)["context"]["required"]
    assert {each["type"] for each in needed} == {"approval", "review"}
    approval = gateway.request("engineer1", "apply", "approval", **OUTPUT)
    review = gateway.request("engineer1", "apply", "review", **OUTPUT)
    both = [approval["id"], review["id"]]

    manager = sign_in("dutymanager")
    manager.goto(approval["links"]["human"])
    Approvals(manager).approve("It says what the ticket says.")
    assert not gateway.ask("engineer1", "apply", **OUTPUT, approval=both)["decision"]
    Approvals(sign_in("engineer1")).look(review["links"]["human"])

    changed = OUTPUT | {"text": "The parcel is lost."}
    assert not gateway.ask("engineer1", "apply", **changed, approval=both)["decision"]
    assert gateway.ask("engineer1", "apply", **OUTPUT, approval=both)["decision"]
    assert not gateway.ask("engineer1", "apply", **OUTPUT, approval=both)["decision"]


@pytest.mark.sqlite
def test_the_governed_tool_is_locked_until_the_lab_is_signed_off(sign_in: SignIn, stack: Stack) -> None:
    """The tool is a server of its own: the same browser, so the same cookies."""
    engineer = sign_in("engineer2")
    locked = engineer.request.get(stack.tool, headers={"Accept": "text/html"})
    assert locked.status == 403
    assert "Labs signed off" in locked.text()

    mentor = sign_in("mentor2")
    review = ReviewQueue(mentor).open().take(NAMES["engineer2"])
    review.mark_best()
    review.sign_off("Sound.")

    engineer.goto(stack.tool)
    engineer.get_by_label("Ticket").fill("My parcel is late. Where is it? I ordered it on Monday.")
    engineer.get_by_role("button", name="Summarise").click()
    expect(engineer.get_by_role("heading", name="Summary")).to_be_visible()


def test_a_stop_denies_the_very_next_call_until_somebody_else_ends_it(
    sign_in: SignIn, gateway: Gateway
) -> None:
    assert gateway.allows("engineer1")
    compliance, security = sign_in("compliance"), sign_in("security")
    reason = "Drafts of other customers appear."
    Stops(compliance).open().stop(kind="Tool", value=TOOL, title=TITLE, reason=reason)

    denied = gateway.ask("engineer1")

    assert (denied["decision"], denied["context"]["reason"]) == (False, "microtool_stopped")
    look_up(compliance)
    Stops(security).open().end(TITLE, reason="It was the cache; cleared.")
    assert gateway.allows("engineer1")


def test_a_rework_spike_closes_the_tool_for_one_person_and_somebody_gives_it_back(
    sign_in: SignIn, gateway: Gateway
) -> None:
    answer = gateway.ask("engineer1")
    for _each in range(60):
        if answer["decision"]:
            gateway.report(answer["context"]["id"], "reworked")
            answer = gateway.ask("engineer1")
    assert answer["context"]["reason"] == "grant_suspended"

    engineer = sign_in("engineer1")
    engineer.goto("/tools/")
    expect(engineer.get_by_text("were reworked or overturned").first).to_be_visible()
    compliance = sign_in("compliance")
    Suspensions(compliance).look_at(NAMES["engineer1"], TITLE).lift("The knowledge base was out of date.")
    assert gateway.allows("engineer1")
    engineer.reload()
    expect(engineer.get_by_text("were reworked or overturned")).to_have_count(0)


def look_up(page: Page) -> None:
    """The decision log shows it as soon as its job has come by."""
    row = page.get_by_role("row").filter(has_text=NAMES["engineer1"]).filter(has_text="stopped")

    def is_there() -> bool:
        page.goto("/access/log/")
        return row.count() > 0

    wait_until(page, is_there)
    row.first.get_by_role("link").first.click()
    expect(page.get_by_text(NAMES["engineer1"]).first).to_be_visible()
