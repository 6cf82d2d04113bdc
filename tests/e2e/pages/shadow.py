"""Shadow mode: the learner's cases and quality assurance's, both in two blind steps."""

import re
from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect

from tests.e2e.pages.following import follow

DECISIONS = {"automate": "Automate", "review": "Review", "avoid": "Avoid", "escalate": "Escalate"}


@dataclass(frozen=True)
class Case:
    """One case, whoever looks at it: first without the tool's output, then with it."""

    page: Page

    @property
    def subject(self) -> str:
        return self.page.get_by_role("main").get_by_role("heading", level=2).first.inner_text()

    @property
    def id(self) -> str:
        """The public id in the address: of a sample, or of the case that is judged."""
        found = re.search(r"/([0-9a-f-]{36})/", self.page.url)
        assert found, self.page.url
        return found[1]

    @property
    def output(self) -> Locator:
        return self.page.get_by_role("region", name=re.compile("output", re.IGNORECASE))

    def decide(self, decision: str) -> None:
        """The blind decision; then the output is there."""
        expect(self.page.get_by_role("heading", name="Decide the case")).to_be_visible()
        expect(self.output).to_have_count(0)
        group = self.page.get_by_role("group", name="Who handles this?")
        group.get_by_role("radio", name=re.compile(f"^{DECISIONS[decision]}")).check()
        self.page.get_by_role("button", name="Record my decision").click()
        expect(self.page.get_by_role("heading", name="Judge the output")).to_be_visible()
        expect(self.output).to_be_visible()

    def judge(self, *, usable: bool) -> None:
        """The answer about the output; ends the sitting."""
        group = self.page.get_by_role("group", name="May this output be used")
        group.get_by_role("radio", name="Yes" if usable else "No").check()
        self.page.get_by_role("button", name="Record and stop here").click()
        expect(self.page.get_by_role("heading", name="Judge the output")).to_have_count(0)


@dataclass(frozen=True)
class ShadowMode:
    """The learner's page of a pool."""

    page: Page

    def take(self) -> Case:
        words = re.compile("Take the next case|Go on with the open case")
        follow(self.page.get_by_role("button", name=words))
        return Case(self.page)


@dataclass(frozen=True)
class JudgementQueue:
    page: Page

    def open(self) -> "JudgementQueue":
        self.page.goto("/judgements/")
        return self

    def take(self) -> Case:
        follow(self.page.get_by_role("link", name="Judge the next case"))
        return Case(self.page)
