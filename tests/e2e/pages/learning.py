"""What a learner reads and answers: path, lessons, quiz, survey."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect

from tests.e2e.pages.following import follow


@dataclass(frozen=True)
class MyPath:
    page: Page

    def open(self) -> "MyPath":
        self.page.goto("/path/")
        return self

    @property
    def verdict(self) -> Locator:
        """What is next, in words."""
        return self.page.get_by_role("main").get_by_role("region").first

    def step(self, title: str) -> Locator:
        link = self.page.get_by_role("link", name=title, exact=True)
        return self.page.get_by_role("listitem").filter(has=link)

    def proceed(self) -> None:
        follow(self.page.get_by_role("link", name="Continue"))


@dataclass(frozen=True)
class Lesson:
    page: Page

    @property
    def is_open(self) -> bool:
        return self.page.get_by_role("button", name="Mark as read and continue").is_visible()

    def read(self) -> None:
        """Marks it as read; the next one, or the module, opens."""
        follow(self.page.get_by_role("button", name="Mark as read and continue"))


@dataclass(frozen=True)
class Quiz:
    """An attempt; an answer is a list of what its inputs send: options' values, or the one text."""

    page: Page

    def start(self) -> None:
        follow(self.page.get_by_role("button", name="Start the quiz"))
        expect(self.page).to_have_url(re.compile("/attempts/"))

    @property
    def attempt(self) -> str:
        """The attempt's public id."""
        found = re.search(r"/attempts/([0-9a-f-]+)/", self.page.url)
        assert found, self.page.url
        return found[1]

    def question(self, position: int) -> Locator:
        return self.page.locator(f"#id_q-{position}_group")

    def answer(self, position: int, values: Sequence[str]) -> None:
        question = self.question(position)
        written = question.get_by_role("textbox")
        if written.count():
            written.fill(values[0])
            return
        if question.locator("select").count():
            for value in values:
                question.locator(f"select:has(option[value='{value}'])").select_option(value)
            return
        for value in values:
            question.locator(f"input[value='{value}']").check()

    def answered(self, position: int) -> set[str]:
        """What is chosen or written, as the page shows it."""
        question = self.question(position)
        written = question.get_by_role("textbox")
        if written.count():
            return {written.input_value()}
        chosen = question.locator("input:checked, select")
        return set(chosen.evaluate_all("found => found.map(one => one.value)"))

    def answer_all(self, answers: Mapping[int, Sequence[str]]) -> None:
        """Page by page to the last check."""
        for position, values in sorted(answers.items()):
            if not self.question(position).count():
                self.go_on("Save and continue")
            self.answer(position, values)
        self.go_on("Save and check")

    def go_on(self, button: str) -> None:
        follow(self.page.get_by_role("button", name=button))

    def hand_in(self) -> None:
        self.page.get_by_role("button", name="Hand in").click()
        expect(self.page.get_by_role("heading", name="Your result")).to_be_visible()


@dataclass(frozen=True)
class SurveyPage:
    page: Page

    def answer(self) -> None:
        """The first choice of every group, a word in every field, then hand in."""
        form = self.page.get_by_role("main").locator("form")
        for group in form.get_by_role("group").all():
            group.get_by_role("radio").first.check()
        for field in form.get_by_role("spinbutton").all():
            field.fill("2")
        for field in form.get_by_role("textbox").all():
            field.fill("2")
        self.page.get_by_role("button", name="Hand in").click()
