"""Track, module and lesson pages: who may see them, what they say, and one click too many."""

from datetime import timedelta

import pytest
from django.urls import reverse

from tests.people.factories import UserFactory
from tests.tracks.factories import START, EnrolmentFactory, LessonFactory, MentorshipFactory, ModuleFactory
from tracks import links
from tracks.models import Cohort, Enrolment, LessonRead, LessonVersion
from tracks.services import progress

pytestmark = [pytest.mark.django_db, pytest.mark.pages]


def urls(cast):
    lesson = [cast.module.track.key, cast.module.key, cast.lessons[0].key]
    return {
        "track": reverse("track", args=lesson[:1]),
        "module": reverse("module", args=lesson[:2]),
        "lesson": reverse("lesson", args=lesson),
        "read": reverse("lesson_read", args=lesson),
    }


def get(client, user, url):
    client.force_login(user)
    return client.get(url)


@pytest.mark.parametrize("page", ["track", "module", "lesson"])
def test_learners_and_those_who_accompany_them_see_the_pages_and_nobody_else(cast, client, page):
    url = urls(cast)[page]
    MentorshipFactory(enrolment=cast.enrolment, mentor=cast.mentor)
    author = UserFactory(perms=["playbook.author_playbooks"])
    for user in (cast.learner, cast.mentor, cast.manager, author):
        assert get(client, user, url).status_code == 200
    withdrawn = EnrolmentFactory(cohort=cast.cohort, state="withdrawn", withdrawn_at=START).user
    elsewhere = EnrolmentFactory().user
    for user in (cast.outsider, withdrawn, elsewhere, UserFactory(groups=["program_managers"])):
        assert get(client, user, url).status_code == 404
    client.logout()
    assert client.get(url).status_code == 302


def test_unknown_and_retired_places_are_404(cast, client):
    client.force_login(cast.learner)
    track, module = cast.module.track.key, cast.module.key
    cast.lessons[1].retired_at = START
    cast.lessons[1].save()
    for name, args in (
        ("track", ["nonsense"]),
        ("module", [track, "nonsense"]),
        ("module", [track, ModuleFactory().key]),
        ("lesson", [track, module, "nonsense"]),
        ("lesson", [track, module, cast.lessons[1].key]),
    ):
        assert client.get(reverse(name, args=args)).status_code == 404


def test_the_track_page_says_what_is_next(cast, client):
    answer = get(client, cast.learner, urls(cast)["track"])
    assert answer.context["following"].url == urls(cast)["lesson"]
    assert "0 of 1 modules done" in answer.text
    assert "The track is due on 16 November 2026." in answer.text
    for kind, key in (("lessons", "lessons"), ("quiz", "check"), ("lab", "line")):
        progress.record_completion(
            enrolment=cast.enrolment, module=cast.module, kind=kind, key=key, actor=None, at=START
        )
    assert "Every module is done" in client.get(urls(cast)["track"]).text


def test_the_module_page_links_what_somebody_registered(cast, client, monkeypatch):
    monkeypatch.setattr(links, "_resolvers", {})
    links.register("quiz", lambda rows: {row.pk: f"/q/{row.key}/" for row in rows})
    answer = get(client, cast.learner, urls(cast)["module"])
    assert [(item.component.key, url) for item, url in answer.context["work"]] == [
        ("check", "/q/check/"),
        ("line", ""),
    ]
    assert 'href="/q/check/"' in answer.text


def test_the_lesson_page_shows_the_text_the_place_and_one_primary_action(cast, client):
    LessonVersion.objects.update(body="## Where\n\nHere **runs** the line.")
    answer = get(client, cast.learner, urls(cast)["lesson"])
    assert "<h2>Where</h2>" in answer.text
    assert "1 of 2" in answer.text
    assert "8 minutes" in answer.text
    assert answer.text.count("button-primary") == 1
    assert "Mark as read and continue" in answer.text


def test_a_lesson_is_shown_in_the_version_that_was_pinned(cast, client):
    LessonVersion.objects.create(
        lesson=cast.lessons[0],
        major=2,
        patch=0,
        body="The new edition.",
        sha256="0" * 64,
        published_at=START + timedelta(days=1),
    )
    assert "The new edition." not in get(client, cast.learner, urls(cast)["lesson"]).text
    Enrolment.objects.update(content_at=START + timedelta(days=2))
    assert "The new edition." in client.get(urls(cast)["lesson"]).text


def test_marking_as_read_leads_to_the_next_lesson_then_to_the_module(cast, client):
    client.force_login(cast.learner)
    for _click in range(2):
        answer = client.post(urls(cast)["read"])
        second = [cast.module.track.key, cast.module.key, cast.lessons[1].key]
        assert (answer.status_code, answer.url) == (302, reverse("lesson", args=second))
    assert LessonRead.objects.count() == 1
    answer = client.post(reverse("lesson_read", args=second), follow=True)
    assert answer.redirect_chain[-1][0] == urls(cast)["module"]
    assert "That was the last lesson of this module." in answer.text
    assert client.get(urls(cast)["read"]).status_code == 405


def test_nothing_is_recorded_for_who_looks_on(cast, client):
    client.force_login(UserFactory(perms=["playbook.author_playbooks"]))
    page = client.get(urls(cast)["lesson"])
    assert "nothing is recorded" in page.text
    assert "Mark as read" not in page.text
    answer = client.post(urls(cast)["read"], follow=True)
    assert "nothing is recorded" in answer.text
    assert not LessonRead.objects.exists()


def test_before_the_start_lessons_can_be_read_and_not_marked(cast, client):
    Cohort.objects.update(state="planned", started_at=None)
    client.force_login(cast.learner)
    page = client.get(urls(cast)["lesson"])
    assert "Your cohort has not started yet." in page.text
    assert "Mark as read" not in page.text
    assert "Your cohort has not started yet." in client.post(urls(cast)["read"], follow=True).text
    assert not LessonRead.objects.exists()


def test_a_page_costs_as_many_queries_for_a_long_track_as_for_a_short_one(
    cast, client, django_assert_num_queries
):
    client.force_login(cast.learner)
    client.get(urls(cast)["track"])
    for more in range(2):
        # A module's page asks where its quizzes and its labs are worked on: one query a kind.
        for page, count in (("track", 7), ("module", 9), ("lesson", 7)):
            with django_assert_num_queries(count):
                assert client.get(urls(cast)[page]).status_code == 200
        if not more:
            for _n in range(5):
                LessonFactory(module=ModuleFactory(track=cast.module.track))
                LessonFactory(module=cast.module)


def test_keys_of_a_playbook_are_shown_as_words(cast, client):
    cast.module.outcomes = ["identify_yellow_zone"]
    cast.module.save()
    cast.module.track.kpis = ["rework_rate"]
    cast.module.track.save()
    assert "<li>Identify yellow zone</li>" in get(client, cast.learner, urls(cast)["module"]).text
    assert "<li>Rework rate</li>" in get(client, cast.learner, urls(cast)["track"]).text
