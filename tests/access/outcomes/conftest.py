"""Amara's tool is open, a gateway asks for her, and the tool reports what became of it."""

import json

import pytest

from enablement.access.models import Grant
from enablement.access.services.outcomes import Said, report_outcome
from tests.access.audit.conftest import amara, ask, gateway, liaison, tool
from tests.access.conftest import NOW
from tests.people.factories import ApiTokenFactory

__all__ = ["amara", "ask", "gateway", "liaison", "tool"]


@pytest.fixture
def reporter(db):
    return ApiTokenFactory(name="triage-tool", secret="reporter", scopes=["records:write"])


@pytest.fixture
def grant(amara):
    return Grant.objects.get(user=amara)


@pytest.fixture
def report(reporter):
    """Reports by the service; the report."""

    def reported(decision, outcome="used", at=NOW, **said):
        return report_outcome(decision=decision, said=Said(outcome=outcome, **said), token=reporter, at=at)[0]

    return reported


@pytest.fixture
def outputs(amara, ask, report):
    """So many decisions, each with its report."""

    def made(at=NOW, **outcomes):
        return [
            report(ask(amara, at=at), outcome, at=at)
            for outcome, count in outcomes.items()
            for _each in range(count)
        ]

    return made


@pytest.fixture
def send(client, reporter):
    """POSTs a report to the door."""

    def sent(decision, body, secret="reporter", key=""):
        return client.post(
            f"/access/v1/decisions/{decision}/outcome",
            json.dumps(body),
            content_type="application/json",
            headers={"Authorization": f"Bearer {secret}"} | ({"Idempotency-Key": key} if key else {}),
        )

    return sent
