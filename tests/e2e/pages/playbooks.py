"""The author's pages."""

from dataclasses import dataclass

from playwright.sync_api import FilePayload, Locator, Page, expect


@dataclass(frozen=True)
class Playbooks:
    page: Page

    def upload(self, file: FilePayload) -> "Plan":
        self.page.goto("/playbooks/")
        self.page.get_by_role("link", name="Upload a playbook").click()
        self.page.get_by_label("Playbook", exact=True).set_input_files([file])
        self.page.get_by_role("button", name="Check it").click()
        return Plan(self.page)


@dataclass(frozen=True)
class Plan:
    page: Page

    @property
    def effects(self) -> Locator:
        """Who gains and who loses access."""
        return self.page.get_by_role("region", name="Who gains or loses access")

    @property
    def changes(self) -> Locator:
        return self.page.get_by_role("region", name="What changes")

    def apply(self, note: str) -> None:
        self.page.get_by_role("textbox", name="Note").fill(note)
        self.page.get_by_role("button", name="Apply").click()
        expect(self.page.get_by_text("is in force.")).to_be_visible()

    def propose(self, note: str) -> str:
        """The proposal's address."""
        self.page.get_by_role("textbox", name="Why it should change").fill(note)
        self.page.get_by_role("button", name="Propose").click()
        expect(self.page.get_by_role("heading", name="Proposed change of the playbook")).to_be_visible()
        return self.page.url


@dataclass(frozen=True)
class GateEditor:
    """The gate of a track as a tree; parts are named by their places, "" for the gate itself."""

    page: Page

    def add(self, place: str, what: str) -> "GateEditor":
        self.page.locator(f'[id="add-{place}"]').select_option(label=what)
        self.page.locator(f'button[value="add:{place}"]').click()
        return self

    def try_out(self) -> "GateEditor":
        self.page.get_by_role("button", name="See who gains or loses").click()
        expect(self.page.get_by_role("heading", name="What it would change")).to_be_visible()
        return self


@dataclass(frozen=True)
class Proposal:
    """What one of those who approve does with a proposed playbook."""

    page: Page

    def approve(self, address: str, comment: str) -> None:
        self.page.goto(address)
        self.page.get_by_role("textbox", name="Comment").first.fill(comment)
        self.page.get_by_role("button", name="Approve").click()
        expect(self.page.get_by_role("button", name="Approve")).to_have_count(0)
