"""The pages, as the learner, a colleague of the same cohort, the mentor and an outsider meet them."""

from datetime import timedelta

import pytest
import time_machine
from django.contrib.messages import get_messages
from django.urls import reverse

from assessments.models import Attempt, AttemptAllowance
from assessments.services import attempts
from assessments.services.grading import right_response
from tests.assessments.quizzes.factories import (
    MINUTE,
    NOW,
    SECOND,
    make_quiz,
    multiple,
    numeric,
    right_answers,
    single,
    sit,
    true_false,
    twenty,
)
from tests.tracks.factories import LessonFactory

pytestmark = pytest.mark.pages

JSON = {"accept": "application/json"}


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def as_learner(client, cast):
    client.force_login(cast.learner)
    return client


@pytest.fixture
def big(cast):
    return make_quiz(module=cast.module, **twenty())


def begin(cast, quiz=None):
    return attempts.start(quiz=quiz or cast.quiz, actor=cast.learner, at=NOW)


def body(position, *values, **more):
    return {"item": position, f"q-{position}": values, **more}


def responses(attempt):
    return dict(attempt.items.values_list("position", "response"))


def kind_at(attempt, kind):
    return attempt.items.get(question_version__kind=kind).position


class TestQuizPage:
    def test_says_what_how_long_and_how_often(self, as_learner, cast):
        page = as_learner.get(cast.quiz.get_absolute_url()).content.decode()

        assert "Start the quiz" in page
        assert "40 minutes" in page
        assert "2.55 of 3 points (85 %)" in page
        assert "3 of 3" in page
        assert "24 hours" in page

    def test_starting_leads_to_the_attempt_and_twice_to_the_same(self, as_learner, cast):
        start = reverse("attempt_start", args=[cast.quiz.pk])
        first, second = as_learner.post(start), as_learner.post(start)

        assert first.status_code == 302
        assert first.url == second.url == Attempt.objects.get().get_absolute_url()

    def test_starting_is_a_post(self, as_learner, cast):
        assert as_learner.get(reverse("attempt_start", args=[cast.quiz.pk])).status_code == 405

    def test_continues_the_running_one(self, as_learner, cast):
        attempt = begin(cast)
        page = as_learner.get(cast.quiz.get_absolute_url()).content.decode()

        assert "Your attempt is running" in page
        assert attempt.get_absolute_url() in page
        assert "Start the quiz" not in page

    def test_names_when_the_next_one_opens(self, as_learner, cast, clock):
        sit(quiz=cast.quiz, user=cast.learner, right=0)
        clock.shift(5 * MINUTE)
        page = as_learner.get(cast.quiz.get_absolute_url()).content.decode()

        assert "Your next attempt opens later" in page
        assert "5 Nov 2026, 09:01 UTC" in page
        assert "Start the quiz" not in page
        refused = as_learner.post(reverse("attempt_start", args=[cast.quiz.pk]))
        assert refused.url == cast.quiz.get_absolute_url()
        [said] = get_messages(refused.wsgi_request)
        assert str(said) == "Your next attempt opens on 5 Nov 2026, 09:01 UTC."

    def test_names_the_mentor_when_all_are_used(self, as_learner, cast):
        quiz = make_quiz(module=cast.module, max_attempts=1)
        sit(quiz=quiz, user=cast.learner, right=0)
        page = as_learner.get(quiz.get_absolute_url()).content.decode()

        assert "All your attempts are used" in page
        assert f"Talk it through with your mentor, {cast.mentor.name}" in page

    def test_leads_back_once_passed(self, as_learner, cast):
        sit(quiz=cast.quiz, user=cast.learner)
        page = as_learner.get(cast.quiz.get_absolute_url()).content.decode()

        assert "You have passed: 3 of 3 points" in page

    def test_a_mentor_may_look_but_not_start(self, client, cast):
        client.force_login(cast.mentor)
        page = client.get(cast.quiz.get_absolute_url()).content.decode()

        assert "You can look, not take part" in page
        assert "Start the quiz" not in page

    @pytest.mark.parametrize("who", ["outsider", "nobody"])
    def test_is_not_found_by_others(self, client, cast, who):
        client.force_login(getattr(cast, who))

        assert client.get(cast.quiz.get_absolute_url()).status_code == 404
        assert client.post(reverse("attempt_start", args=[cast.quiz.pk])).status_code == 404

    def test_asks_the_signed_out_to_sign_in(self, client, cast):
        assert client.get(cast.quiz.get_absolute_url()).status_code == 302


class TestForeignAttempt:
    @pytest.mark.parametrize("who", ["colleague", "mentor", "outsider"])
    def test_is_not_found(self, client, cast, who):
        attempt = begin(cast)
        client.force_login(getattr(cast, who))

        for name, method in (
            ("attempt", "get"),
            ("attempt_save", "post"),
            ("attempt_submit", "post"),
            ("attempt_result", "get"),
        ):
            response = getattr(client, method)(reverse(name, args=[attempt.pk]))
            assert response.status_code == 404, name
        attempt.refresh_from_db()
        assert attempt.is_open


class TestAttemptPage:
    def test_shows_five_questions_and_never_what_is_right(self, as_learner, cast, big):
        attempt = begin(cast, big)

        for number in range(1, 5):
            page = as_learner.get(f"{attempt.get_absolute_url()}?page={number}").content.decode()
            assert page.count("data-question=") == 5
            for secret in ("CANARY", "EXPLAINED", "correct"):
                assert secret not in page

    @pytest.mark.parametrize("make", [single, multiple, true_false, numeric])
    def test_is_the_same_whatever_is_right(self, as_learner, cast, make):
        """No trace of the answer: two questions that differ in it alone give the same page."""
        quiz = make_quiz(module=cast.module, questions=(make(),))
        attempt = begin(cast, quiz)
        before = as_learner.get(attempt.get_absolute_url()).content.decode()
        version = attempt.items.get().question_version
        for option in version.options:
            option["correct"] = not option["correct"]
            option["why"] = "Otherwise."
        version.answer = {"true": "false", "false": "true", "4.25": "9"}.get(version.answer, "")
        version.explanation = "Otherwise."
        version.save()
        after = as_learner.get(attempt.get_absolute_url()).content.decode()

        assert _without_tokens(before) == _without_tokens(after)

    def test_takes_few_queries_whatever_the_size(self, as_learner, cast, big, django_assert_num_queries):
        attempt = begin(cast, big)

        with django_assert_num_queries(5):  # session, person, attempt with quiz, marks, questions
            as_learner.get(attempt.get_absolute_url())

    def test_says_when_the_time_ends_in_the_person_s_zone(self, as_learner, cast):
        cast.learner.timezone = "Europe/Berlin"
        cast.learner.save()
        page = as_learner.get(begin(cast).get_absolute_url()).content.decode()

        assert "10:40 CET" in page

    @pytest.mark.parametrize("page", ["0", "9", "-1", "two", "1.5", pytest.param("9" * 5000, id="huge")])
    def test_other_pages_are_not_found(self, as_learner, cast, page):
        assert as_learner.get(f"{begin(cast).get_absolute_url()}?page={page}").status_code == 404

    def test_is_never_stored_by_a_browser(self, as_learner, cast):
        assert "no-store" in as_learner.get(begin(cast).get_absolute_url())["Cache-Control"]

    def test_leads_to_the_result_once_handed_in(self, as_learner, cast):
        attempt = sit(quiz=cast.quiz, user=cast.learner)

        response = as_learner.get(attempt.get_absolute_url())
        assert response.url == reverse("attempt_result", args=[attempt.pk])

    def test_closes_the_attempt_whose_time_ran_out(self, as_learner, cast, clock):
        attempt = begin(cast)
        clock.shift(timedelta(minutes=41))

        response = as_learner.get(attempt.get_absolute_url())

        assert response.url == reverse("attempt_result", args=[attempt.pk])
        attempt.refresh_from_db()
        assert (attempt.state, attempt.submitted_at) == ("lapsed", attempt.deadline_at)

    def test_the_check_before_handing_in_lists_what_is_open(self, as_learner, cast):
        attempt = begin(cast)
        attempts.save(
            attempt=attempt, answers=right_answers(attempt, 1), flags={2: True}, actor=cast.learner, at=NOW
        )
        page = as_learner.get(f"{attempt.get_absolute_url()}?page=review").content.decode()

        assert "2 questions are not answered" in page
        assert page.count("Not answered") == 2
        assert page.count("Come back") == 1
        assert f"{attempt.get_absolute_url()}?page=1#id_q-2_group" in page


def _without_tokens(page):
    return [line for line in page.splitlines() if "csrfmiddlewaretoken" not in line]


class TestSaveByForm:
    def url(self, attempt):
        return reverse("attempt_save", args=[attempt.pk])

    def test_saves_the_page_and_goes_on(self, as_learner, cast, big):
        attempt = begin(cast, big)
        right = right_answers(attempt, 5)
        data = {"item": list(right), "go": "2"} | {f"q-{position}": key for position, key in right.items()}

        response = as_learner.post(self.url(attempt), data)

        assert response.url == f"{attempt.get_absolute_url()}?page=2"
        assert {position: answer for position, answer in responses(attempt).items() if answer} == right

    def test_takes_few_queries(self, as_learner, cast, big, django_assert_max_num_queries):
        attempt = begin(cast, big)
        right = right_answers(attempt, 5)
        data = {"item": list(right)} | {f"q-{position}": key for position, key in right.items()}

        with django_assert_max_num_queries(10):
            as_learner.post(self.url(attempt), data)

    def test_what_was_typed_stays_where_it_cannot_be_saved(self, as_learner, cast):
        attempt = begin(cast)
        number, choice = kind_at(attempt, "numeric"), kind_at(attempt, "true_false")
        data = {
            "item": [number, choice],
            f"q-{number}": "four hours",
            f"q-{choice}": "true",
            f"flag-{choice}": "1",
        }

        response = as_learner.post(self.url(attempt), data)

        page = response.content.decode()
        assert response.status_code == 422
        assert 'value="four hours"' in page
        assert "Write a number in digits" in page
        assert page.count(" checked") == 2
        assert f'href="#id_q-{number}_group"' in page
        assert set(responses(attempt).values()) == {None}

    @pytest.mark.parametrize(
        "data",
        [
            {},
            {"item": "x"},
            {"item": "0"},
            {"item": ["1", "2", "3", "4", "5", "6"]},
            {"item": "99", "q-99": "a"},
            {"item": "1", "q-1": "no-such-key"},
            {"item": "1", "stamp": "soon"},
        ],
    )
    def test_tampered_requests_change_nothing(self, as_learner, cast, data):
        attempt = begin(cast)

        response = as_learner.post(self.url(attempt), data)

        assert response.status_code == 422
        assert "There is a problem" in response.content.decode()
        assert set(responses(attempt).values()) == {None}

    def test_an_old_tab_does_not_undo_what_another_one_saved(self, as_learner, cast):
        attempt = begin(cast)
        position = kind_at(attempt, "numeric")
        attempts.save(attempt=attempt, answers={position: "4"}, actor=cast.learner, at=NOW)
        stale = {f"was-{position}": "", f"was-flag-{position}": ""}

        as_learner.post(self.url(attempt), body(position, "", **stale))
        assert responses(attempt)[position] == "4"

        as_learner.post(self.url(attempt), body(position, "", **{f"was-{position}": "4"}))
        assert responses(attempt)[position] is None

    def test_flags_are_set_and_taken_off(self, as_learner, cast):
        attempt = begin(cast)

        as_learner.post(self.url(attempt), {"item": "1", "flag-1": "1", "was-flag-1": ""})
        assert attempt.items.get(position=1).flagged
        as_learner.post(self.url(attempt), {"item": "1", "was-flag-1": "1"})
        assert not attempt.items.get(position=1).flagged

    def test_after_the_end_says_so_and_shows_the_result(self, as_learner, cast, clock):
        attempt = begin(cast)
        clock.shift(40 * MINUTE + 6 * SECOND)

        response = as_learner.post(self.url(attempt), {"item": "1"}, follow=True)

        assert response.redirect_chain[-1][0] == reverse("attempt_result", args=[attempt.pk])
        assert "Time is over: this came after the end." in response.content.decode()

    def test_needs_the_token(self, cast):
        from django.test import Client

        client = Client(enforce_csrf_checks=True)
        client.force_login(cast.learner)

        assert client.post(self.url(begin(cast)), {"item": "1"}).status_code == 403


class TestSaveByScript:
    def save(self, client, attempt, data):
        return client.post(reverse("attempt_save", args=[attempt.pk]), data, headers=JSON)

    def test_answers_with_the_time(self, as_learner, cast, clock):
        cast.learner.timezone = "Europe/Berlin"
        cast.learner.save()
        attempt = begin(cast)
        item = attempt.items.select_related("question_version").get(question_version__kind="single")
        clock.shift(timedelta(hours=0, minutes=2, seconds=11))

        reply = self.save(as_learner, attempt, body(item.position, right_response(item.question_version)))

        assert reply.status_code == 200
        assert reply.json() == {
            "saved": "10:02:11",
            "was": {str(item.position): right_response(item.question_version)},
            "now": int((NOW.timestamp() + 131) * 1000),
            "deadline": int((NOW.timestamp() + 40 * 60) * 1000),
        }
        assert responses(attempt)[item.position] == right_response(item.question_version)

    def test_a_late_earlier_answer_is_dropped(self, as_learner, cast, clock):
        attempt = begin(cast)
        item = attempt.items.get(question_version__kind="single")
        first, second = item.option_order[:2]
        clock.shift(MINUTE)
        milliseconds = int(NOW.timestamp() * 1000)

        self.save(as_learner, attempt, body(item.position, second, stamp=milliseconds + 9_000))
        reply = self.save(as_learner, attempt, body(item.position, first, stamp=milliseconds + 5_000))

        assert reply.status_code == 200
        assert responses(attempt)[item.position] == second

    def test_names_the_question_that_is_wrong(self, as_learner, cast):
        attempt = begin(cast)
        position = kind_at(attempt, "numeric")

        reply = self.save(as_learner, attempt, body(position, "1,000"))

        assert reply.status_code == 422
        assert list(reply.json()["errors"]) == [f"q-{position}"]

    def test_says_where_the_result_is_once_it_is_over(self, as_learner, cast, clock):
        attempt = begin(cast)
        clock.shift(timedelta(hours=1))

        reply = self.save(as_learner, attempt, body(1, ""))

        assert reply.status_code == 409
        assert reply.json()["go"] == reverse("attempt_result", args=[attempt.pk])
        assert reply.json()["message"].startswith("Time is over")


class TestResultPage:
    def page(self, client, attempt):
        return client.get(reverse("attempt_result", args=[attempt.pk])).content.decode()

    def test_handing_in_leads_there_and_twice_to_the_same(self, as_learner, cast):
        attempt = begin(cast)
        submit = reverse("attempt_submit", args=[attempt.pk])

        first, second = as_learner.post(submit), as_learner.post(submit)

        assert first.url == second.url == reverse("attempt_result", args=[attempt.pk])
        assert as_learner.get(submit).status_code == 405

    def test_is_not_there_before(self, as_learner, cast):
        attempt = begin(cast)

        assert as_learner.get(reverse("attempt_result", args=[attempt.pk])).url == attempt.get_absolute_url()

    def test_gives_verdict_score_and_reasons(self, as_learner, cast):
        LessonFactory(module=cast.module, key="what-each-number-does", title="What each number does")
        page = self.page(as_learner, sit(quiz=cast.quiz, user=cast.learner, right=2))

        assert "Not passed: 2 of 3 points" in page
        assert "2.55 were needed (85 %)." in page
        assert "5 Nov 2026, 09:01 UTC" in page
        assert page.count("EXPLAINED") == 3
        assert "CANARY" in page
        assert "1 question missed" in page
        assert "What each number does" in page

    def test_a_pass_leads_back_to_the_module(self, as_learner, cast):
        page = self.page(as_learner, sit(quiz=cast.quiz, user=cast.learner))

        assert "Passed: 3 of 3 points" in page
        assert cast.module.get_absolute_url() in page

    @pytest.mark.parametrize(
        ("feedback", "right", "shown"),
        [
            ("after_submit", 0, True),
            ("after_pass", 0, False),
            ("after_pass", 3, True),
            ("never", 3, False),
        ],
    )
    def test_right_answers_follow_the_rule(self, as_learner, cast, feedback, right, shown):
        quiz = make_quiz(module=cast.module, feedback=feedback)
        page = self.page(as_learner, sit(quiz=quiz, user=cast.learner, right=right))

        assert ("CANARY" in page) is shown
        assert ("EXPLAINED" in page) is shown
        assert ("The right answers are not shown" in page) is not shown

    def test_right_answers_are_hidden_while_another_attempt_runs(self, as_learner, cast):
        quiz = make_quiz(module=cast.module, cooldown_hours=0)
        attempt = sit(quiz=quiz, user=cast.learner, right=0)
        assert "CANARY" in self.page(as_learner, attempt)

        attempts.start(quiz=quiz, actor=cast.learner, at=NOW + 2 * MINUTE)
        page = self.page(as_learner, attempt)

        assert "CANARY" not in page
        assert "EXPLAINED" not in page
        assert "You have an attempt running" in page

    def test_takes_as_many_queries_for_twenty_questions(
        self, as_learner, cast, big, django_assert_num_queries
    ):
        small = sit(quiz=cast.quiz, user=cast.learner, right=1)
        large = sit(quiz=big, user=cast.learner, right=1, at=NOW + timedelta(days=2))

        for attempt in (small, large):
            with django_assert_num_queries(11):
                self.page(as_learner, attempt)


class TestUnlock:
    @pytest.fixture
    def used(self, cast):
        quiz = make_quiz(module=cast.module, max_attempts=1)
        sit(quiz=quiz, user=cast.learner, right=0)
        return quiz

    def url(self, cast, quiz):
        return reverse("attempts_unlock", args=[quiz.pk, cast.enrolment.pk])

    def test_a_mentor_unlocks_with_a_reason(self, client, cast, used):
        client.force_login(cast.mentor)
        url = self.url(cast, used)
        before = client.get(url).content.decode()
        assert "All" not in before.split("attempt is used")[0][-8:]
        assert reverse("quiz_people", args=[used.pk]) in before

        response = client.post(url, {"extra": "1", "reason": "We went through it."}, follow=True)

        assert f"{cast.learner.name} can try again." in response.content.decode()
        assert AttemptAllowance.objects.get().reason == "We went through it."
        again = client.post(url, {"extra": "1", "reason": "Twice."})
        assert again.status_code == 422
        assert "still has an attempt left" in again.content.decode()
        assert AttemptAllowance.objects.count() == 1

    def test_needs_a_reason(self, client, cast, used):
        client.force_login(cast.mentor)

        response = client.post(self.url(cast, used), {"extra": "1", "reason": "  "})

        assert response.status_code == 422
        assert not AttemptAllowance.objects.exists()

    @pytest.mark.parametrize("who", ["learner", "colleague", "outsider"])
    def test_is_not_found_by_others(self, client, cast, used, who):
        client.force_login(getattr(cast, who))

        assert client.get(self.url(cast, used)).status_code == 404
        assert client.post(self.url(cast, used), {"extra": "1", "reason": "Me."}).status_code == 404
