"""The pages of appeals, and that they keep what is right to themselves."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from assessments.models import Appeal
from assessments.services import appeals
from tests.assessments.quizzes.factories import NOW, make_quiz, multiple, numeric, single, sit, true_false
from tests.assessments.regrading.factories import item_of, make_author, sit_with

pytestmark = [pytest.mark.django_db, pytest.mark.pages]
SECRETS = ("CANARY", "EXPLAINED")


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW + timedelta(days=1), tick=False) as traveller:
        yield traveller


@pytest.fixture
def attempt(cast):
    return sit_with(quiz=cast.quiz, user=cast.learner, given={"edge": True})


def open_url(attempt, key="edge"):
    return reverse("appeal_question", args=[attempt.pk, item_of(attempt, key).position])


def test_from_the_result_to_the_answer(client, cast, attempt, clock):
    client.force_login(cast.learner)
    result = client.get(reverse("attempt_result", args=[attempt.pk])).content.decode()
    assert reverse("attempt_appeal", args=[attempt.pk]) in result
    assert open_url(attempt) in client.get(reverse("attempt_appeal", args=[attempt.pk])).content.decode()
    assert client.post(open_url(attempt), {"reason": ""}).status_code == 422
    client.post(open_url(attempt), {"reason": "It is not clear."})
    second = client.post(open_url(attempt), {"reason": "It is not clear."}, follow=True)
    made = Appeal.objects.get()
    assert second.redirect_chain[-1][0] == made.get_absolute_url()
    assert "Waits for an answer" in second.content.decode()

    clock.shift(timedelta(days=10))
    author = make_author()
    client.force_login(author)
    queue = client.get(reverse("appeal_queue")).content.decode()
    assert "Overdue" in queue
    assert made.get_absolute_url() in queue
    assert client.post(made.get_absolute_url(), {"verdict": "uphold", "text": "Yes"}).status_code == 422
    answer = {
        "verdict": "uphold",
        "consequence": "excused",
        "text": "It was unclear.",
        "note": "It is false.",
    }
    done = client.post(made.get_absolute_url(), answer, follow=True)
    assert done.redirect_chain == [(reverse("appeal_queue"), 302)]
    again = client.post(made.get_absolute_url(), answer)
    assert again.status_code == 302

    client.force_login(cast.learner)
    shown = client.get(made.get_absolute_url()).content.decode()
    for words in ("Upheld", "It was unclear.", "It is false.", "excused in this attempt"):
        assert words in shown
    assert "Upheld" in client.get(reverse("appeals")).content.decode()
    assert "Upheld" in client.get(reverse("attempt_result", args=[attempt.pk])).content.decode()


@pytest.mark.parametrize("feedback", ["never", "after_pass"])
def test_nothing_of_what_is_right_before_the_quiz_shows_it(client, cast, feedback):
    questions = (single(), multiple(), true_false(), numeric())
    quiz = make_quiz(module=cast.module, key="secret", feedback=feedback, questions=questions)
    attempt = sit_with(quiz=quiz, user=cast.learner, given={"blocked": 1, "edge": True})
    made = [
        appeals.appeal_question(item=item, reason="Why?", actor=cast.learner, at=NOW)
        for item in attempt.items.order_by("position")
    ]
    given = appeals.Answer(upheld=False, text="Read the policy.", note="CANARY the first one")
    appeals.answer(appeal=made[0], given=given, actor=make_author(), at=NOW)
    client.force_login(cast.learner)

    pages = [appeal.get_absolute_url() for appeal in made]
    pages += [reverse("appeals"), reverse("attempt_appeal", args=[attempt.pk])]
    pages += [reverse("attempt_result", args=[attempt.pk])]
    for url in pages:
        page = client.get(url).content.decode()
        assert not [secret for secret in SECRETS if secret in page], url
        assert "Not right" not in page

    client.force_login(make_author())
    assert "EXPLAINED" in client.get(made[1].get_absolute_url()).content.decode()


def test_an_appeal_is_no_oracle(client, cast, attempt):
    """A right answer can be appealed as well: a refusal would tell."""
    client.force_login(cast.learner)
    assert client.post(open_url(attempt, "blocked"), {"reason": "Sure?"}).status_code == 302


@pytest.mark.parametrize("who", ["colleague", "mentor", "outsider"])
def test_others_see_nothing(client, cast, attempt, who):
    made = appeals.appeal_question(item=item_of(attempt, "edge"), reason="Why?", actor=cast.learner, at=NOW)
    client.force_login(getattr(cast, who))

    assert client.get(made.get_absolute_url()).status_code == 404
    assert client.get(open_url(attempt)).status_code == 404
    assert client.get(reverse("attempt_appeal", args=[attempt.pk])).status_code == 404
    assert client.get(reverse("appeal_queue")).status_code == 403


def test_empty_pages_say_what_comes_here(client, cast):
    client.force_login(cast.learner)
    assert "You have not appealed anything" in client.get(reverse("appeals")).content.decode()
    client.force_login(make_author())
    assert "No appeal waits for you" in client.get(reverse("appeal_queue")).content.decode()


def test_as_many_queries_for_many(client, cast, django_assert_max_num_queries):
    author = make_author()
    counts = []
    for rows in (1, 2):
        attempt = sit(quiz=cast.quiz, user=cast.learner, at=NOW - timedelta(days=9 - 3 * rows))
        for item in attempt.items.all():
            appeals.appeal_question(item=item, reason="Why?", actor=cast.learner, at=NOW)
        for user, url in ((cast.learner, reverse("appeals")), (author, reverse("appeal_queue"))):
            client.force_login(user)
            client.get(url)
            with django_assert_max_num_queries(20) as asked:
                client.get(url)
            counts.append(len(asked))
    assert counts[:2] == counts[2:]
