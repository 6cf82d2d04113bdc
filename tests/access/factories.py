"""Gates, tools and policies for tests."""

from decimal import Decimal

import factory

from enablement.access.models import Gate, Microtool, Policy, Prompt, RoleProfile
from tests.tracks.factories import RoleFactory, TrackFactory


class PolicyFactory(factory.django.DjangoModelFactory):
    """The policy in force, with the customer's figures."""

    class Meta:
        model = Policy
        django_get_or_create = ("id",)

    id = Policy.SINGLETON
    revision = 1
    regions = factory.LazyFunction(lambda: ["us-east-1", "eu-west-1"])
    yellow_zone_terms = factory.LazyFunction(lambda: ["refund", "policy", "PII", "escalate"])
    block_on_confidence_lt = Decimal("0.7")


class GateFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Gate

    track = factory.SubFactory(TrackFactory)
    tree = factory.LazyFunction(lambda: {"all_of": [{"type": "switch"}]})


class MicrotoolFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Microtool

    key = factory.Sequence(lambda n: f"tool_{n}")
    title = factory.Sequence(lambda n: f"Tool {n}")
    product = "zendesk"
    track = factory.SubFactory(TrackFactory)
    confidence_threshold = Decimal("0.82")


class PromptFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Prompt

    key = factory.Sequence(lambda n: f"prompt_{n}")
    microtool = factory.SubFactory(MicrotoolFactory)


class RoleProfileFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = RoleProfile

    role = factory.SubFactory(RoleFactory)
