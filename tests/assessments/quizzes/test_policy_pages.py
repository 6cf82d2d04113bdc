"""The pages of windows, checked pages, answers that show later, and extra time, by role."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from guardian.shortcuts import assign_perm

from assessments.models import Quiz, TimeAllowance
from assessments.services import attempts
from tests.assessments.quizzes.factories import MINUTE, NOW, SECOND, make_quiz, right_answers, single, sit
from tests.people.factories import UserFactory
from tests.tracks.factories import EnrolmentFactory

pytestmark = pytest.mark.pages

FIVE = tuple(single(f"q{number}") for number in range(5))


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def as_learner(client, cast):
    client.force_login(cast.learner)
    return client


def text(client, url):
    return client.get(url).content.decode()


class TestCheckedPages:
    @pytest.fixture
    def attempt(self, cast):
        quiz = make_quiz(module=cast.module, questions=FIVE, feedback="after_each", page_size=2)
        return attempts.start(quiz=quiz, actor=cast.learner, at=NOW)

    def send(self, client, attempt, go):
        answers = right_answers(attempt, 2)
        fields = {"item": [1, 2], "q-1": answers[1], "q-2": answers[2], "go": go}
        return client.post(reverse("attempt_save", args=[attempt.pk]), fields)

    def test_show_what_is_right_of_this_page_alone(self, as_learner, attempt):
        first, second = f"{attempt.get_absolute_url()}?page=1", f"{attempt.get_absolute_url()}?page=2"
        assert "EXPLAINED" not in text(as_learner, first)

        assert self.send(as_learner, attempt, "check").url == first
        page = text(as_learner, first)
        assert page.count("EXPLAINED") == 2
        assert 'name="item"' not in page
        assert "Check these answers" not in page
        other = text(as_learner, second)
        assert "EXPLAINED" not in other
        assert "CANARY" not in other
        assert "Check these answers" in other

    def test_hide_it_again_once_the_policy_says_so(self, as_learner, attempt):
        self.send(as_learner, attempt, "check")
        Quiz.objects.update(feedback="never")

        assert "EXPLAINED" not in text(as_learner, attempt.get_absolute_url())

    def test_cannot_be_had_where_the_policy_is_another(self, as_learner, attempt):
        Quiz.objects.update(feedback="after_submit")

        assert "Check these answers" not in text(as_learner, attempt.get_absolute_url())
        assert self.send(as_learner, attempt, "check").url == attempt.get_absolute_url()
        page = text(as_learner, attempt.get_absolute_url())
        assert "EXPLAINED" not in page
        assert "does not show answers before it is handed in" in page
        assert not attempt.items.exclude(settled_at=None).exists()

    def test_an_old_tab_cannot_change_what_was_checked(self, as_learner, attempt):
        self.send(as_learner, attempt, "check")
        item = attempt.items.get(position=1)
        wrong = next(key for key in item.option_order if key != item.response)
        reply = as_learner.post(
            reverse("attempt_save", args=[attempt.pk]),
            {"item": 1, "q-1": wrong},
            headers={"accept": "application/json"},
        )

        assert (reply.status_code, reply.json()["go"]) == (409, attempt.get_absolute_url())
        assert attempt.items.get(position=1).response == item.response


class TestAfterClose:
    def test_answers_show_when_it_has_closed_and_nobody_sits_it(self, as_learner, cast, clock):
        quiz = make_quiz(module=cast.module, feedback="after_close", closes_at=NOW + 30 * MINUTE)
        attempt = sit(quiz=quiz, user=cast.learner)
        late = attempts.start(quiz=quiz, actor=cast.colleague, at=NOW)
        attempts.grant_time(
            quiz=quiz,
            learner=cast.colleague,
            minutes=30,
            reason="Reads slowly.",
            attempt=late,
            actor=_manager(cast),
            at=NOW,
        )
        url = reverse("attempt_result", args=[attempt.pk])

        clock.move_to(NOW + 30 * MINUTE - SECOND)
        assert "once the quiz has closed for everyone" in text(as_learner, url)
        clock.move_to(NOW + 31 * MINUTE)
        assert "EXPLAINED" not in text(as_learner, url)
        attempts.submit(attempt=late, actor=cast.colleague, at=NOW + 31 * MINUTE)
        assert "EXPLAINED" in text(as_learner, url)


class TestWindow:
    def test_the_quiz_page_says_when(self, as_learner, cast, clock):
        quiz = make_quiz(module=cast.module, opens_at=NOW + MINUTE, closes_at=NOW + 5 * MINUTE)
        start = reverse("attempt_start", args=[quiz.pk])

        page = text(as_learner, quiz.get_absolute_url())
        assert "The quiz is not open yet" in page
        assert "Start the quiz" not in page
        assert as_learner.post(start).url == quiz.get_absolute_url()
        clock.shift(MINUTE)
        assert "Start the quiz" in text(as_learner, quiz.get_absolute_url())
        clock.shift(4 * MINUTE)
        assert "The quiz has closed" in text(as_learner, quiz.get_absolute_url())
        assert as_learner.post(start).url == quiz.get_absolute_url()

    def test_one_page_or_several(self, as_learner, cast):
        quiz = make_quiz(module=cast.module, questions=FIVE, page_size=100)
        attempt = attempts.start(quiz=quiz, actor=cast.learner, at=NOW)

        page = text(as_learner, attempt.get_absolute_url())
        assert page.count('name="item"') == 5
        assert "Page 1 of 1" in page
        assert as_learner.get(f"{attempt.get_absolute_url()}?page=2").status_code == 404


class TestExtraTime:
    def url(self, cast):
        return reverse("attempts_time", args=[cast.quiz.pk, cast.enrolment.pk])

    def test_a_mentor_gives_it_to_what_runs(self, client, cast):
        attempt = attempts.start(quiz=cast.quiz, actor=cast.learner, at=NOW)
        client.force_login(cast.mentor)

        page = text(client, self.url(cast))
        assert "An attempt is running until" in page
        done = client.post(self.url(cast), {"minutes": "15", "scope": "running", "reason": "Fire alarm."})
        assert done.status_code == 302
        attempt.refresh_from_db()
        assert attempt.deadline_at == NOW + 55 * MINUTE
        assert "Fire alarm." in text(client, self.url(cast))

    def test_who_runs_the_cohort_gives_it_from_now_on(self, client, cast):
        client.force_login(_manager(cast))
        people = text(client, reverse("quiz_people", args=[cast.quiz.pk]))
        assert self.url(cast) in people

        client.post(self.url(cast), {"minutes": "15", "reason": "Needs a reader."})
        assert "15 extra minutes" in text(client, reverse("quiz_people", args=[cast.quiz.pk]))
        client.force_login(cast.learner)
        assert "and 15 extra minutes for you" in text(client, cast.quiz.get_absolute_url())

    @pytest.mark.parametrize(
        "data", [{"minutes": "601"}, {"minutes": "-1"}, {"minutes": "x"}, {"reason": " "}]
    )
    def test_what_cannot_be_given_is_said(self, client, cast, data):
        client.force_login(cast.mentor)

        reply = client.post(self.url(cast), {"minutes": "15", "reason": "Why."} | data)
        assert reply.status_code == 422
        assert not TimeAllowance.objects.exists()

    @pytest.mark.parametrize("who", ["learner", "colleague", "outsider", "nobody"])
    def test_is_not_found_by_others(self, client, cast, who):
        client.force_login(getattr(cast, who))

        assert client.get(self.url(cast)).status_code == 404
        assert client.post(self.url(cast), {"minutes": "15", "reason": "Why."}).status_code == 404
        assert self.url(cast) not in text(client, reverse("quiz_people", args=[cast.quiz.pk]))

    def test_the_people_take_as_many_queries_for_twenty(self, client, cast):
        client.force_login(_manager(cast))
        url = reverse("quiz_people", args=[cast.quiz.pk])
        client.get(url)
        few = _queries(client, url)
        for _number in range(20):
            EnrolmentFactory(cohort=cast.cohort)
        assert _queries(client, url) == few


def _queries(client, url):
    with CaptureQueriesContext(connection) as captured:
        client.get(url)
    return len(captured)


def _manager(cast):
    manager = UserFactory(perms=["tracks.run_cohorts"])
    assign_perm("tracks.run_cohort", manager, cast.cohort)
    return manager


class TestTampering:
    """What a page of ours never sends changes nothing and is no server error."""

    @pytest.fixture
    def attempt(self, cast):
        return attempts.start(quiz=cast.quiz, actor=cast.learner, at=NOW)

    @pytest.mark.parametrize(
        "data",
        [
            {"item": 4, "q-4": "x"},
            {"item": 999, "q-999": "x"},
            {"item": "1e3", "q-1": "x"},
            {"item": 1, "q-1": "\x00"},
            {"item": 1, "why-1": "Because."},
            {"item": [str(number) for number in range(1, 120)]},
            {"item": 1, "q-1": "x", "stamp": "1e99"},
            {"item": 1, "q-1": "x", "deadline": "9999999999999"},
            {"item": 1, "q-1": "x", "go": "check"},
        ],
    )
    def test_a_save(self, as_learner, attempt, data):
        for accept in ("application/json", "text/html"):
            reply = as_learner.post(
                reverse("attempt_save", args=[attempt.pk]), data, headers={"accept": accept}
            )
            assert reply.status_code in {302, 404, 409, 422}
        assert set(attempt.items.values_list("response", flat=True)) == {None}

    def test_a_replayed_page_after_the_end_changes_nothing(self, as_learner, attempt, clock):
        answers = right_answers(attempt)
        position = next(position for position, answer in answers.items() if isinstance(answer, str))
        body = {"item": position, f"q-{position}": answers[position]}
        url = reverse("attempt_save", args=[attempt.pk])
        as_learner.post(url, body)
        as_learner.post(reverse("attempt_submit", args=[attempt.pk]))
        attempt.refresh_from_db()

        clock.shift(timedelta(seconds=1))
        for replayed in (body, {"item": position}):
            assert as_learner.post(url, replayed).url == reverse("attempt_result", args=[attempt.pk])
        assert attempt.items.get(position=position).response == answers[position]
        after = type(attempt).objects.get(pk=attempt.pk)
        assert (after.points, after.submitted_at) == (attempt.points, attempt.submitted_at)

    @pytest.mark.parametrize("moved", [timedelta(days=-400), timedelta(days=400)])
    def test_a_moved_clock_of_the_browser_moves_no_deadline(self, as_learner, attempt, moved, clock):
        clock.shift(41 * MINUTE)
        stamp = int((NOW + moved).timestamp() * 1000)
        reply = as_learner.post(
            reverse("attempt_save", args=[attempt.pk]),
            {"item": 1, "q-1": "x", "stamp": stamp},
            headers={"accept": "application/json"},
        )

        assert (reply.status_code, reply.json()["go"]) == (409, reverse("attempt_result", args=[attempt.pk]))
