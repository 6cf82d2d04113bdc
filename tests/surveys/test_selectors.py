"""Who has answered, who reads it, and what came out."""

from decimal import Decimal

import pytest

from surveys import selectors, services
from tests.people.factories import UserFactory
from tests.surveys.factories import ANSWERS, SPEC
from tests.tracks.factories import START, EnrolmentFactory, MentorshipFactory
from tracks.models import Enrolment

pytestmark = pytest.mark.django_db


def answer(survey, enrolment, **answers):
    given = {**ANSWERS, **answers}
    return services.answer(survey=survey, respondent=enrolment.user, answers=given, actor=None, at=START)


def test_answered_names_the_response_by_person_and_survey(survey, enrolment, django_assert_num_queries):
    other = EnrolmentFactory(cohort=enrolment.cohort)
    response = answer(survey, enrolment)
    with django_assert_num_queries(1):
        found = selectors.answered(user_ids=[enrolment.user_id, other.user_id], surveys=[survey])
    assert found == {(enrolment.user_id, survey.pk): selectors.Answered(response.pk, START)}


def test_readers_are_the_program_manager_and_the_current_mentor(enrolment):
    mentor = MentorshipFactory(enrolment=enrolment).mentor
    MentorshipFactory(enrolment=enrolment, ended_at=START)
    assert selectors.readers_of(enrolment) == [enrolment.cohort.created_by, mentor]


@pytest.mark.parametrize("people", [1, 4])
def test_results_count_every_answer_and_give_an_exact_mean(
    survey, enrolment, people, django_assert_num_queries
):
    everyone = [enrolment, *EnrolmentFactory.create_batch(people - 1, cohort=enrolment.cohort)]
    for step, person in enumerate(everyone, start=1):
        answer(survey, person, prepared=step, missing="Time", hours="0.5")
    with django_assert_num_queries(2):
        found = selectors.results(survey=survey, enrolments=Enrolment.objects.filter(cohort=enrolment.cohort))
    prepared, ready, ask, hours, missing = found
    assert (prepared.n, prepared.mean) == (people, Decimal(people + 1) / 2)
    assert prepared.counts == [(str(step), int(step <= people)) for step in range(1, 6)]
    assert ready.counts == [("Yes", people), ("No", 0)]
    assert ask.counts == [("A person I know", people), ("Nobody", 0)]
    assert (hours.mean, hours.counts) == (Decimal("0.5"), [("0.5 hours", people)])
    assert [comment.text for comment in missing.comments] == ["Time"] * people
    assert missing.comments[0].response.respondent == enrolment.user


def test_results_keep_what_is_no_longer_asked_or_offered(survey, enrolment):
    answer(survey, enrolment, ask="nobody")
    from dataclasses import replace

    items = (replace(SPEC.items[2], options=(*SPEC.items[2].options[:1], option("later"))),)
    services.put_survey(track=survey.track, spec=replace(SPEC, items=items), at=START)
    found = {
        row.item.key: row for row in selectors.results(survey=survey, enrolments=Enrolment.objects.all())
    }
    assert found.keys() == {"prepared", "ready", "ask"}
    assert found["ask"].counts == [("A person I know", 0), ("Later", 0), ("nobody", 1)]


def option(key):
    from surveys.specs import OptionSpec

    return OptionSpec(key=key, text=key.capitalize())


def test_without_answers_there_is_no_mean(survey):
    prepared = selectors.results(survey=survey, enrolments=Enrolment.objects.all())[0]
    assert (prepared.n, prepared.mean) == (0, None)


def test_a_persons_answers_in_words(survey, enrolment):
    response = answer(survey, enrolment, hours="2.50")
    said = {row.item.key: row.text for row in selectors.answers_of(response)}
    assert said == {
        "prepared": "4",
        "ready": "Yes",
        "ask": "A person I know",
        "hours": "2.5 hours",
        "missing": "",
    }


def test_who_sees_a_response(survey, enrolment):
    response = answer(survey, enrolment)
    mentor = MentorshipFactory(enrolment=enrolment).mentor
    former = MentorshipFactory(enrolment=enrolment, ended_at=START).mentor
    classmate = EnrolmentFactory(cohort=enrolment.cohort).user
    manager = enrolment.cohort.created_by

    def seen(user):
        return list(type(response).objects.visible_to(user))

    assert seen(enrolment.user) == seen(mentor) == seen(manager) == [response]
    assert seen(former) == seen(classmate) == seen(UserFactory()) == []
