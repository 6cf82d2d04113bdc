"""Who changes access by hand, and who answers requests for an approval."""

import re
from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect


@dataclass(frozen=True)
class Stops:
    """The kill switches."""

    page: Page

    def open(self) -> "Stops":
        self.page.goto("/access/stops/")
        return self

    @property
    def live(self) -> Locator:
        return self.page.get_by_role("region", name="Stopped now")

    def stop(self, *, kind: str, value: str, title: str, reason: str) -> None:
        """`value`: a tool's key, or what a gateway sends for a model or region; `title`: what people say."""
        kinds = {"Tool": "microtool", "Region": "region", "Model": "model"}
        self.page.get_by_label("What to stop").select_option(f"{kinds[kind]}:{value}")
        self.page.get_by_role("textbox", name="Reason").fill(reason)
        self.page.get_by_role("button", name="Stop it now").click()
        expect(self.live).to_contain_text(title)

    def end(self, title: str, *, reason: str) -> None:
        self.live.get_by_role("link", name=f"End {title}").click()
        self.page.get_by_role("textbox", name="Reason").fill(reason)
        self.page.get_by_role("button", name="End the stop").click()
        expect(self.live).not_to_contain_text(title)


@dataclass(frozen=True)
class Suspensions:
    """What is closed for one person."""

    page: Page

    def look_at(self, person: str, tool: str) -> "Suspensions":
        self.page.goto("/access/suspensions/")
        self.page.get_by_role("link", name=f"{person}: {tool}").click()
        return self

    def lift(self, reason: str) -> None:
        self.page.get_by_role("link", name="Lift the suspension").click()
        self.page.get_by_role("textbox", name="Reason").fill(reason)
        self.page.get_by_role("button", name="Lift the suspension").click()
        expect(self.page.get_by_text("decides about")).to_be_visible()


@dataclass(frozen=True)
class Approvals:
    page: Page

    def ask(self, *, tool: str, task: str, prompt: str, purpose: str) -> None:
        """`task` and `prompt`: keys."""
        self.page.goto("/approvals/ask/")
        self.page.get_by_label("Tool").select_option(label=tool)
        self.page.get_by_label("Task").select_option(task)
        self.page.get_by_label("Prompt").select_option(prompt)
        self.page.get_by_role("textbox", name="What for").fill(purpose)
        self.page.get_by_role("button", name="Ask", exact=True).click()
        expect(self.page.get_by_role("heading", name=tool)).to_be_visible()

    def approve(self, comment: str) -> None:
        self.page.get_by_role("textbox", name="Comment").first.fill(comment)
        self.page.get_by_role("button", name="Approve").click()
        expect(self.page.get_by_role("button", name="Approve")).to_have_count(0)

    def look(self, address: str) -> None:
        """One's own look at an output."""
        self.page.goto(address)
        self.page.get_by_role("checkbox", name=re.compile("^I have read")).check()
        self.page.get_by_role("button", name="It may be used").click()
        expect(self.page.get_by_role("button", name="It may be used")).to_have_count(0)
