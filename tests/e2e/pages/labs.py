"""A lab from both sides: the learner's page, and the mentor's queue and review."""

import re
from dataclasses import dataclass

from playwright.sync_api import FilePayload, Locator, Page, expect

from tests.e2e.pages.following import follow


@dataclass(frozen=True)
class LabPage:
    page: Page

    def write(self, field: str, words: str) -> None:
        self.page.get_by_role("textbox", name=field).fill(words)

    def write_and_see_it_saved(self, field: str, words: str) -> None:
        """With JavaScript a field is saved as one leaves it."""
        with self.page.expect_response("**/save/"):
            self.write(field, words)
            self.page.get_by_role("textbox", name=field).blur()

    def attach(self, file: FilePayload) -> None:
        self.page.get_by_label(re.compile("^Files")).set_input_files([file])

    def save(self) -> None:
        self.page.get_by_role("button", name="Save the draft").click()
        expect(self.page.get_by_text("Draft saved.")).to_be_visible()

    def hand_in(self) -> None:
        self.page.get_by_role("button", name="Hand in").click()
        expect(self.verdict("With your mentor")).to_be_visible()

    def verdict(self, words: str) -> Locator:
        return self.page.get_by_role("region", name=words)


@dataclass(frozen=True)
class ReviewQueue:
    page: Page

    def open(self) -> "ReviewQueue":
        self.page.goto("/reviews/")
        return self

    def waiting(self, learner: str) -> Locator:
        rows = self.page.get_by_role("list", name="Waiting for a review")
        return rows.get_by_role("listitem").filter(has_text=learner)

    def take(self, learner: str) -> "Review":
        follow(self.waiting(learner).get_by_role("link"))
        return Review(self.page)


@dataclass(frozen=True)
class Review:
    page: Page

    @property
    def evidence(self) -> Locator:
        return self.page.get_by_role("region", name="Evidence")

    def keep(self) -> None:
        self.page.get_by_role("button", name="Keep it for me").click()
        expect(self.page.get_by_role("button", name="Give it back to the queue")).to_be_visible()

    def mark_best(self) -> None:
        """The highest level of every criterion."""
        for criterion in self.page.get_by_role("region", name="Rubric").get_by_role("group").all():
            criterion.get_by_role("radio").last.check()

    def sign_off(self, comment: str) -> None:
        self.page.get_by_role("textbox", name="Comment").fill(comment)
        self.page.get_by_role("button", name="Sign off").click()
        expect(self.page.get_by_role("heading", name="Review queue")).to_be_visible()


@dataclass(frozen=True)
class Round:
    """One round as it was handed in, with its sign-off."""

    page: Page

    def withdraw(self, reason: str) -> None:
        self.page.get_by_role("link", name="Withdraw the sign-off").click()
        self.page.get_by_role("textbox", name="Reason").fill(reason)
        self.page.get_by_role("button", name="Withdraw the sign-off").click()
        expect(self.page.get_by_text("The sign-off was withdrawn")).to_be_visible()
