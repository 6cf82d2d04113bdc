"""The engineer's way with JavaScript off; and a quiz by keyboard alone."""

import re

import pytest
from playwright.sync_api import Page, expect

from assessments.models import ShadowSample
from tests.e2e.answers import right_answers
from tests.e2e.conftest import SignIn
from tests.e2e.pages.following import follow
from tests.e2e.pages.labs import LabPage
from tests.e2e.pages.learning import Lesson, MyPath, Quiz, SurveyPage
from tests.e2e.pages.program import wait_until
from tests.e2e.pages.shadow import ShadowMode

pytestmark = pytest.mark.sqlite
NOTHING_UNSAVED = "Object.keys(localStorage).every((key) => !key.startsWith('attempt:'))"


def test_reading_a_lesson(sign_in: SignIn) -> None:
    engineer = sign_in("engineer20", java_script_enabled=False)
    MyPath(engineer).open().proceed()
    title = engineer.get_by_role("heading", level=1).inner_text()

    Lesson(engineer).read()

    MyPath(engineer).open()
    expect(MyPath(engineer).step(title)).to_contain_text("Met")


def test_a_quiz_is_saved_page_by_page_and_handed_in(sign_in: SignIn, records: str) -> None:
    engineer = sign_in("engineer11", java_script_enabled=False)
    engineer.get_by_role("link", name="Front-line check").first.click()
    quiz = Quiz(engineer)
    quiz.start()
    answers = right_answers(quiz.attempt, records)

    quiz.answer(1, answers[1])
    quiz.go_on("Save and continue")
    quiz.go_on("Back")
    assert quiz.answered(1) == set(answers[1])
    quiz.answer_all(answers)
    quiz.hand_in()

    expect(engineer.get_by_role("region", name="Passed: 20 of 20 points")).to_be_visible()


def test_a_lab_is_kept_as_a_draft_and_handed_in(sign_in: SignIn) -> None:
    engineer = sign_in("engineer13", java_script_enabled=False)
    engineer.get_by_role("link", name="Draw the line on ten workflows").first.click()
    lab = LabPage(engineer)
    lab.write("Your work", "Ten workflows, without a script.")
    lab.write("Link", "https://example.com/notes")
    lab.attach({"name": "notes.txt", "mimeType": "text/plain", "buffer": b"Ten workflows."})
    lab.save()
    expect(engineer.get_by_role("textbox", name="Your work")).to_have_value(
        "Ten workflows, without a script."
    )
    expect(engineer.get_by_role("link", name="notes.txt")).to_be_visible()

    lab.hand_in()

    expect(engineer.get_by_role("region", name="What you handed in")).to_contain_text("without a script")


def test_a_shadow_case_in_its_two_steps(sign_in: SignIn, records: str) -> None:
    engineer = sign_in("engineer14", java_script_enabled=False)
    engineer.get_by_role("link", name=re.compile("shadow", re.IGNORECASE)).first.click()
    case = ShadowMode(engineer).take()
    sample = ShadowSample.objects.using(records).select_related("case").get(pk=case.id)

    case.decide(sample.case.right_decision)
    case.judge(usable=sample.case.right_usable)

    expect(engineer.get_by_role("region", name="How far you are")).to_contain_text("26 of 50 cases")


def test_the_survey(sign_in: SignIn) -> None:
    engineer = sign_in("engineer8", java_script_enabled=False)
    follow(engineer.get_by_role("link", name="Readiness").first)

    SurveyPage(engineer).answer()

    expect(engineer.get_by_role("region", name="Thank you")).to_be_visible()


def test_a_quiz_by_keyboard_alone(sign_in: SignIn, records: str) -> None:
    """No pointer from here on: Tab, Space, arrows, figures and Enter."""
    engineer = sign_in("engineer3")
    engineer.get_by_role("link", name="Front-line check").first.press("Enter")
    engineer.get_by_role("button", name="Start the quiz").press("Enter")
    expect(engineer).to_have_url(re.compile("/attempts/"))
    answers = right_answers(Quiz(engineer).attempt, records)

    for position, values in sorted(answers.items()):
        if not Quiz(engineer).question(position).count():
            press_button(engineer, "Save and continue")
        answer_by_keyboard(engineer, position, values)
    press_button(engineer, "Save and check")
    press_button(engineer, "Hand in")

    expect(engineer.get_by_role("region", name="Passed: 20 of 20 points")).to_be_visible()


def answer_by_keyboard(page: Page, position: int, values: list[str]) -> None:
    tab_to(page, f"q-{position}")
    kind = page.evaluate("document.activeElement.type")
    if kind == "text":
        page.keyboard.type(values[0])
    elif kind == "radio":
        page.keyboard.press("Space")
        while focused(page)["value"] != values[0]:
            page.keyboard.press("ArrowDown")
    elif kind == "select-one":
        for _value in values:
            tab_to(page, f"q-{position}")
            while focused(page)["value"] not in values:
                page.keyboard.press("ArrowDown")
            page.keyboard.press("Tab")
    else:
        while focused(page)["name"] == f"q-{position}":
            if focused(page)["value"] in values:
                page.keyboard.press("Space")
            page.keyboard.press("Tab")


def press_button(page: Page, words: str) -> None:
    """Once every answer is saved: a page that is left with one under way asks for its successor twice."""
    wait_until(page, lambda: page.evaluate(NOTHING_UNSAVED))
    here = page.url
    tab_to(page, words)
    page.keyboard.press("Enter")
    expect(page).not_to_have_url(here)
    page.wait_for_load_state()


def tab_to(page: Page, wanted: str) -> None:
    """Forward to the field of this name, or the button with these words."""
    for _ in range(200):
        if wanted in (focused(page)["name"], focused(page)["text"]):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab never came to {wanted!r}")


def focused(page: Page) -> dict[str, str]:
    found: dict[str, str] = page.evaluate(
        "(({name, value, innerText}) => ({name: name ?? '', value: value ?? '', text: innerText.trim()}))"
        "(document.activeElement)"
    )
    return found
