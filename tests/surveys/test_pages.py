"""The pages of surveys, for the one who answers and for those who read."""

import pytest

from surveys import services
from surveys.models import Response
from tests.people.factories import UserFactory
from tests.surveys.factories import ANSWERS
from tests.tracks.factories import START, CohortFactory, EnrolmentFactory, MentorshipFactory
from tracks.models import Enrolment

pytestmark = [pytest.mark.django_db, pytest.mark.pages]
FORM = {f"item-{key}": value for key, value in ANSWERS.items()}


@pytest.fixture
def page(client, survey, enrolment):
    """Posts to the survey as the learner."""
    client.force_login(enrolment.user)
    return survey.get_absolute_url()


def test_the_page_asks_and_says_who_reads(client, page, enrolment):
    mentor = MentorshipFactory(enrolment=enrolment).mentor
    html = client.get(page).content.decode()
    assert "How well prepared are you?" in html
    assert "1 · Not at all" in html
    assert "From 0 to 40 hours." in html
    assert "Your answers carry your name" in html
    assert enrolment.cohort.created_by.name in html
    assert mentor.name in html


def test_an_authors_words_are_text_and_never_markup(client, page, survey):
    survey.items.filter(kind="number").update(unit="<img src=x>")
    html = client.get(page).content.decode()
    assert "&lt;img src=x&gt;" in html
    assert "<img src=x>" not in html


def test_handing_in_leads_to_thanks_with_ones_answers(client, page):
    response = client.post(page, FORM, follow=True)
    assert response.redirect_chain == [(page, 302)]
    html = response.content.decode()
    assert "Thank you, your answers are in" in html
    assert "A person I know" in html
    assert Response.objects.count() == 1


def test_a_second_submit_in_another_tab_changes_nothing(client, page):
    client.post(page, FORM)
    html = client.post(page, {**FORM, "item-prepared": "1"}, follow=True).content.decode()
    assert "Thank you" in html
    assert Response.objects.get().answers.get(item__key="prepared").value == 4


def test_errors_keep_what_was_typed(client, page):
    response = client.post(
        page, {**FORM, "item-prepared": "", "item-hours": "about 3", "item-missing": "Time"}
    )
    html = response.content.decode()
    assert response.context["form"].errors == {
        "item-prepared": ["This question needs an answer."],
        "item-hours": ["Enter a number, such as 2.5."],
    }
    assert 'value="about 3"' in html
    assert ">\nTime</textarea>" in html
    assert 'href="#id_item-prepared_group"' in html
    assert 'id="id_item-prepared_group"' in html
    assert not Response.objects.exists()


def test_while_it_cannot_be_answered_the_page_says_why(client, page, enrolment):
    Enrolment.objects.filter(pk=enrolment.pk).update(state="paused", paused_on=START.date())
    html = client.get(page).content.decode()
    assert "You are on leave from this track." in html
    assert "<textarea" not in html
    assert client.post(page, FORM).status_code == 200
    assert not Response.objects.exists()


def test_outsiders_get_a_404(client, survey):
    for user in (EnrolmentFactory().user, UserFactory(perms=["tracks.run_cohorts"])):
        client.force_login(user)
        assert client.get(survey.get_absolute_url()).status_code == 404
    client.logout()
    assert client.get(survey.get_absolute_url()).status_code == 302


def test_a_retired_survey_is_gone_except_for_those_who_answered(client, page, survey, enrolment):
    services.retire_survey(survey=survey, at=START)
    assert client.get(page).status_code == 404


@pytest.fixture
def response(survey, enrolment):
    answers = {**ANSWERS, "missing": "<b>Time</b>"}
    return services.answer(survey=survey, respondent=enrolment.user, answers=answers, actor=None, at=START)


def test_mentor_and_manager_read_the_answers_and_nobody_else(client, response, enrolment):
    mentor = MentorshipFactory(enrolment=enrolment).mentor
    url = response.get_absolute_url()
    for reader in (mentor, enrolment.cohort.created_by, enrolment.user):
        client.force_login(reader)
        html = client.get(url).content.decode()
        assert "&lt;b&gt;Time&lt;/b&gt;" in html
        assert enrolment.user.name in html
    client.force_login(EnrolmentFactory(cohort=enrolment.cohort).user)
    assert client.get(url).status_code == 404


def test_results_are_the_managers(client, response, survey, enrolment):
    client.force_login(enrolment.cohort.created_by)
    EnrolmentFactory(cohort=enrolment.cohort)
    html = client.get(f"/surveys/{survey.pk}/results/").content.decode()
    assert "1 of 2 people have answered" in html
    assert "4.00" in html
    assert "&lt;b&gt;Time" in html
    client.force_login(MentorshipFactory(enrolment=enrolment).mentor)
    assert client.get(f"/surveys/{survey.pk}/results/").status_code == 404


def test_results_of_one_cohort_and_never_of_a_foreign_one(client, response, survey, enrolment):
    manager = enrolment.cohort.created_by
    second = CohortFactory(track=enrolment.track, created_by=manager)
    foreign = CohortFactory(track=enrolment.track)
    client.force_login(manager)
    url = f"/surveys/{survey.pk}/results/"
    assert second.name in client.get(url).content.decode()
    assert "Nobody has answered yet" in client.get(f"{url}?cohort={second.pk}").content.decode()
    assert client.get(f"{url}?cohort={foreign.pk}").status_code == 404
    assert client.get(f"{url}?cohort=x").status_code == 404
