"""The pages on which results are put right, as author, program manager, learner and stranger meet them."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from assessments.models import Regrade
from assessments.services import regrading
from tests.assessments.quizzes.factories import MINUTE, NOW, make_quiz, single, sit
from tests.assessments.regrading.factories import (
    correct,
    item_of,
    make_author,
    question_of,
    regrade,
    sit_with,
    with_right,
)

pytestmark = [pytest.mark.django_db, pytest.mark.pages]


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW + timedelta(days=3), tick=False):
        yield


@pytest.fixture
def wronged(cast):
    author = make_author()
    failed = sit_with(quiz=cast.quiz, user=cast.learner, given={"blocked": 1})
    sit(quiz=cast.quiz, user=cast.colleague, at=NOW + MINUTE)
    return author, failed, correct(cast.quiz, with_right(single(), 1), author)


def plan_url(question, kind="key"):
    return reverse("regrade_question", args=[question.pk, kind])


def test_an_author_reads_the_dry_run_and_decides(client, cast, wronged):
    author, failed, question = wronged
    client.force_login(author)

    page = client.get(plan_url(question))
    fingerprint = page.context["form"].initial["fingerprint"]
    assert cast.learner.name in page.content.decode()
    assert "Keeps its points" in page.content.decode()
    without = client.post(plan_url(question), {"fingerprint": fingerprint, "policy": "raise"})
    done = client.post(
        plan_url(question),
        {"fingerprint": fingerprint, "policy": "raise", "reason": "Wrong key"},
        follow=True,
    )
    stale = client.post(
        plan_url(question), {"fingerprint": fingerprint, "policy": "raise", "reason": "Again"}
    )

    assert (page.status_code, without.status_code, stale.status_code) == (200, 422, 409)
    assert done.redirect_chain[-1][0] == Regrade.objects.get().get_absolute_url()
    assert "Wrong key" in done.content.decode()
    failed.refresh_from_db()
    assert failed.passed is True


def test_where_nothing_would_change(client, cast):
    client.force_login(make_author())
    page = client.get(plan_url(question_of(cast.quiz, "edge"))).content.decode()
    assert "Nothing would change" in page


@pytest.mark.parametrize("who", ["learner", "mentor", "outsider"])
def test_only_authors_come_here(client, cast, wronged, who):
    _author, failed, question = wronged
    client.force_login(getattr(cast, who))
    position = item_of(failed, "blocked").position

    assert client.get(plan_url(question)).status_code == 403
    assert client.get(reverse("question_excuse", args=[failed.pk, position])).status_code == 404


def test_who_runs_the_cohort_excuses_in_one_attempt(client, cast, wronged):
    _author, failed, _question = wronged
    client.force_login(cast.cohort.created_by)
    url = reverse("question_excuse", args=[failed.pk, item_of(failed, "blocked").position])

    assert client.get(url).status_code == 200
    assert client.post(url, {"reason": ""}).status_code == 422
    done = client.post(url, {"reason": "The picture was missing."}, follow=True)

    assert "The picture was missing." in done.content.decode()
    failed.refresh_from_db()
    assert failed.points == 3


class TestResult:
    def page(self, client, attempt):
        return client.get(reverse("attempt_result", args=[attempt.pk])).content.decode()

    def test_says_what_was_put_right(self, client, cast, wronged):
        author, failed, question = wronged
        regrade(question, author, at=NOW + timedelta(days=2))
        client.force_login(cast.learner)

        page = self.page(client, failed)

        assert "was put right" in page
        assert "Put right: The key was wrong." in page
        assert "Not right" not in page

    def test_the_reason_waits_until_answers_are_shown(self, client, cast):
        quiz = make_quiz(module=cast.module, key="secret", feedback="never")
        attempt = sit_with(quiz=quiz, user=cast.learner, given={"blocked": 1})
        regrading.excuse_in_attempt(
            item=item_of(attempt, "blocked"), reason="REVEALING", actor=make_author(), at=NOW + MINUTE
        )
        client.force_login(cast.learner)

        page = self.page(client, attempt)

        assert "was put right" in page
        assert "REVEALING" not in page
