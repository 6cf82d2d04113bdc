"""How a gate speaks of a quiz: not taken, under way, failed (and when it opens again), passed."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.template.loader import render_to_string

from assessments.services import attempts
from enablement.access.requirements.quiz import QuizParams, QuizPassed
from tests.assessments.quizzes.factories import MINUTE, NOW, make_quiz, sit
from tests.tracks.factories import EnrolmentFactory

pytestmark = pytest.mark.django_db
WANTED = QuizParams(threshold=Decimal("0.85"))


@pytest.fixture
def quiz():
    return make_quiz(cooldown_hours=24)


@pytest.fixture
def enrolment(quiz):
    return EnrolmentFactory(cohort__track=quiz.module.track)


def leaf_of(enrolment):
    found = QuizPassed().evaluate(track=enrolment.track, enrolments=[enrolment], params=WANTED, at=NOW)
    return found[enrolment.pk].as_json()


def said(enrolment):
    leaf = leaf_of(enrolment)
    return leaf["state"], leaf["word"], leaf["actual"], leaf["opens_at"]


def test_a_failed_quiz_says_so_with_its_points_and_when_it_opens_again(quiz, enrolment):
    user = enrolment.user
    assert said(enrolment) == ("not-started", "", "not taken yet", None)
    sit(quiz=quiz, user=user, right=2)
    opens_at = (NOW + MINUTE + timedelta(hours=24)).isoformat()
    assert said(enrolment) == ("not-met", "Failed", "failed with 2 of 3", opens_at)
    again = NOW + timedelta(days=2)
    attempts.start(quiz=quiz, actor=user, at=again)
    assert said(enrolment) == ("waiting", "", "2 of 3", None)


def test_a_passed_quiz_has_not_failed_whatever_came_before(quiz, enrolment):
    sit(quiz=quiz, user=enrolment.user, right=2)
    sit(quiz=quiz, user=enrolment.user, at=NOW + timedelta(days=2))
    assert said(enrolment) == ("met", "", "3 of 3", None)


def test_the_page_gives_the_moment_only_while_it_is_to_come(quiz, enrolment):
    sit(quiz=quiz, user=enrolment.user, right=2)
    leaf = leaf_of(enrolment)
    shown = {"leaves": [leaf, leaf | {"opens_at": "2999-01-01T08:00:00+00:00"}], "links": False}
    page = render_to_string("access/leaves.html", shown)
    assert page.count("Next attempt from") == 1
    assert "1 Jan 2999, 08:00 UTC" in page
    assert ">Failed<" in page
