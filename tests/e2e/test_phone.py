"""What people do on a phone: nothing has to be scrolled sideways, nothing is out of reach."""

import pytest
from playwright.sync_api import Page, expect

from assessments.models import AttemptItem, CaseDecision
from tests.e2e.answers import right_answers
from tests.e2e.conftest import SignIn
from tests.e2e.pages.drills import DrillCase
from tests.e2e.pages.learning import Quiz
from tests.e2e.stacks import Stack

pytestmark = pytest.mark.sqlite
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
#: Draws until a question to match and one to put in order are among them; prints the attempt.
START = """
from itertools import count
from random import Random
from django.db import transaction
from django.utils import timezone
from assessments.models import Quiz
from assessments.services import attempts
from enablement.people.models import User
learner = User.objects.get(email="engineer17@demo.example")
quiz = Quiz.objects.live().get(module__track__key="frontline_ops_t1")
for seed in count():
    with transaction.atomic():
        attempt = attempts.start(quiz=quiz, actor=learner, at=timezone.now(), rng=Random(seed))
        kinds = set(attempt.items.values_list("question_version__kind", flat=True))
        if {"matching", "ordering"} <= kinds:
            break
        transaction.set_rollback(True)
print(attempt.get_absolute_url())
"""


def test_a_quiz_with_matching_and_ordering(sign_in: SignIn, stack: Stack, records: str) -> None:
    address = stack.checked("shell", "--verbosity=0", "-c", START).strip()
    engineer = sign_in("engineer17", **PHONE)
    engineer.goto(address)
    quiz = Quiz(engineer)
    answers = right_answers(quiz.attempt, records)
    kinds = AttemptItem.objects.using(records).filter(attempt=quiz.attempt)
    assert {"matching", "ordering"} <= set(kinds.values_list("question_version__kind", flat=True))

    for position, values in sorted(answers.items()):
        if not quiz.question(position).count():
            quiz.go_on("Save and continue")
            fits(engineer)
        quiz.answer(position, values)
    quiz.go_on("Save and check")
    fits(engineer)
    quiz.hand_in()

    expect(engineer.get_by_role("region", name="Passed: 20 of 20 points")).to_be_visible()
    fits(engineer)


def test_a_case_of_a_drill(sign_in: SignIn, records: str) -> None:
    manager = sign_in("opsmanager", **PHONE)
    take_case(manager, records)
    fits(manager)


def test_a_case_of_a_drill_without_javascript(sign_in: SignIn, records: str) -> None:
    take_case(sign_in("opsmanager", java_script_enabled=False), records)


def take_case(manager: Page, using: str) -> None:
    """Goes on with the drill that is under way: a wrong decision, what is right, the next case."""
    undecided = CaseDecision.objects.using(using).filter(
        drill__enrolment__user__email="opsmanager@demo.example", drill__finished_at=None, decision=""
    )
    case = undecided.select_related("drill", "scenario").order_by("position")[0]
    wrong = "approve" if case.scenario.right_decision != "approve" else "deny"
    manager.goto(case.drill.get_absolute_url())
    drill = DrillCase(manager)
    expect(manager.get_by_role("heading", name=case.scenario.title)).to_be_visible()

    drill.decide(wrong, "The policy names no such case, so it goes the way it always went.")

    expect(manager.get_by_role("region", name="You decided")).to_be_visible()
    assert undecided.filter(pk=case.pk).count() == 0
    drill.go_on()


def fits(page: Page) -> None:
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth"), page.url
