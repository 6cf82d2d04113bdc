"""Who is let in to read the record hears until when and where; once, and not when it is over already."""

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from enablement.access.services import telling
from enablement.jobs.models import Job
from enablement.people.services import end_auditor_access, give_auditor_access
from tests.people.factories import UserFactory

pytestmark = pytest.mark.django_db
#: The database's own clock tells when it is over.
NOW = timezone.now()
END = NOW + timedelta(days=30)


@pytest.fixture
def access():
    return give_auditor_access(
        person=UserFactory(email="ada@auditors.example", timezone="Europe/Berlin"),
        reason="Annual audit",
        ends_at=END,
        actor=UserFactory(name="Cora Compliance", groups=["compliance"]),
        at=NOW,
    )


def test_they_hear_until_when_in_their_zone_and_where(access, client):
    job = Job.objects.get(kind="enablement.access.tasks.mail_auditor")
    assert job.args == {"access_id": str(access.pk)}
    assert [telling.mail_auditor(access_id=access.pk, at=NOW) for _time in range(2)] == [1, 1]
    first, second = mail.outbox
    assert first.extra_headers["Message-ID"] == second.extra_headers["Message-ID"]
    assert first.to == ["ada@auditors.example"]
    assert first.subject.startswith("You may read the record until ")
    assert "Cora Compliance has let you read the record until" in first.body
    assert "CE" in first.body.splitlines()[0].rpartition(" It ends")[0]
    assert "What for: Annual audit" in first.body
    client.force_login(access.person)
    links = [line.rpartition(": ")[2] for line in first.body.splitlines() if line.startswith("- ")]
    assert [client.get(link).status_code for link in links] == [200, 200, 200, 200]


def test_what_is_over_is_told_to_nobody(access):
    end_auditor_access(access=access, actor=access.given_by, at=NOW + timedelta(minutes=1))
    assert telling.mail_auditor(access_id=access.pk, at=NOW + timedelta(minutes=2)) == 0
    assert Job.objects.filter(kind="enablement.access.tasks.mail_auditor").count() == 1
