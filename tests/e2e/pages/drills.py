"""A drill of exception cases, one at a time."""

from dataclasses import dataclass

from playwright.sync_api import Page, expect

DECISIONS = {"approve": "Approve", "deny": "Deny", "escalate": "Escalate"}


@dataclass(frozen=True)
class DrillCase:
    page: Page

    def decide(self, decision: str, why: str) -> None:
        """Records the decision; its feedback opens."""
        self.page.get_by_role("radio", name=DECISIONS[decision]).check()
        self.page.get_by_role("textbox", name="Why").fill(why)
        self.page.get_by_role("button", name="Record my decision").click()
        expect(self.page.get_by_role("region", name="Why")).to_be_visible()

    def go_on(self) -> None:
        self.page.get_by_role("link", name="Next case").click()
        expect(self.page.get_by_role("heading", name="Decide the exception")).to_be_visible()
