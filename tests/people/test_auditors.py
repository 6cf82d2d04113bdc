"""Somebody reads the record for a time: nothing but that, not a day longer, and all of it on record."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone

from enablement.ledger.models import LedgerEntry
from enablement.people.models import AuditorAccess, User
from enablement.people.services import (
    deactivate,
    end_auditor_access,
    give_auditor_access,
    reactivate,
)
from tests.people.factories import UserFactory
from tracks.errors import Refused

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
#: The database's own clock tells when it is over.
NOW = timezone.now()
OPEN = (
    "access_log",
    "access_log_csv",
    "access_roles",
    "access_roles_csv",
    "evidence_packs",
    "access_records",
)
SHUT = ("access_overview", "access_stops", "roster", "tokens", "auditors", "access_rules", "playbooks")


@pytest.fixture
def officer():
    return UserFactory(groups=["compliance"], timezone="UTC")


@pytest.fixture
def auditor():
    return UserFactory(name="Ada Audit", email="ada@auditors.example")


def give(officer, auditor, *, at=NOW, **changes):
    said = {"person": auditor, "reason": "Annual audit", "ends_at": at + 30 * DAY} | changes
    return give_auditor_access(actor=officer, at=at, **said)


def test_they_read_the_record_and_change_nothing(client, officer, auditor):
    client.force_login(auditor)
    assert {client.get(reverse(name)).status_code for name in OPEN} == {403}
    give(officer, auditor)
    assert {client.get(reverse(name)).status_code for name in OPEN} == {200}
    assert {client.get(reverse(name)).status_code for name in SHUT} == {403}
    assert client.post(reverse("access_records"), {"reason": "x"}).status_code == 403
    assert User.objects.get(pk=auditor.pk).get_all_permissions() == {"ledger.view_ledgerentry"}
    read = LedgerEntry.objects.filter(actor_id=auditor.pk).values_list("kind", flat=True)
    assert sorted(read) == [
        "access.log_read",
        "access.log_read",
        "access.packs_read",
        "access.records_read",
        "access.role_audit_read",
        "access.role_audit_read",
    ]


@pytest.mark.parametrize("over", ["in time", "by somebody", "not begun"])
def test_when_it_is_over_the_next_page_is_refused(client, officer, auditor, over):
    access = give(officer, auditor)
    client.force_login(auditor)
    assert client.get(reverse("access_log")).status_code == 200
    if over == "by somebody":
        end_auditor_access(access=access, actor=officer, at=timezone.now())
    elif over == "in time":
        AuditorAccess.objects.update(starts_at=NOW - DAY, ends_at=timezone.now())
    else:
        AuditorAccess.objects.update(starts_at=NOW + DAY)
    assert client.get(reverse("access_log")).status_code == 403


def test_it_is_recorded_and_ends_once(officer, auditor):
    access = give(officer, auditor)
    end_auditor_access(access=access, actor=officer, at=NOW + DAY)
    with pytest.raises(Refused, match="ended already"):
        end_auditor_access(access=access, actor=officer, at=NOW + DAY)
    entries = LedgerEntry.objects.filter(kind__startswith="people.auditor_access_").order_by("at")
    assert [(one.kind, one.actor_id) for one in entries] == [
        ("people.auditor_access_given", officer.pk),
        ("people.auditor_access_ended", officer.pk),
    ]


def test_what_is_refused(officer, auditor):
    with pytest.raises(PermissionDenied):
        give(UserFactory(groups=["legal"]), auditor)
    with pytest.raises(Refused, match="90 days"):
        give(officer, auditor, ends_at=NOW + 91 * DAY)
    with pytest.raises(ValidationError):
        give(officer, auditor, reason=" ")
    with pytest.raises(ValidationError, match="over already"):
        give(officer, auditor, ends_at=NOW - DAY)
    with pytest.raises(ValidationError, match="Nobody gives"):
        give(officer, officer)
    give(officer, auditor)
    with pytest.raises(Refused, match="already"):
        give(officer, auditor)
    gone = UserFactory(is_active=False)
    with pytest.raises(Refused, match="closed"):
        give(officer, gone)


BROKEN = {
    "auditor_access_says_what_for": {"reason": ""},
    "auditor_access_ends": {"ends_at": NOW},
    "auditor_access_ended_by_whom": {"ended_at": NOW},
    "auditor_access_given_by_another": {},
}


@pytest.mark.parametrize("name", BROKEN)
def test_the_database_refuses_the_rest(officer, auditor, name):
    give(officer, auditor)
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        AuditorAccess.objects.update(**(BROKEN[name] or {"given_by": auditor}))


def test_the_page(client, officer, auditor):
    client.force_login(officer)
    page = reverse("auditors")
    assert "No auditor is let in" in client.get(page).content.decode()
    last = f"{timezone.now() + 10 * DAY:%Y-%m-%d}"
    said = {"person": "ADA@auditors.example", "reason": "Annual audit", "last": last}
    for wrong in ({"person": "x@y.example"}, {"reason": ""}, {"last": ""}, {"last": "2020-01-01"}):
        assert client.post(page, said | wrong).status_code == 422
    assert client.post(page, said).url == page
    assert client.post(page, said).status_code == 422
    access = AuditorAccess.objects.get()
    assert f"{access.ends_at:%Y-%m-%d %H:%M}" == f"{timezone.now() + 11 * DAY:%Y-%m-%d} 00:00"
    shown = client.get(page).content.decode()
    end = reverse("auditor_end", args=[access.pk])
    assert ("Ada Audit" in shown, end in shown) == (True, True)
    assert client.get(end).status_code == 405
    assert client.post(end).url == page
    assert client.post(end).status_code == 404
    client.force_login(auditor)
    assert client.get(page).status_code == 403


def test_who_leaves_ends_it_and_comes_back_without_it(officer, auditor):
    give(officer, auditor)
    deactivate(user=auditor, actor=None, at=NOW + DAY)
    reactivate(user=auditor, actor=None, at=NOW + 2 * DAY)
    assert not AuditorAccess.objects.live(at=NOW + DAY).exists()
    assert not AuditorAccess.objects.live(at=NOW + 2 * DAY).exists()
    ended = LedgerEntry.objects.get(kind="people.auditor_access_ended")
    assert (ended.at, ended.actor_id) == (NOW + DAY, None)


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01"])
def test_a_day_that_no_calendar_reaches_is_a_fault_of_the_form(client, officer, auditor, day):
    client.force_login(officer)
    said = {"person": auditor.email, "reason": "Annual audit", "last": day}
    assert client.post(reverse("auditors"), said).status_code == 422
    hold = {"reason": "A dispute", "first": day, "last": day, "review_on": "2027-01-31"}
    assert client.post(reverse("access_records"), hold).status_code == 422
    for name in ("access_log", "access_log_csv"):
        assert client.get(reverse(name), {"first": day, "last": day}).status_code < 500


def test_who_ends_it_too_late_reads_that_it_has_ended(client, officer, auditor, monkeypatch):
    """Another officer ends it after this page has found it."""
    access = give(officer, auditor, at=timezone.now())

    def found_then_ended(rows, **where):
        found = get_object_or_404(rows, **where)
        end_auditor_access(access=found, actor=officer, at=timezone.now())
        return found

    monkeypatch.setattr("enablement.people.views.auditors.get_object_or_404", found_then_ended)
    client.force_login(officer)
    response = client.post(reverse("auditor_end", args=[access.pk]), follow=True)
    assert response.redirect_chain == [(reverse("auditors"), 302)]
    page = response.content.decode()
    assert ("This has ended already." in page, "They may no longer read" in page) == (True, False)
    assert LedgerEntry.objects.filter(kind="people.auditor_access_ended").count() == 1
