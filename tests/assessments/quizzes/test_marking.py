"""Answers in words: they wait for a mentor's marks, and so does the result."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse

from assessments.models import Attempt, ItemMark
from assessments.selectors import quiz_results
from assessments.services import attempts
from enablement.ledger.models import LedgerEntry
from tests.assessments.quizzes.factories import MINUTE, NOW, decision, make_quiz, single
from tests.people.factories import UserFactory
from tests.tracks.factories import EnrolmentFactory, MentorshipFactory
from tracks.errors import Refused
from tracks.models import ComponentCompletion

WORDS = {"decision": "deny", "justification": "The policy allows one refund a case. CANARY-WORDS"}
BEST = {"policy": 3, "risk": 1}


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def quiz(cast):
    return make_quiz(
        module=cast.module,
        questions=(single(), decision()),
        shuffle_questions=False,
        threshold=Decimal("0.9"),
    )


def hand_in(cast, quiz, words=WORDS, *, at=NOW):
    attempt = attempts.start(quiz=quiz, actor=cast.learner, at=at)
    item = attempt.items.get(position=1)
    right = next(iter(item.question_version.right_keys))
    attempts.save(attempt=attempt, answers={1: right, 2: words}, actor=cast.learner, at=at)
    return attempts.submit(attempt=attempt, actor=cast.learner, at=at + MINUTE)


def mark(cast, attempt, marks=BEST, *, actor=None, at=NOW + 5 * MINUTE):
    return attempts.mark(
        attempt=attempt, marks={2: marks}, comments={2: " Well put. "}, actor=actor or cast.mentor, at=at
    )


class TestWaiting:
    def test_there_is_no_result_before_the_marks(self, cast, quiz):
        attempt = hand_in(cast, quiz)

        assert (attempt.state, attempt.submitted_at) == ("waiting", NOW + MINUTE)
        assert (attempt.points, attempt.passed) == (None, None)
        assert dict(attempt.items.values_list("position", "points")) == {1: 1, 2: None}
        assert not ComponentCompletion.objects.exists()
        result = quiz_results(user_ids=[cast.learner.pk], quizzes=[quiz])[cast.learner.pk, quiz.pk]
        assert (result.attempt_id, result.in_progress, result.waiting) == (None, False, True)

    @pytest.mark.parametrize("words", [None, {"decision": "deny", "justification": ""}])
    def test_without_a_justification_nobody_has_to_mark(self, cast, quiz, words):
        attempt = hand_in(cast, quiz, words)

        assert (attempt.state, attempt.points) == ("graded", Decimal("1.5") if words else 1)

    def test_a_lapsed_one_waits_too_and_stays_lapsed(self, cast, quiz):
        attempt = attempts.start(quiz=quiz, actor=cast.learner, at=NOW)
        attempts.save(attempt=attempt, answers={2: WORDS}, actor=cast.learner, at=NOW)
        attempts.lapse_overdue(at=NOW + 41 * MINUTE)
        attempt.refresh_from_db()
        assert (attempt.state, attempt.timed_out, attempt.submitted_at) == (
            "waiting",
            True,
            attempt.deadline_at,
        )

        assert mark(cast, attempt, at=NOW + 60 * MINUTE).state == "lapsed"

    def test_the_next_attempt_waits_as_well(self, cast, quiz):
        attempt = hand_in(cast, quiz)
        later = NOW + timedelta(days=3)

        with pytest.raises(Refused) as caught:
            attempts.start(quiz=quiz, actor=cast.learner, at=later)
        assert caught.value.code == "waits_for_marks"
        mark(cast, attempt)
        assert attempts.start(quiz=quiz, actor=cast.learner, at=later).number == 2


class TestMarks:
    def test_make_the_result_and_the_proof(self, cast, quiz):
        attempt = mark(cast, hand_in(cast, quiz))

        assert (attempt.state, attempt.points, attempt.passed) == ("graded", 2, True)
        assert ComponentCompletion.objects.get().achieved_at == NOW + 5 * MINUTE
        given = ItemMark.objects.get()
        assert (given.marks, given.points, given.comment, given.marker) == (BEST, 1, "Well put.", cast.mentor)
        entry = LedgerEntry.objects.get(kind="assessments.attempt_graded")
        assert entry.actor_id == cast.mentor.pk
        assert json.loads(entry.payload)["marked"] == {"2": "1.0000"}
        assert "CANARY" not in str(entry.payload)

    def test_are_exact(self, cast, quiz):
        """Half for the decision and 1 of 4 of the other half: 0.625 of the mark."""
        attempt = mark(cast, hand_in(cast, quiz), {"policy": 1, "risk": 0})

        assert (attempt.points, attempt.passed) == (Decimal("1.625"), False)

    def test_twice_is_once(self, cast, quiz):
        attempt = hand_in(cast, quiz)
        mark(cast, attempt)
        again = mark(cast, attempt, {"policy": 0, "risk": 0})

        assert (again.points, ItemMark.objects.count()) == (2, 1)
        second = MentorshipFactory(enrolment=cast.enrolment).mentor
        with pytest.raises(Refused) as caught:
            mark(cast, attempt, actor=second)
        assert caught.value.code == "marked"

    @pytest.mark.parametrize("who", ["colleague", "outsider", "nobody"])
    def test_are_a_mentor_s(self, cast, quiz, who):
        with pytest.raises(Refused) as caught:
            mark(cast, hand_in(cast, quiz), actor=getattr(cast, who))
        assert caught.value.code == "not_mentor"

    def test_are_never_one_s_own(self, cast, quiz):
        attempt = hand_in(cast, quiz)
        with pytest.raises(Refused) as caught:
            mark(cast, attempt, actor=cast.learner)
        assert caught.value.code == "own_work"
        mark(cast, attempt)
        with pytest.raises(IntegrityError, match="item_mark_not_ones_own"), transaction.atomic():
            ItemMark.objects.update(marker=cast.learner)

    @pytest.mark.parametrize("marks", [{}, {"policy": 3}, {"policy": 2, "risk": 1}, BEST | {"other": 1}])
    def test_are_levels_of_the_rubric_all_of_them(self, cast, quiz, marks):
        attempt = hand_in(cast, quiz)
        with pytest.raises(ValidationError):
            mark(cast, attempt, marks)
        attempt.refresh_from_db()
        assert attempt.state == "waiting"


@pytest.mark.pages
class TestPages:
    @pytest.fixture
    def mentor(self, client, cast):
        user = UserFactory(perms=["assessments.review_labs"])
        MentorshipFactory(enrolment=cast.enrolment, mentor=user)
        client.force_login(user)
        return user

    def test_a_mentor_marks_from_the_queue(self, client, cast, quiz, mentor):
        attempt = hand_in(cast, quiz)
        url = reverse("attempt_marking", args=[attempt.pk])

        assert url in client.get(reverse("review_queue")).content.decode()
        page = client.get(url).content.decode()
        assert "CANARY-WORDS" in page
        assert "Names the clause." in page
        missing = client.post(url, {"mark-2-policy": "3", "comment-2": "Good."})
        assert missing.status_code == 422
        assert "Choose a level" in missing.content.decode()
        done = client.post(url, {"mark-2-policy": "3", "mark-2-risk": "1", "comment-2": "Good."})
        assert done.url == reverse("review_queue")
        assert url not in client.get(reverse("review_queue")).content.decode()
        assert client.get(url).status_code == 302
        attempt.refresh_from_db()
        assert attempt.passed

    def test_is_not_found_by_others(self, client, cast, quiz):
        attempt = hand_in(cast, quiz)
        url = reverse("attempt_marking", args=[attempt.pk])
        stranger = UserFactory(perms=["assessments.review_labs"])
        MentorshipFactory(enrolment=EnrolmentFactory(), mentor=stranger)

        for user, status in ((cast.learner, 403), (cast.colleague, 403), (stranger, 404)):
            client.force_login(user)
            assert client.get(url).status_code == status
            assert client.post(url, {"mark-2-policy": "3"}).status_code == status
        assert Attempt.objects.get().state == "waiting"

    def test_a_mentor_who_learns_does_not_find_their_own(self, client, cast, quiz):
        attempt = hand_in(cast, quiz)
        learner = UserFactory(perms=["assessments.review_labs"])
        Attempt.objects.filter(pk=attempt.pk).update(user=learner)
        MentorshipFactory(enrolment=cast.enrolment, mentor=learner)
        client.force_login(learner)

        assert client.get(reverse("attempt_marking", args=[attempt.pk])).status_code == 404

    def test_the_learner_waits_and_then_reads_the_marks(self, client, cast, quiz):
        attempt = hand_in(cast, quiz)
        client.force_login(cast.learner)
        result = reverse("attempt_result", args=[attempt.pk])

        before = client.get(result).content.decode()
        assert "Your answers wait for a mentor" in before
        assert "EXPLAINED" not in before
        assert "Waits for marks" in client.get(quiz.get_absolute_url()).content.decode()
        mark(cast, attempt, {"policy": 1, "risk": 1})
        after = client.get(result).content.decode()
        assert "Well put." in after
        assert f"Marked by {cast.mentor.name}" in after
        assert "Names the policy" in after
