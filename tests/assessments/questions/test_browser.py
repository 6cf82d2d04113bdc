"""Chromium: matching and ordering by keyboard, and the preview that follows an author's typing."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect, sync_playwright

from assessments.services import attempts
from assessments.services.grading import right_response
from tests.assessments.questions.factories import matching, ordering
from tests.assessments.quizzes.factories import make_quiz
from tests.chromium import CHROMIUM
from tests.people.factories import UserFactory
from tests.tracks.factories import CohortFactory, EnrolmentFactory, ModuleFactory

pytestmark = [
    pytest.mark.sqlite,  # what a script does on a page does not depend on the database
    pytest.mark.needs("chromium"),
    pytest.mark.django_db(transaction=True),
]
BACKEND = "django.contrib.auth.backends.ModelBackend"
SAVED = re.compile(r"^Saved \d\d:\d\d:\d\d$")


@pytest.fixture
def page_for(client, live_server, monkeypatch):
    # Playwright runs an event loop in this thread; the tests' own queries are as synchronous as ever.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)

        def page(user):
            client.force_login(user, backend=BACKEND)
            context = browser.new_context(base_url=live_server.url)
            cookie = {"name": settings.SESSION_COOKIE_NAME, "value": client.session.session_key}
            context.add_cookies([cookie | {"url": live_server.url}])
            return context.new_page()

        yield page
        browser.close()


def test_steps_are_moved_by_buttons_and_pairs_chosen_and_both_are_saved(page_for):
    learner = EnrolmentFactory(cohort=CohortFactory()).user
    module = ModuleFactory(track=learner.enrolments.get().track)
    quiz = make_quiz(module=module, questions=(ordering(), matching()), shuffle_questions=False)
    attempt = attempts.start(quiz=quiz, actor=learner, at=timezone.now())
    items = {item.question_version.kind: item for item in attempt.items.select_related("question_version")}
    page = page_for(learner)
    page.goto(attempt.get_absolute_url())
    group = page.locator(f"#id_q-{items['ordering'].position}_group")
    shown = group.locator("label").all_inner_texts()

    button = group.get_by_role("button", name=f"Move down: {shown[0]}")
    button.press("Enter")
    expect(page.locator("#save-status")).to_have_text(SAVED)
    expect(group.locator("label")).to_have_text([shown[1], shown[0], *shown[2:]])
    expect(button).to_be_focused()
    expect(group.get_by_role("status")).to_have_text(f"{shown[0]}: now at position 2")
    item = items["ordering"]
    item.refresh_from_db()
    assert sorted(item.response.values()) == [1, 2, 3, 4]
    texts = {step["key"]: step["text"] for step in item.question_version.details["steps"]}
    order = sorted(item.response, key=item.response.get)
    assert [texts[key] for key in order] == [shown[1], shown[0], *shown[2:]]

    # A position that is chosen by hand is taken from whoever had it, who gets the one left free; the one that
    # the arrow key passes is nobody's loss.
    chosen = group.locator("select").nth(0)
    for key in ("ArrowDown", "ArrowDown", "Tab"):
        chosen.press(key)
    expect(page.locator("#save-status")).to_have_text(SAVED)
    assert group.locator("select").evaluate_all("all => all.map(one => one.selectedIndex)") == [3, 2, 1, 4]

    item = items["matching"]
    for left, right in right_response(item.question_version).items():
        page.select_option(f"#id_q-{item.position}-{left}", f"{left}:{right}")
    expect(page.locator("#save-status")).to_have_text(SAVED)
    page.get_by_role("button", name="Save and check").click()
    page.wait_for_url(re.compile("page=review"))
    page.wait_for_load_state("networkidle")  # what the page before could not send any more is sent by now
    item.refresh_from_db()
    assert item.response == right_response(item.question_version)
    page.goto(attempt.get_absolute_url())
    assert not Axe().run(page).response["violations"]


def test_the_preview_follows_the_author(page_for):
    quiz = make_quiz()
    page = page_for(UserFactory(perms=["assessments.author_questions"]))
    page.goto(reverse("question_new", args=[quiz.bank.pk, "ordering"]))

    page.get_by_role("textbox", name="Prompt").fill("What comes *first*?")
    page.get_by_role("textbox", name="Steps in the right order").fill("read\nwrite\nsend")
    asked = page.get_by_role("region", name="As it is asked")
    expect(asked.get_by_role("group", name="What comes first?")).to_be_visible()
    expect(asked.get_by_role("button", name="Move up: send")).to_be_visible()
    assert not Axe().run(page).response["violations"]
