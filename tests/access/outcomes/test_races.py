"""Two reports at once: one latest report of a decision, and nobody slips past the rule."""

import uuid

import pytest

from enablement.access.models import Grant, GrantHold, Microtool, OutcomeReport
from enablement.access.services.outcomes import Said, report_outcome
from enablement.ledger.models import LedgerEntry
from enablement.people.models import ApiToken
from tests.access.conftest import NOW
from tests.racing import race

pytestmark = pytest.mark.django_db(transaction=True)
REPORTERS = 4


def send(decision, outcome):
    said = Said(outcome=outcome, key=uuid.uuid4().hex)
    token = ApiToken.objects.get(name="triage-tool")
    report, _new = report_outcome(decision=uuid.UUID(decision), said=said, token=token, at=NOW)
    return report.number


def test_reports_of_one_decision_follow_on_one_another(amara, ask, reporter):
    decision = str(ask(amara))
    numbers = race(send, [[decision, outcome] for outcome in ("used", "edited", "reworked", "incident")])
    assert sorted(numbers) == [1, 2, 3, 4]
    assert OutcomeReport.objects.uncorrected().get().number == REPORTERS
    assert LedgerEntry.objects.filter(kind="access.outcome_reported").count() == REPORTERS


def test_of_reports_that_complete_it_together_one_suspends(amara, ask, reporter, tool):
    Microtool.objects.filter(pk=tool.pk).update(rework_count=4, rework_of=4, rework_days=14)
    race(send, [[str(ask(amara)), "reworked"] for _each in range(REPORTERS)])
    assert Grant.objects.get().state == "suspended"
    assert GrantHold.objects.get().reason.endswith(
        "4 of 4 were reworked or overturned. The tool closes at 4 of 4."
    )
    assert LedgerEntry.objects.filter(kind="access.grant_suspended").count() == 1
