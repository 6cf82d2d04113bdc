"""Surveys as a playbook puts them."""

from dataclasses import replace
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from surveys import services
from surveys.models import Item, Survey
from surveys.specs import ItemSpec, OptionSpec
from tests.surveys.factories import ANSWERS, SPEC, ItemFactory, SurveyFactory
from tests.tracks.factories import START, TrackFactory
from tracks.errors import Refused

pytestmark = pytest.mark.django_db


def with_items(*items):
    return replace(SPEC, items=items)


def test_a_survey_is_put_with_its_items_in_order(survey):
    assert (survey.title, survey.intro, survey.anonymous) == ("Readiness", "Five questions.", False)
    assert [item.key for item in survey.items.live()] == ["prepared", "ready", "ask", "hours", "missing"]
    ask = survey.items.get(key="ask")
    assert ask.options == [{"key": "named", "text": "A person I know"}, {"key": "nobody", "text": "Nobody"}]


def test_putting_the_same_again_changes_nothing(survey):
    again, changed = services.put_survey(track=survey.track, spec=SPEC, at=START)
    assert (again, changed) == (survey, False)
    assert Item.objects.count() == 5


def test_what_the_spec_no_longer_holds_is_retired_and_comes_back(survey):
    assert services.put_survey(track=survey.track, spec=with_items(*SPEC.items[:2]), at=START)[1]
    assert [item.key for item in survey.items.live()] == ["prepared", "ready"]
    assert services.put_survey(track=survey.track, spec=SPEC, at=START)[1]
    assert survey.items.live().count() == 5


def test_a_changed_prompt_keeps_the_item(survey):
    before = survey.items.get(key="prepared")
    changed = replace(SPEC.items[0], prompt="How sure are you?")
    services.put_survey(track=survey.track, spec=with_items(changed, *SPEC.items[1:]), at=START)
    after = survey.items.get(key="prepared")
    assert (after.pk, after.prompt) == (before.pk, "How sure are you?")


def test_an_item_with_answers_keeps_its_kind(survey, enrolment):
    yes_no = replace(SPEC.items[0], kind="yes_no", low="", high="")
    assert services.put_survey(track=survey.track, spec=with_items(yes_no), at=START)[1]
    services.put_survey(track=survey.track, spec=SPEC, at=START)
    services.answer(survey=survey, respondent=enrolment.user, answers=ANSWERS, actor=None, at=START)
    with pytest.raises(ValidationError, match="has answers as likert"):
        services.put_survey(track=survey.track, spec=with_items(yes_no), at=START)


def test_an_anonymous_survey_is_refused():
    with pytest.raises(Refused) as refusal:
        services.put_survey(track=TrackFactory(), spec=replace(SPEC, anonymous=True), at=START)
    assert refusal.value.code == "survey_anonymous"
    assert not Survey.objects.exists()


def test_retiring_is_said_once(survey):
    assert services.retire_survey(survey=survey, at=START)
    assert not services.retire_survey(survey=survey, at=START)
    survey.refresh_from_db()
    assert survey.retired_at == START


@pytest.mark.parametrize(
    ("item", "problem"),
    [
        (ItemSpec(key="a", kind="stars", prompt="?"), "its kind must be one of"),
        (ItemSpec(key="a", kind="likert", prompt="  "), "it has no prompt"),
        (ItemSpec(key="a", kind="choice", prompt="?"), "it needs at least two options"),
        (
            ItemSpec(
                key="a",
                kind="choice",
                prompt="?",
                options=(OptionSpec(key="x", text="1"), OptionSpec(key="x", text="2")),
            ),
            "two options have the same key",
        ),
        (
            ItemSpec(key="a", kind="number", prompt="?", minimum=Decimal(5), maximum=Decimal(4)),
            "its minimum is above its maximum",
        ),
        (ItemSpec(key="a", kind="text", prompt="?", max_length=0), "its greatest length"),
        (ItemSpec(key="a", kind="text", prompt="?", unit="hours"), "only a number has bounds"),
        (ItemSpec(key="a", kind="yes_no", prompt="?", low="Not at all"), "only a likert item"),
    ],
)
def test_an_item_that_cannot_be_asked_is_named(item, problem):
    with pytest.raises(ValidationError, match=f"Item “a”: {problem}"):
        services.put_survey(track=TrackFactory(), spec=with_items(item), at=START)


def test_two_items_of_one_key_and_an_empty_survey_are_named():
    with pytest.raises(ValidationError, match="Item “prepared” stands in the survey 2 times"):
        with_items(SPEC.items[0], SPEC.items[0]).check()
    with pytest.raises(ValidationError, match="asks nothing"):
        with_items().check()


@pytest.mark.parametrize(
    ("constraint", "break_it"),
    [
        ("survey_key_unique_in_track", lambda s: SurveyFactory(track=s.track, key=s.key)),
        ("survey_is_named", lambda s: SurveyFactory(anonymous=True)),
        ("survey_holds_for_some_time", lambda s: SurveyFactory(valid_months=0)),
        ("survey_item_key_unique", lambda s: ItemFactory(survey=s, key="prepared")),
        ("survey_item_kind_known", lambda s: ItemFactory(survey=s, kind="stars")),
        ("survey_item_bounds_in_order", lambda s: ItemFactory(survey=s, minimum=2, maximum=1)),
    ],
)
def test_the_database_holds_it_too(survey, constraint, break_it):
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        break_it(survey)
    assert constraint in str(error.value) or "UNIQUE" in str(error.value)
