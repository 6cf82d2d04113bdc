"""Handing in a survey, once."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction

from surveys import services, values
from surveys.models import Answer, Item, Response
from surveys.signals import survey_answered
from tests.people.factories import UserFactory
from tests.surveys.factories import ANSWERS, ItemFactory, ResponseFactory
from tests.tracks.factories import START, EnrolmentFactory
from tracks.errors import Refused
from tracks.models import Cohort, Enrolment

pytestmark = pytest.mark.django_db
LATER = START + timedelta(days=1)


@pytest.fixture
def facts():
    heard = []

    def listen(*, facts, **_kwargs):
        heard.extend(facts)

    survey_answered.connect(listen)
    yield heard
    survey_answered.disconnect(listen)


def hand_in(survey, enrolment, answers=ANSWERS, at=START):
    person = enrolment.user
    return services.answer(survey=survey, respondent=person, answers=answers, actor=person, at=at)


def test_answers_are_kept_by_kind(survey, enrolment):
    said = {**ANSWERS, "hours": "2,5", "missing": "  Practice.\r\nTime. "}
    response = hand_in(survey, enrolment, said)
    assert {answer.item.key: answer.value for answer in response.answers.all()} == {
        "prepared": Decimal(4),
        "ready": "yes",
        "ask": "named",
        "hours": Decimal("2.5"),
        "missing": "Practice.\nTime.",
    }
    assert (response.enrolment, response.submitted_at) == (enrolment, START)


def test_it_is_announced_without_the_answers(survey, enrolment, facts):
    response = hand_in(survey, enrolment)
    (fact,) = facts
    assert (fact.kind, fact.learner_id) == ("surveys.survey_answered", enrolment.user_id)
    assert fact.subject == ("surveys.Response", str(response.pk))
    assert fact.payload == {"survey": "readiness", "track": enrolment.track.key, "round": 1}


def test_the_second_hand_in_returns_the_first(survey, enrolment, facts):
    first = hand_in(survey, enrolment)
    again = hand_in(survey, enrolment, {**ANSWERS, "prepared": 1}, at=LATER)
    assert (again, again.submitted_at) == (first, START)
    assert first.answers.get(item__key="prepared").value == Decimal(4)
    assert len(facts) == 1


def test_all_faults_are_named_at_once_and_nothing_is_kept(survey, enrolment, facts):
    with pytest.raises(ValidationError) as error:
        hand_in(survey, enrolment, {"ready": "maybe", "hours": "41", "missing": "x" * 21, "other": "1"})
    assert error.value.message_dict == {
        "prepared": ["This question needs an answer."],
        "ready": ["Choose yes or no."],
        "ask": ["This question needs an answer."],
        "hours": ["Enter a number from 0 to 40."],
        "missing": ["Use at most 20 characters; these are 21."],
        "other": ["This survey does not ask that."],
    }
    assert not Response.objects.exists()
    assert not facts


@pytest.mark.parametrize(
    ("kind", "raw", "value"),
    [
        ("likert", 1, Decimal(1)),
        ("likert", "5", Decimal(5)),
        ("yes_no", "no", "no"),
        ("number", "0", Decimal(0)),
        ("number", " 1.50 ", Decimal("1.5")),
        ("number", "-3", Decimal(-3)),
        ("text", "   ", None),
        ("likert", None, None),
    ],
)
def test_what_counts_as_an_answer(kind, raw, value):
    assert values.clean(Item(kind=kind), raw) == value


@pytest.mark.parametrize(
    ("kind", "raw"),
    [
        ("likert", "0"),
        ("likert", "6"),
        ("likert", "3.5"),
        ("likert", "three"),
        ("yes_no", "Yes"),
        ("choice", "unknown"),
        ("number", "many"),
        ("number", "NaN"),
        ("number", "Infinity"),
        ("number", "1e400"),
        ("number", "1e-400"),
        ("number", "0.1234567"),
        ("text", "x" * 2001),
        ("text", "a\x00b"),
        ("number", "1,500"),
    ],
)
def test_what_does_not(kind, raw):
    with pytest.raises(ValidationError):
        values.clean(Item(kind=kind), raw)


@pytest.mark.parametrize(
    ("low", "high", "message"),
    [(1, None, "Enter 1 or more."), (None, -1, "Enter -1 or less."), (1, 2, "Enter a number from 1 to 2.")],
)
def test_bounds_are_said(low, high, message):
    bounds = {
        name: None if n is None else Decimal(n) for name, n in {"minimum": low, "maximum": high}.items()
    }
    with pytest.raises(ValidationError, match=message):
        values.clean(Item(kind="number", **bounds), "0")


def test_nobody_answers_for_somebody_else(survey, enrolment):
    with pytest.raises(PermissionDenied):
        services.answer(
            survey=survey, respondent=enrolment.user, answers=ANSWERS, actor=UserFactory(), at=START
        )


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"state": Enrolment.State.WITHDRAWN, "withdrawn_at": START}, "not_enrolled"),
        ({"state": Enrolment.State.PAUSED, "paused_on": START.date()}, "enrolment_paused"),
    ],
)
def test_only_open_enrolments_answer(survey, enrolment, change, code):
    Enrolment.objects.filter(pk=enrolment.pk).update(**change)
    with pytest.raises(Refused) as refusal:
        hand_in(survey, enrolment)
    assert refusal.value.code == code


def test_neither_before_the_cohort_starts_nor_where_the_survey_is_retired(survey, enrolment):
    Cohort.objects.filter(pk=enrolment.cohort_id).update(state=Cohort.State.PLANNED, started_at=None)
    with pytest.raises(Refused) as refusal:
        hand_in(survey, enrolment)
    assert refusal.value.code == "cohort_not_started"
    services.retire_survey(survey=survey, at=START)
    survey.refresh_from_db()
    with pytest.raises(Refused) as refusal:
        hand_in(survey, enrolment)
    assert refusal.value.code == "survey_retired"


def test_people_of_another_track_are_not_asked(survey):
    with pytest.raises(Refused) as refusal:
        hand_in(survey, EnrolmentFactory())
    assert refusal.value.code == "not_enrolled"


@pytest.mark.parametrize(
    ("constraint", "break_it"),
    [
        ("survey_response_once_a_round", lambda r: ResponseFactory(survey=r.survey, enrolment=r.enrolment)),
        ("survey_response_rounds_from_one", lambda _r: ResponseFactory(number=0)),
        ("survey_answer_is_number_or_text", lambda r: said(r, number=1, text="one")),
        ("survey_answer_is_number_or_text", lambda r: said(r, text="")),
        ("survey_answer_once", lambda r: said(r, item=said(r, text="a").item, text="b")),
    ],
)
def test_the_database_holds_it_too(constraint, break_it):
    response = ResponseFactory()
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        break_it(response)
    assert constraint in str(error.value) or "UNIQUE" in str(error.value)


def said(response, item=None, **values):
    return Answer.objects.create(
        response=response, item=item or ItemFactory(survey=response.survey), **values
    )
