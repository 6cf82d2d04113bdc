# ruff: noqa: E501  (a change is one line, as it is in the file)
"""What a plan says it cannot count, and who called the tools lately."""

import uuid
from datetime import timedelta

import pytest

from enablement.access.models import DecisionRecord
from enablement.playbook import services
from tests.playbook.conftest import NOW
from tests.playbook.small import YAML, alone, bundle
from tests.playbook.test_overlay_editor import HEAD

pytestmark = pytest.mark.django_db
ADA, BEN = uuid.uuid4(), uuid.uuid4()
LATELY = "Called in the last 30 days: Summariser by 2 people."


@pytest.fixture
def in_force():
    """Ada called twice, Ben once; somebody else long ago, and with another tool."""
    services.put_in_force(
        bundle=bundle(YAML + HEAD + "    human_in_loop: true\n"), base_number=0, actor=None, at=NOW
    )
    called = [
        (ADA, "summariser", 1),
        (ADA, "summariser", 2),
        (BEN, "summariser", 29),
        (uuid.uuid4(), "summariser", 31),
        (uuid.uuid4(), "other", 1),
    ]
    for position, (person, tool, days) in enumerate(called, start=1):
        DecisionRecord.objects.create(
            position=position,
            entry=uuid.uuid4(),
            at=NOW - timedelta(days=days),
            person=person,
            microtool=tool,
            outcome="allow",
            reason="granted",
        )


def notes(old, new, text=YAML + HEAD + "    human_in_loop: true\n"):
    assert old in text
    found = services.plan(bundle=alone(text.replace(old, new)), at=NOW)
    return [note for note in found.notes if "alled" in note or "ot counted" in note]


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("confidence_threshold: 0.82", "confidence_threshold: 0.9", "the threshold of Summariser"),
        ("confidence < 0.9 =>", "confidence < 0.95 =>", "the approval rule of Summariser"),
        ('terms: ["refund"]', 'terms: ["refund", "credit"]', "the yellow-zone words"),
        ("block_on_confidence_lt: 0.7", "block_on_confidence_lt: 0.75", "the confidence below which outputs are blocked"),
        ('allowed: ["eu-west-1"]', 'allowed: ["us-east-1"]', "the regions of calls (where people work is counted)"),
        ("human_in_loop: true", "confidence_threshold: 0.9", "what “Claims” asks of calls"),
        ("risk_tolerance: [low]}", "lines_of_business: [claims]}", "what “Claims” asks of calls"),
    ],
)  # fmt: skip
def test_what_cannot_be_counted_is_said_with_who_called_lately(in_force, old, new, reason):
    said = f"Not counted: whose calls will be answered otherwise because of {reason}."
    assert notes(old, new) == [said, LATELY]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("duration_min: 10", "duration_min: 15"),
        ("    human_in_loop: true\n", "    human_in_loop: true\n    gating_conditions: [{type: survey, survey: ready}]\n"),
    ],
)  # fmt: skip
def test_where_calls_are_answered_as_before_nothing_is_said(in_force, old, new):
    assert notes(old, new) == []


def test_a_tool_that_nobody_called_is_said_to_be_so(in_force):
    DecisionRecord.objects.all().delete()
    assert notes("confidence_threshold: 0.82", "confidence_threshold: 0.9")[1] == (
        "Nobody called these tools in the last 30 days."
    )
