"""What a quiz may ask for: fixed questions, order, a window, pages, extra time, when answers show."""

import json
import random
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from assessments.models import Attempt, Quiz, TimeAllowance
from assessments.rules import shows_answers
from assessments.services import attempts
from assessments.specs import SectionSpec
from enablement.ledger.models import LedgerEntry
from tests.assessments.quizzes.factories import (
    MINUTE,
    NOW,
    SECOND,
    make_quiz,
    quiz_spec,
    right_answers,
    single,
    sit,
)
from tests.people.factories import UserFactory
from tracks.errors import Refused

FIVE = tuple(single(f"q{number}") for number in range(5))
CLOSES = NOW + 30 * MINUTE


def asked(attempt):
    return list(attempt.items.order_by("position").values_list("question_version__question__key", flat=True))


def start(cast, quiz, *, at=NOW, rng=attempts.RANDOM):
    return attempts.start(quiz=quiz, actor=cast.learner, at=at, rng=rng)


def code(step, *args, **kwargs):
    """Of the refusal."""
    with pytest.raises(Refused) as caught:
        step(*args, **kwargs)
    return caught.value.code


class TestSections:
    sections = (
        SectionSpec(title="Always", questions=("q3", "q1")),
        SectionSpec(title="Some", tag="limits", draw=1, questions=("q0",)),
    )

    def test_fixed_questions_are_always_asked_and_never_drawn_besides(self, cast):
        quiz = make_quiz(module=cast.module, questions=FIVE, sections=self.sections)

        for seed in range(12):
            with transaction.atomic():
                keys = asked(start(cast, quiz, rng=random.Random(seed)))
                transaction.set_rollback(True)
            assert set(keys[:2]) == {"q1", "q3"}
            assert "q0" in keys[2:]
            assert len(set(keys)) == 4
        assert quiz.draws == 4

    def test_unshuffled_they_stand_as_the_author_wrote_them(self, cast):
        quiz = make_quiz(
            module=cast.module,
            questions=FIVE,
            sections=self.sections,
            shuffle_questions=False,
            shuffle_options=False,
        )
        attempt = start(cast, quiz)

        assert asked(attempt)[:3] == ["q3", "q1", "q0"]
        for item in attempt.items.select_related("question_version"):
            assert item.option_order == [option["key"] for option in item.question_version.options]

    def test_a_retired_fixed_question_stops_the_start(self, cast):
        quiz = make_quiz(module=cast.module, questions=FIVE, sections=self.sections)
        quiz.bank.questions.filter(key="q3").update(retired_at=NOW)

        assert code(start, cast, quiz) == "questions_missing"

    @pytest.mark.parametrize(
        ("sections", "problem"),
        [
            ((SectionSpec(title="None"),), "asks nothing"),
            ((SectionSpec(title="A", questions=("q9",), tag="limits", draw=1),), "not there"),
            ((SectionSpec(title="A", questions=("q0", "q0"), tag="limits", draw=1),), "or twice by one"),
            ((SectionSpec(title="A", questions=("q0",), draw=1),), "draws 1 of 0"),
            ((SectionSpec(title="A", questions=("q0",), tag="limits", draw=5),), "draws 5 of 4"),
            ((SectionSpec(title="A", questions=("q0",)),), "would never be asked"),
        ],
    )
    def test_what_cannot_be_asked_is_refused(self, sections, problem):
        with pytest.raises(ValidationError, match=problem):
            quiz_spec(questions=FIVE, sections=sections).check()


class TestWindow:
    def test_opens_and_closes_to_the_second(self, cast):
        quiz = make_quiz(module=cast.module, opens_at=NOW, closes_at=CLOSES)

        assert code(start, cast, quiz, at=NOW - SECOND) == "not_open_yet"
        assert code(start, cast, quiz, at=CLOSES) == "quiz_closed"
        assert start(cast, quiz, at=CLOSES - SECOND).deadline_at == CLOSES

    def test_an_attempt_ends_where_the_quiz_closes(self, cast):
        quiz = make_quiz(module=cast.module, closes_at=CLOSES)

        assert start(cast, quiz).deadline_at == CLOSES
        Quiz.objects.update(closes_at=NOW + 41 * MINUTE)
        open_longer = Quiz.objects.get()
        assert attempts.start(quiz=open_longer, actor=cast.colleague, at=NOW).deadline_at == NOW + 40 * MINUTE

    def test_closing_it_does_not_cut_what_runs(self, cast):
        attempt = start(cast, cast.quiz)
        Quiz.objects.filter(pk=cast.quiz.pk).update(closes_at=NOW + MINUTE)

        attempts.save(
            attempt=attempt, answers=right_answers(attempt), actor=cast.learner, at=NOW + 5 * MINUTE
        )

    @pytest.mark.parametrize(
        ("overrides", "problem"),
        [
            ({"opens_at": CLOSES, "closes_at": CLOSES}, "closes before it opens"),
            ({"opens_at": NOW.replace(tzinfo=None)}, "time zone"),
            ({"feedback": "after_close"}, "needs a time at which it closes"),
            ({"page_size": 0}, "between 1 and 100"),
            ({"page_size": 101}, "between 1 and 100"),
        ],
    )
    def test_what_does_not_fit_is_refused(self, overrides, problem):
        with pytest.raises(ValidationError, match=problem):
            quiz_spec(**overrides).check()

    @pytest.mark.parametrize(
        ("name", "values"),
        [
            ("quiz_closes_after_it_opens", {"opens_at": CLOSES, "closes_at": NOW}),
            ("quiz_feedback_after_close_has_a_close", {"feedback": "after_close"}),
            ("quiz_page_size_in_range", {"page_size": 0}),
        ],
    )
    def test_the_database_refuses_it_too(self, cast, name, values):
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            Quiz.objects.filter(pk=cast.quiz.pk).update(**values)


class TestExtraTime:
    def grant(self, cast, **overrides):
        values = {"minutes": 20, "reason": " Screen reader. ", "actor": cast.mentor, "at": NOW}
        return attempts.grant_time(quiz=cast.quiz, learner=cast.learner, **(values | overrides))

    def test_counts_from_the_next_start_on_and_past_the_close(self, cast):
        Quiz.objects.filter(pk=cast.quiz.pk).update(closes_at=CLOSES)
        cast.quiz.refresh_from_db()
        running = start(cast, cast.quiz)
        self.grant(cast)

        attempt = attempts.submit(attempt=running, actor=cast.learner, at=NOW)
        assert (attempt.deadline_at, attempt.extra_min) == (CLOSES, 0)
        Attempt.objects.all().update(submitted_at=NOW - timedelta(days=2), started_at=NOW - timedelta(days=2))
        attempt = start(cast, cast.quiz)
        assert (attempt.deadline_at, attempt.extra_min) == (CLOSES + 20 * MINUTE, 20)

    def test_the_latest_counts_and_nought_ends_it(self, cast):
        self.grant(cast)
        self.grant(cast, minutes=0, at=NOW + SECOND, reason="Not needed any more.")

        assert start(cast, cast.quiz).extra_min == 0

    def test_is_one_person_s_and_one_quiz_s(self, cast):
        self.grant(cast)

        assert attempts.start(quiz=cast.quiz, actor=cast.colleague, at=NOW).extra_min == 0

    def test_prolongs_what_runs_at_once(self, cast):
        attempt = start(cast, cast.quiz)
        self.grant(cast, attempt=attempt)
        late = NOW + 55 * MINUTE

        assert attempts.lapse_overdue(at=late) == 0
        attempts.save(attempt=attempt, answers=right_answers(attempt), actor=cast.learner, at=late)
        ended = attempts.submit(attempt=attempt, actor=cast.learner, at=late)
        assert (ended.state, ended.deadline_at, ended.extra_min) == ("graded", NOW + 60 * MINUTE, 20)

    def test_is_on_record_with_who_and_until_when(self, cast):
        attempt = start(cast, cast.quiz)
        self.grant(cast, attempt=attempt)

        entry = LedgerEntry.objects.get(kind="assessments.time_granted")
        assert entry.actor_id == cast.mentor.pk
        assert json.loads(entry.payload) == {
            "quiz": "check",
            "minutes": 20,
            "attempt": str(attempt.pk),
            "deadline": (NOW + 60 * MINUTE).isoformat(),
            "learner": str(cast.learner.pk),
        }
        assert TimeAllowance.objects.get().reason == "Screen reader."

    def test_is_refused_once_the_time_is_over(self, cast):
        attempt = start(cast, cast.quiz)

        assert code(self.grant, cast, attempt=attempt, at=NOW + 41 * MINUTE) == "not_running"
        attempts.submit(attempt=attempt, actor=cast.learner, at=NOW)
        assert code(self.grant, cast, attempt=attempt) == "not_running"
        assert not TimeAllowance.objects.exists()

    def test_is_given_by_a_mentor_or_who_runs_the_cohort(self, cast):
        for who in (cast.learner, cast.colleague, cast.outsider, UserFactory(perms=["tracks.run_cohorts"])):
            assert code(self.grant, cast, actor=who) == "not_allowed"
        manager = UserFactory(perms=["tracks.run_cohorts"])
        from guardian.shortcuts import assign_perm

        assign_perm("tracks.run_cohort", manager, cast.cohort)
        assert self.grant(cast, actor=manager).granted_by == manager

    @pytest.mark.parametrize("overrides", [{"reason": "  "}, {"minutes": 601}, {"minutes": -1}])
    def test_needs_a_reason_and_a_sane_length(self, cast, overrides):
        with pytest.raises(ValidationError):
            self.grant(cast, **overrides)

    @pytest.mark.parametrize(
        ("name", "wrong"),
        [
            ("time_allowance_minutes_in_range", {"minutes": 601}),
            ("time_allowance_has_reason", {"reason": ""}),
            ("time_allowance_not_ones_own", {"granted_by": "learner"}),
        ],
    )
    def test_the_database_refuses_it_too(self, cast, name, wrong):
        given = self.grant(cast)
        values = {key: getattr(cast, value) if key == "granted_by" else value for key, value in wrong.items()}

        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            TimeAllowance.objects.filter(pk=given.pk).update(**values)


class TestCheckedPages:
    @pytest.fixture
    def attempt(self, cast):
        quiz = make_quiz(module=cast.module, questions=FIVE, feedback="after_each", page_size=2)
        return start(cast, quiz)

    def check(self, cast, attempt, page, at=NOW + MINUTE):
        return attempts.check_page(attempt=attempt, page=page, actor=cast.learner, at=at)

    def test_settles_the_answers_of_one_page(self, cast, attempt):
        right = right_answers(attempt)
        attempts.save(attempt=attempt, answers={1: right[1]}, actor=cast.learner, at=NOW)
        self.check(cast, attempt, 1)
        self.check(cast, attempt, 1, at=NOW + 2 * MINUTE)

        settled = dict(attempt.items.values_list("position", "settled_at"))
        assert settled == {1: NOW + MINUTE, 2: NOW + MINUTE, 3: None, 4: None, 5: None}
        for position in (1, 2):
            answers = {position: right[2] if position == 2 else None}
            assert (
                code(attempts.save, attempt=attempt, answers=answers, actor=cast.learner, at=NOW + MINUTE)
                == "settled"
            )
        attempts.save(attempt=attempt, answers=right | {2: None}, actor=cast.learner, at=NOW + MINUTE)
        assert attempts.submit(attempt=attempt, actor=cast.learner, at=NOW + MINUTE).points == 4

    def test_only_pages_that_are_there_while_it_runs_and_only_one_s_own(self, cast, attempt):
        for page in (0, 4, -1):
            with pytest.raises(ValidationError):
                self.check(cast, attempt, page)
        with pytest.raises(Attempt.DoesNotExist):
            attempts.check_page(attempt=attempt, page=1, actor=cast.colleague, at=NOW)
        assert code(self.check, cast, attempt, 1, at=NOW + 41 * MINUTE) == "time_over"
        assert code(self.check, cast, attempt, 1) == "closed"
        assert not attempt.items.exclude(settled_at=None).exists()

    @pytest.mark.parametrize("feedback", ["after_submit", "after_pass", "never"])
    def test_not_where_the_quiz_shows_answers_later(self, cast, attempt, feedback):
        Quiz.objects.update(feedback=feedback)

        assert code(self.check, cast, attempt, 1) == "not_checked"


@pytest.mark.parametrize("feedback", Quiz.Feedback.values)
@pytest.mark.parametrize("passed", [True, False])
@pytest.mark.parametrize("another_open", [True, False])
@pytest.mark.parametrize("closed", [True, False])
def test_when_right_answers_show(feedback, passed, another_open, closed):
    shown = shows_answers(feedback=feedback, passed=passed, another_open=another_open, closed=closed)

    expected = {
        "after_each": True,
        "after_submit": True,
        "after_close": closed,
        "after_pass": passed,
        "never": False,
    }
    assert shown is (expected[feedback] and not another_open)


def test_pages_stay_as_they_were_when_the_attempt_started(cast):
    quiz = make_quiz(module=cast.module, questions=FIVE, page_size=2)
    attempt = start(cast, quiz)
    Quiz.objects.update(page_size=1)

    attempt.refresh_from_db()
    assert [attempt.page_of(position) for position in range(1, 6)] == [1, 1, 2, 2, 3]
    assert attempt.pages == 3
    assert sit(quiz=cast.quiz, user=cast.colleague).pages == 1
