"""Real processes: ten that start over the limit, and a web server killed between a save and the end."""

import http.client
import json
import os
import signal
import subprocess
import time
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from assessments.models import Attempt, Quiz
from assessments.services import attempts
from enablement.launch import processes, services
from enablement.people.models import User
from tests.assessments.quizzes.factories import make_quiz, right_answers
from tests.racing import race
from tests.tracks.factories import CohortFactory, EnrolmentFactory, ModuleFactory
from tracks.errors import Refused

pytestmark = pytest.mark.django_db(transaction=True)
PROCESSES, ALLOWED = 10, 3


def start_until_refused(quiz_id, user_id):
    quiz, user = Quiz.objects.select_related("module").get(pk=quiz_id), User.objects.get(pk=user_id)
    while True:
        try:
            attempt = attempts.start(quiz=quiz, actor=user, at=timezone.now())
        except Refused as refusal:
            if refusal.code == "attempt_limit":
                return
        else:
            attempts.submit(attempt=attempt, actor=user, at=timezone.now())


@pytest.fixture
def learner():
    return EnrolmentFactory(cohort=CohortFactory()).user


@pytest.fixture
def quiz(learner):
    module = ModuleFactory(track=learner.enrolments.get().track)
    return make_quiz(module=module, max_attempts=ALLOWED, cooldown_hours=0)


def test_ten_processes_over_the_limit_start_no_attempt_too_many(quiz, learner):
    race(start_until_refused, [(quiz.pk, learner.pk)] * PROCESSES)

    made = Attempt.objects.order_by("number").values_list("number", "state")
    assert list(made) == [(number, "graded") for number in range(1, ALLOWED + 1)]
    assert {attempt.items.count() for attempt in Attempt.objects.all()} == {3}


class Web:
    """The product's web server, that can be killed and started again at the same address."""

    def __init__(self, env):
        self.env, self.port, self.process = env, services.free_port(), None

    def start(self):
        command = processes.web(host="127.0.0.1", port=self.port).command
        self.process = subprocess.Popen(command, cwd=settings.BASE_DIR, env=self.env, process_group=0)
        deadline = time.monotonic() + 60
        while True:
            try:
                self.request("GET", "/healthz")
            except OSError:
                assert time.monotonic() < deadline, "the web server does not answer"
                time.sleep(0.1)
            else:
                return

    def kill(self):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def request(self, method, path, fields=None, session="", **headers):
        cookie = f"sessionid={session}; csrftoken={'c' * 32}"
        body = urlencode(fields, doseq=True) if fields is not None else None
        sent = {"Cookie": cookie, "X-CSRFToken": "c" * 32, **headers}
        if body is not None:
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, body, sent)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()


@pytest.fixture
def web(child_env):
    server = Web(child_env)
    server.start()
    yield server
    server.kill()


def test_no_acknowledged_answer_is_lost_when_the_web_server_is_killed(web, client, quiz, learner):
    client.force_login(learner, backend="django.contrib.auth.backends.ModelBackend")
    session = client.session.session_key
    attempt = attempts.start(quiz=quiz, actor=learner, at=timezone.now())
    save = reverse("attempt_save", args=[attempt.pk])
    right = right_answers(attempt)

    for position, answer in right.items():
        value = str(answer).lower() if isinstance(answer, bool) else answer
        fields = {"item": position, f"q-{position}": value}
        status, reply = web.request("POST", save, fields, session, Accept="application/json")
        assert (status, json.loads(reply)["was"]) == (200, {str(position): value})
        web.kill()
        web.start()

    assert dict(attempt.items.values_list("position", "response")) == right
    status, _page = web.request("POST", reverse("attempt_submit", args=[attempt.pk]), {}, session)
    assert status == 302
    attempt.refresh_from_db()
    assert (attempt.state, attempt.points, attempt.passed) == ("graded", 3, True)
    assert attempt.submitted_at - attempt.started_at < timedelta(minutes=40)
