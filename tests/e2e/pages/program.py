"""The program manager's pages: cohorts, readiness, reports."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import FilePayload, Locator, Page, expect

JOB_MILLISECONDS = 60_000


def wait_until(page: Page, condition: Callable[[], bool]) -> None:
    """Asks again until a job has done its part."""
    for _ in range(JOB_MILLISECONDS // 500):
        if condition():
            return
        page.wait_for_timeout(500)
    raise AssertionError(f"not so within {JOB_MILLISECONDS // 1000} s: {page.url}")


@dataclass(frozen=True)
class Cohorts:
    page: Page

    def plan(self, *, name: str, track: str) -> "Cohort":
        self.page.goto("/cohorts/")
        self.page.get_by_role("link", name="Plan a cohort").first.click()
        self.page.get_by_label("Name").fill(name)
        self.page.get_by_label("Track").select_option(label=track)
        self.page.get_by_role("button", name="Plan the cohort").click()
        expect(self.page.get_by_role("heading", name=name)).to_be_visible()
        return Cohort(self.page, name)


@dataclass(frozen=True)
class Cohort:
    page: Page
    name: str

    def enrol(self, csv: FilePayload) -> None:
        self.page.get_by_role("link", name="Enrol people").click()
        self.page.get_by_label("CSV file").set_input_files([csv])
        self.page.get_by_role("button", name="Check the file").click()
        expect(self.page.get_by_role("heading", name="Enrol these people?")).to_be_visible()
        self.page.get_by_role("button", name="Enrol").click()
        expect(self.page.get_by_role("table")).to_be_visible()

    def assign_mentor(self, *, learner: str, mentor: str) -> None:
        self.page.get_by_role("link", name=learner).click()
        self.page.get_by_label("Mentor", exact=True).select_option(label=mentor)
        self.page.get_by_role("button", name="Assign mentor").click()
        expect(self.page.get_by_role("region", name="Mentors").get_by_text(mentor).first).to_be_visible()
        self.page.get_by_role("link", name=self.name).click()

    def start(self) -> None:
        self.page.get_by_role("button", name="Start the cohort").click()
        expect(self.page.get_by_role("heading", name="Running")).to_be_visible()

    def person(self, name: str) -> Locator:
        return self.page.get_by_role("row").filter(has_text=name)


@dataclass(frozen=True)
class Reports:
    page: Page

    def make(self, cohort: str) -> None:
        """Asks for the cohort's report and watches its job to the end, which the page shows by itself."""
        self.page.goto("/reports/")
        words = re.compile(rf"Make a report\s*: {re.escape(cohort)}")
        self.page.get_by_role("button", name=words).click()
        expect(self.page.get_by_role("region", name="Done")).to_be_visible(timeout=JOB_MILLISECONDS)
        self.page.get_by_role("link", name="Open the result").click()

    def fetch(self, kind: str) -> bytes:
        """The newest report as "PDF" or "CSV"."""
        link = self.page.get_by_role("region", name="Kept reports").get_by_role("link", name=kind).first
        with self.page.expect_download() as started:
            link.click()
        return started.value.path().read_bytes()
