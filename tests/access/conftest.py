"""A gate that a test opens and closes by hand, so that grants are tested apart from what proves skill."""

from datetime import UTC, datetime

import pytest

from enablement.access import registry
from enablement.access.leaves import Leaf
from tests.people.factories import UserFactory

NOW = datetime(2026, 11, 9, 9, 0, tzinfo=UTC)


class Switch:
    """A requirement that is met for the people in `on`; `lapses` says until when."""

    name = "switch"
    params = registry.Params

    def __init__(self):
        self.on = set()
        self.lapses = None

    def evaluate(self, *, track, enrolments, params, at):
        return {enrolment.pk: self._leaf(enrolment.user_id in self.on) for enrolment in enrolments}

    def _leaf(self, met):
        proof = ("tests.switch:1",) if met else ()
        return Leaf(
            type="switch",
            label="Switch",
            met=met,
            required="on",
            actual="on" if met else "off",
            next_step="" if met else "Switch it on",
            link="" if met else "/switch/",
            proof=proof,
            lapses_at=self.lapses,
        )


@pytest.fixture
def switch(monkeypatch):
    requirement = Switch()
    monkeypatch.setitem(registry._registry, "switch", requirement)
    return requirement


def warden():
    """One who may change access by hand."""
    return UserFactory(perms=["access.control_access"])
