"""Surveys for tests."""

from decimal import Decimal

import factory

from surveys.models import Item, Response, Survey
from surveys.specs import ItemSpec, OptionSpec, SurveySpec
from tests.tracks.factories import START, EnrolmentFactory, TrackFactory

#: One item of each kind.
SPEC = SurveySpec(
    key="readiness",
    title="Readiness",
    intro="Five questions.",
    items=(
        ItemSpec(
            key="prepared",
            kind="likert",
            prompt="How well prepared are you?",
            low="Not at all",
            high="Fully",
            required=True,
        ),
        ItemSpec(key="ready", kind="yes_no", prompt="Are you ready for live tickets?", required=True),
        ItemSpec(
            key="ask",
            kind="choice",
            prompt="Whom would you ask?",
            options=(
                OptionSpec(key="named", text="A person I know"),
                OptionSpec(key="nobody", text="Nobody"),
            ),
            required=True,
        ),
        ItemSpec(
            key="hours",
            kind="number",
            prompt="How many hours did it take?",
            minimum=Decimal(0),
            maximum=Decimal(40),
            unit="hours",
        ),
        ItemSpec(key="missing", kind="text", prompt="What is missing?", max_length=20),
    ),
)
#: The least that can be handed in.
ANSWERS = {"prepared": 4, "ready": "yes", "ask": "named"}


class SurveyFactory(factory.django.DjangoModelFactory):
    """A survey that asks nothing yet; `put_survey` makes a whole one."""

    class Meta:
        model = Survey

    track = factory.SubFactory(TrackFactory)
    key = factory.Sequence(lambda n: f"survey-{n}")
    title = factory.Sequence(lambda n: f"Survey {n}")


class ItemFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Item

    survey = factory.SubFactory(SurveyFactory)
    key = factory.Sequence(lambda n: f"item-{n}")
    kind = Item.Kind.LIKERT
    prompt = "How well prepared are you?"
    position = factory.Sequence(int)


class ResponseFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Response

    enrolment = factory.SubFactory(EnrolmentFactory)
    respondent = factory.SelfAttribute("enrolment.user")
    survey = factory.SubFactory(SurveyFactory, track=factory.SelfAttribute("..enrolment.track"))
    submitted_at = START
