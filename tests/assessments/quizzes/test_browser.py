"""The attempt page in Chromium: saves as one answers, survives a lost network, ends with the clock."""

import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect, sync_playwright

from assessments.models import Attempt
from assessments.services import attempts
from tests.assessments.quizzes.factories import make_quiz, numeric, right_answers, twenty
from tests.chromium import CHROMIUM
from tests.tracks.factories import CohortFactory, EnrolmentFactory, ModuleFactory

pytestmark = [
    pytest.mark.sqlite,  # what a script does on a page does not depend on the database
    pytest.mark.needs("chromium"),
    pytest.mark.django_db(transaction=True),
]
BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture
def learner():
    return EnrolmentFactory(cohort=CohortFactory()).user


@pytest.fixture
def attempt(learner):
    quiz = make_quiz(module=ModuleFactory(track=learner.enrolments.get().track), **twenty())
    return attempts.start(quiz=quiz, actor=learner, at=timezone.now())


@pytest.fixture
def context(client, learner, live_server, monkeypatch):
    # Playwright runs an event loop in this thread; the tests' own queries are as synchronous as ever.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    client.force_login(learner, backend=BACKEND)
    cookie = {"name": settings.SESSION_COOKIE_NAME, "value": client.session.session_key}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        context = browser.new_context(base_url=live_server.url)
        context.add_cookies([cookie | {"url": live_server.url}])
        yield context
        browser.close()


def response_at(attempt, position):
    return attempt.items.get(position=position).response


def test_an_answer_is_saved_at_once_and_again_after_a_lost_network(context, attempt):
    page = context.new_page()
    page.goto(attempt.get_absolute_url())
    right = right_answers(attempt, 2)
    status = page.locator("#save-status")

    page.check(f"[name=q-1][value='{right[1]}']")
    expect(status).to_have_text(re.compile(r"^Saved \d\d:\d\d:\d\d$"))
    assert response_at(attempt, 1) == right[1]

    context.set_offline(True)
    page.check(f"[name=q-2][value='{right[2]}']")
    expect(status).to_contain_text("Not saved yet")
    assert response_at(attempt, 2) is None

    context.set_offline(False)
    expect(status).to_have_text(re.compile(r"^Saved"), timeout=10_000)
    assert response_at(attempt, 2) == right[2]


def test_two_tabs_do_not_undo_each_other(context, attempt):
    first, second = context.new_page(), context.new_page()
    for page in (first, second):
        page.goto(attempt.get_absolute_url())
    right = right_answers(attempt, 2)

    first.check(f"[name=q-1][value='{right[1]}']")
    expect(first.locator("#save-status")).to_contain_text("Saved")
    second.check(f"[name=q-2][value='{right[2]}']")
    second.get_by_role("button", name="Save and continue").click()
    second.wait_for_url("**page=2")

    assert {position: response_at(attempt, position) for position in right} == right


def test_by_keyboard_alone(context, attempt):
    page = context.new_page()
    page.goto(attempt.get_absolute_url())

    page.locator("[name=q-1]").first.focus()
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#save-status")).to_contain_text("Saved")
    page.keyboard.press("Enter")
    page.wait_for_url("**page=2")

    assert response_at(attempt, 1) == attempt.items.get(position=1).option_order[1]


def test_what_is_answered_is_handed_in_when_the_time_ends(context, attempt):
    Attempt.objects.filter(pk=attempt.pk).update(
        started_at=timezone.now() - timedelta(minutes=39), deadline_at=timezone.now() + timedelta(seconds=8)
    )
    page = context.new_page()
    page.goto(attempt.get_absolute_url())
    expect(page.locator("[data-left]")).to_have_text("Less than a minute left")
    right = right_answers(attempt, 1)[1]
    page.check(f"[name=q-1][value='{right}']")

    page.wait_for_url("**" + reverse("attempt_result", args=[attempt.pk]), timeout=20_000)

    attempt.refresh_from_db()
    assert (attempt.state, attempt.points) == ("graded", 1)
    assert attempt.submitted_at <= attempt.deadline_at


def test_what_is_being_typed_when_the_time_ends_is_handed_in_too(context, learner):
    quiz = make_quiz(module=ModuleFactory(track=learner.enrolments.get().track), questions=(numeric(),))
    attempt = attempts.start(quiz=quiz, actor=learner, at=timezone.now())
    Attempt.objects.filter(pk=attempt.pk).update(
        started_at=timezone.now() - timedelta(minutes=39), deadline_at=timezone.now() + timedelta(seconds=5)
    )
    page = context.new_page()
    page.goto(attempt.get_absolute_url())
    page.evaluate(
        """() => setInterval(() => {
          const field = document.querySelector("[name=q-1]");
          field.value = "4.25";
          field.dispatchEvent(new Event("input", { bubbles: true }));
        }, 200)"""
    )

    page.wait_for_url("**" + reverse("attempt_result", args=[attempt.pk]), timeout=20_000)

    attempt.refresh_from_db()
    assert (attempt.state, attempt.points) == ("graded", 1)


def test_what_was_typed_offline_survives_the_browser_s_end(context, attempt):
    page = context.new_page()
    page.goto(attempt.get_absolute_url())
    right = right_answers(attempt, 2)
    context.set_offline(True)
    page.check(f"[name=q-1][value='{right[1]}']")
    page.check(f"[name=q-2][value='{right[2]}']")
    expect(page.locator("#save-status")).to_contain_text("Your answers stay in this browser")
    page.close(run_before_unload=False)
    assert response_at(attempt, 1) is None

    context.set_offline(False)
    again = context.new_page()
    again.goto(f"{attempt.get_absolute_url()}?page=review")
    expect(again.get_by_text("Answered", exact=True)).to_have_count(3)  # two questions, and the bar's label

    assert {position: response_at(attempt, position) for position in right} == right
    again.goto(attempt.get_absolute_url())
    expect(again.locator(f"[name=q-1][value='{right[1]}']")).to_be_checked()


def test_an_expired_session_is_said_and_signing_in_elsewhere_saves(context, attempt, client, learner):
    page = context.new_page()
    page.goto(attempt.get_absolute_url())
    status = page.locator("#save-status")
    right = right_answers(attempt, 1)[1]
    client.logout()

    page.check(f"[name=q-1][value='{right}']")
    expect(status).to_contain_text("you are signed out")
    assert page.locator("[type=password]").count() == 0

    client.force_login(learner, backend=BACKEND)
    base = page.evaluate("location.origin")
    context.add_cookies(
        [{"name": settings.SESSION_COOKIE_NAME, "value": client.session.session_key, "url": base}]
    )
    # As signing in does: the token that the page was made with is no longer the cookie's.
    context.add_cookies([{"name": settings.CSRF_COOKIE_NAME, "value": "n" * 32, "url": base}])
    page.evaluate("dispatchEvent(new Event('focus'))")
    expect(status).to_have_text(re.compile(r"^Saved"))
    assert response_at(attempt, 1) == right
    page.get_by_role("button", name="Save and continue").click()
    page.wait_for_url("**page=2")


def test_more_time_reaches_the_page_with_the_next_save(context, attempt):
    page = context.new_page()
    page.goto(attempt.get_absolute_url())
    expect(page.locator("[data-left]")).to_have_text("40 min left")
    Attempt.objects.filter(pk=attempt.pk).update(deadline_at=attempt.deadline_at + timedelta(minutes=20))

    page.check(f"[name=q-1][value='{right_answers(attempt, 1)[1]}']")

    expect(page.locator("[data-left]")).to_have_text("60 min left")


def test_what_never_arrived_is_said_with_the_result(context, attempt):
    page = context.new_page()
    page.goto(attempt.get_absolute_url())
    context.set_offline(True)
    page.check(f"[name=q-1][value='{right_answers(attempt, 1)[1]}']")
    expect(page.locator("#save-status")).to_contain_text("Not saved yet")
    attempts.submit(attempt=attempt, actor=attempt.user, at=timezone.now())

    context.set_offline(False)
    page.wait_for_url("**" + reverse("attempt_result", args=[attempt.pk]), timeout=20_000)

    expect(page.get_by_text("did not arrive before the end")).to_be_visible()
    expect(page.get_by_text("This attempt has been handed in. Nothing was changed.")).to_be_visible()
    page.reload()
    expect(page.get_by_text("did not arrive before the end")).to_be_hidden()
