"""What tests of people share."""

import pytest

from enablement.people import signals as people
from tests.people.factories import UserFactory
from tests.tracks.conftest import Heard
from tracks import signals as tracks


@pytest.fixture
def heard():
    """Everything that people and tracks announce during a test."""
    facts = Heard()
    every = [
        value
        for module in (people, tracks)
        for value in vars(module).values()
        if isinstance(value, tracks.Signal)
    ]
    for signal in every:
        signal.connect(facts.listen, weak=False)
    yield facts
    for signal in every:
        signal.disconnect(facts.listen)


@pytest.fixture
def keeper(db):
    """One who keeps the roster."""
    return UserFactory(groups=["authors"])
