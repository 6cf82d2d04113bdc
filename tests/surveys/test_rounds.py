"""Answering a survey again: which round is open when, what stays of the older ones, who reads which."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from surveys import selectors, services
from surveys.models import Answer, Response, Survey
from surveys.rounds import rounds_of
from surveys.services.erasing import erase_words
from tests.people.factories import UserFactory
from tests.racing import race
from tests.surveys.factories import ANSWERS, SPEC, ResponseFactory
from tests.tracks.factories import START, EnrolmentFactory, MentorshipFactory
from tracks.errors import Refused
from tracks.models import Cohort, Enrolment
from tracks.months import REFRESHER, months_later

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
LAPSE = months_later(START, 12)
OPENS = LAPSE - REFRESHER
FORM = {f"item-{key}": value for key, value in ANSWERS.items()}


@pytest.fixture
def survey(enrolment):
    survey, _changed = services.put_survey(
        track=enrolment.track, spec=replace(SPEC, valid_months=12), at=START
    )
    return survey


def hand_in(survey, enrolment, number, at, **answers):
    person = enrolment.user
    given = {**ANSWERS, **answers}
    return services.answer(
        survey=survey, respondent=person, answers=given, actor=person, at=at, number=number
    )


def open_round(survey, enrolment, at):
    return rounds_of(survey=survey, respondent=enrolment.user, at=at).open


@pytest.mark.django_db
class TestWhenARoundIsOpen:
    @pytest.mark.parametrize(
        ("at", "number"),
        [(START, None), (OPENS - MINUTE, None), (OPENS, 2), (LAPSE, 2), (LAPSE + 1000 * DAY, 2)],
    )
    def test_from_sixty_days_before_the_lapse_and_for_good_after_it(self, survey, enrolment, at, number):
        hand_in(survey, enrolment, 1, START)
        assert open_round(survey, enrolment, at) == number

    def test_what_holds_for_a_month_is_not_asked_again_before_half_of_it_is_over(self, survey, enrolment):
        Survey.objects.update(valid_months=1)
        survey.refresh_from_db()
        hand_in(survey, enrolment, 1, START)
        half = START + (months_later(START, 1) - START) / 2
        assert [open_round(survey, enrolment, at) for at in (half - MINUTE, half)] == [None, 2]

    def test_an_answer_that_holds_for_good_is_never_asked_for_again(self, survey, enrolment):
        hand_in(survey, enrolment, 1, START)
        Survey.objects.update(valid_months=None)
        survey.refresh_from_db()
        assert open_round(survey, enrolment, LAPSE + DAY) is None
        with pytest.raises(Refused) as refusal:
            hand_in(survey, enrolment, 2, LAPSE + DAY)
        assert refusal.value.code == "round_not_open"

    @pytest.mark.parametrize(("number", "at"), [(2, OPENS - MINUTE), (3, OPENS), (0, OPENS)])
    def test_no_other_round_is_taken(self, survey, enrolment, number, at):
        hand_in(survey, enrolment, 1, START)
        with pytest.raises(Refused) as refusal:
            hand_in(survey, enrolment, number, at)
        assert refusal.value.code == "round_not_open"
        assert Response.objects.count() == 1

    def test_a_closed_cohort_hinders_the_first_round_only(self, survey, enrolment):
        hand_in(survey, enrolment, 1, START)
        Cohort.objects.update(state=Cohort.State.CLOSED)
        with pytest.raises(Refused) as refusal:
            hand_in(survey, EnrolmentFactory(cohort=enrolment.cohort), 1, OPENS)
        assert refusal.value.code == "cohort_closed"
        assert hand_in(survey, enrolment, 2, OPENS).number == 2

    def test_neither_once_the_survey_is_retired_nor_on_leave(self, survey, enrolment):
        hand_in(survey, enrolment, 1, START)
        Enrolment.objects.update(state="paused", paused_on=START.date())
        with pytest.raises(Refused, match="on leave"):
            hand_in(survey, enrolment, 2, OPENS)
        services.retire_survey(survey=survey, at=START)
        survey.refresh_from_db()
        with pytest.raises(Refused, match="no longer asked"):
            hand_in(survey, enrolment, 2, OPENS)


@pytest.mark.django_db
class TestWhatStays:
    @pytest.fixture
    def both(self, survey, enrolment):
        first = hand_in(survey, enrolment, 1, START, missing="Time", prepared=2)
        return first, hand_in(survey, enrolment, 2, OPENS, missing="Nothing", prepared=5)

    def test_the_newest_round_counts_and_the_old_one_is_kept(self, survey, enrolment, both):
        first, second = both
        found = selectors.answered(user_ids=[enrolment.user_id], surveys=[survey])
        assert found == {(enrolment.user_id, survey.pk): selectors.Answered(second.pk, OPENS)}
        rounds = rounds_of(survey=survey, respondent=enrolment.user, at=OPENS)
        assert (rounds.given, rounds.open) == ([first, second], None)
        assert rounds.holds_until == months_later(OPENS, 12)
        assert first.answers.get(item__key="prepared").value == Decimal(2)

    def test_a_round_sent_twice_is_the_same_round(self, survey, enrolment, both):
        assert hand_in(survey, enrolment, 2, OPENS + MINUTE, prepared=1) == both[1]
        assert hand_in(survey, enrolment, 1, OPENS + MINUTE, prepared=1) == both[0]
        assert Answer.objects.filter(item__key="prepared").count() == 2

    def test_everybody_is_counted_once(self, survey, enrolment, both):
        other = EnrolmentFactory(cohort=enrolment.cohort)
        hand_in(survey, other, 1, START, prepared=4)
        people = Enrolment.objects.filter(cohort=enrolment.cohort)
        means = {
            number: selectors.results(survey=survey, enrolments=people, number=number)[0].mean
            for number in (None, 1, 2)
        }
        assert means == {None: Decimal("4.5"), 1: Decimal(3), 2: Decimal(5)}
        newest = selectors.responses_of(survey=survey, enrolments=people)
        assert set(newest.values_list("respondent", "number")) == {(enrolment.user_id, 2), (other.user_id, 1)}
        assert selectors.last_round(survey=survey, enrolments=people) == 2

    def test_an_erasure_takes_the_words_of_all_rounds(self, enrolment, both):
        assert erase_words(person=enrolment.user, actor=UserFactory(), at=OPENS) == 2
        texts = {answer.text for answer in Answer.objects.filter(item__key="missing")}
        assert texts.isdisjoint({"Time", "Nothing"})
        assert Response.objects.count() == 2


@pytest.mark.django_db
class TestPages:
    @pytest.fixture
    def page(self, client, survey, enrolment, time_machine):
        hand_in(survey, enrolment, 1, START, missing="Time")
        time_machine.move_to(OPENS)
        client.force_login(enrolment.user)
        return survey.get_absolute_url()

    def test_it_is_asked_again_and_what_was_said_is_there_to_read(self, client, page, enrolment):
        html = client.get(page).content.decode()
        assert "Time to answer again" in html
        assert Response.objects.get().get_absolute_url() in html
        assert '<input type="hidden" name="round" value="2"' in html
        answered = client.post(page, {**FORM, "round": "2", "item-missing": "Nothing"}, follow=True)
        html = answered.content.decode()
        assert "Thank you, your answers are in" in html
        assert "Nothing" in html
        assert "Other rounds" in html

    @pytest.mark.parametrize(("number", "kept"), [("2", 2), ("1", 1), ("", 1), ("3", 1), ("x", 1)])
    def test_two_tabs_and_a_form_of_another_round(self, client, page, number, kept):
        for prepared in ("4", "1"):
            client.post(page, {**FORM, "round": number, "item-prepared": prepared})
        assert Response.objects.count() == kept
        newest = Response.objects.get(number=kept)
        assert newest.answers.get(item__key="prepared").value == Decimal(4)

    def test_long_after_the_cohort_has_closed_the_page_still_asks(self, client, page, enrolment):
        Cohort.objects.update(state=Cohort.State.CLOSED)
        assert "You cannot answer at the moment" not in client.get(page).content.decode()
        client.post(page, {**FORM, "round": "2"})
        assert Response.objects.count() == 2

    def test_before_its_time_the_page_says_when(self, client, page, time_machine, enrolment):
        time_machine.move_to(OPENS - DAY)
        client.force_login(enrolment.user)
        html = client.get(page).content.decode()
        assert "Thank you" in html
        assert "you can answer again" in html
        client.post(page, {**FORM, "round": "2"})
        assert Response.objects.count() == 1

    def test_mentor_and_manager_read_each_round(self, client, page, survey, enrolment):
        second = hand_in(survey, enrolment, 2, OPENS, missing="Nothing")
        first = Response.objects.get(number=1)
        client.force_login(MentorshipFactory(enrolment=enrolment).mentor)
        html = client.get(first.get_absolute_url()).content.decode()
        assert "round 1 of 2" in html
        assert second.get_absolute_url() in html
        client.force_login(enrolment.cohort.created_by)
        url = f"/surveys/{survey.pk}/results/"
        found = {query: client.get(url + query).content.decode() for query in ("", "?round=1", "?round=2")}
        assert ["Nothing" in html for html in found.values()] == [True, False, True]
        assert ["Time<" in html for html in found.values()] == [False, True, False]
        assert {client.get(f"{url}?round={bad}").status_code for bad in ("0", "3", "x", "²")} == {404}


def again(survey_id, enrolment_id):
    survey, enrolment = Survey.objects.get(pk=survey_id), Enrolment.objects.get(pk=enrolment_id)
    return str(hand_in(survey, enrolment, 2, timezone.now()).pk)


@pytest.mark.django_db(transaction=True)
def test_two_processes_that_hand_in_the_same_round_make_one(enrolment, survey):
    ResponseFactory(survey=survey, enrolment=enrolment, submitted_at=months_later(timezone.now(), -12))
    found = race(again, [(survey.pk, enrolment.pk)] * 2)
    assert len(set(found)) == 1
    assert list(Response.objects.values_list("number", flat=True)) == [1, 2]
