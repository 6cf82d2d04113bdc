"""An output led to an incident: compliance hears of it, once."""

import pytest
from django.core import mail
from django.urls import reverse

from enablement.jobs.models import Job
from tests.access.outcomes.conftest import amara, ask, gateway, liaison, report, reporter, tool
from tests.jobs.conftest import run
from tests.people.factories import UserFactory

__all__ = ["amara", "ask", "gateway", "liaison", "report", "reporter", "tool"]
pytestmark = pytest.mark.django_db


def told():
    for job in Job.objects.filter(kind="enablement.access.tasks.mail_incident"):
        run(job)
    return [(message.to[0], message.subject) for message in mail.outbox]


def test_compliance_hears_what_happened_and_where_to_look(amara, ask, report, liaison):
    UserFactory(groups=["compliance"], is_active=False)
    UserFactory(groups=["security"])
    decision = ask(amara)
    report(decision, "used")
    assert told() == []
    report(decision, "incident")
    assert told() == [(liaison.email, "An incident with Triage")]
    body = mail.outbox[0].body
    assert (
        "triage-tool reports that what was decided on 9 November 2026, 09:00 UTC led to an incident." in body
    )
    assert "It was decided for Amara Okafor (amara@example.com)." in body
    assert reverse("access_decision", args=[decision]) in body


def test_nobody_hears_of_themselves(amara, ask, report, liaison):
    amara.groups.set(liaison.groups.all())
    report(ask(amara), "incident")
    assert told() == [(liaison.email, "An incident with Triage")]


def test_of_somebody_and_a_tool_unknown_here(ask, report, liaison):
    report(ask("nobody@example.com", tool="what_is_this"), "incident")
    assert told() == [(liaison.email, "An incident with a tool unknown here")]
    assert "It was decided for" not in mail.outbox[0].body


def test_what_was_corrected_meanwhile_is_not_told(amara, ask, report, liaison):
    decision = ask(amara)
    report(decision, "incident")
    report(decision, "edited")
    assert told() == []
