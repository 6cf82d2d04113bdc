"""Rights to decide about others: one person asks by the roster, another confirms, or nobody holds them."""

from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from django.core import mail
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from enablement.ledger.models import LedgerEntry
from enablement.people.models import RightRequest, User
from enablement.people.services import deactivate, rights, rights_mail, roster
from enablement.people.services.accounts import roles_of
from enablement.people.tasks import lapse_rights
from tests.people.factories import UserFactory
from tests.tracks.factories import RoleAssignmentFactory, RoleFactory
from tracks.csv_files import CsvFaults
from tracks.errors import Refused

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
DAY = timedelta(days=1)
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def roles():
    return [RoleFactory(key="frontline"), RoleFactory(key="ops_manager", title="Operations manager")]


@pytest.fixture
def second():
    return UserFactory(name="Sam Second", groups=["security"])


def bring(keeper, *lines, at=NOW):
    content = "\n".join(["email,name,groups,roles", *lines]).encode()
    return roster.apply(content=content, actor=keeper, at=at)


def ask(keeper, *, groups="legal", at=NOW):
    bring(keeper, f"ada@example.com,Ada Byron,{groups},frontline", at=at)
    return RightRequest.objects.open().latest("asked_at")


def groups_of(email="ada@example.com"):
    return sorted(User.objects.get(email=email).groups.values_list("name", flat=True))


def test_what_decides_waits_and_the_rest_of_the_file_is_done(keeper):
    kept = RoleAssignmentFactory(user__name="Kay", user__groups=["legal", "mentors"], role__key="other").user
    lines = bring(
        keeper,
        "ada@example.com,Ada Byron,security;legal,frontline;ops_manager",
        f"{kept.email},Kay,legal;quality,other",
    )
    assert [[right.name for right in line.waits] for line in lines] == [
        ["legal", "security", "ops_manager"],
        ["quality"],
    ]
    ada = User.objects.get(email="ada@example.com")
    assert (groups_of(), roles_of(ada)) == ([], {"frontline"})
    # Taking away is one person's: no longer a mentor, at once.
    assert groups_of(kept.email) == ["legal"]
    waiting = RightRequest.objects.waiting(at=NOW)
    assert {(one.person, one.kind, one.name, one.asked_by) for one in waiting} == {
        (ada, "group", "legal", keeper),
        (ada, "group", "security", keeper),
        (ada, "role", "ops_manager", keeper),
        (kept, "group", "quality", keeper),
    }
    assert {one.lapses_at for one in waiting} == {NOW + 14 * DAY}
    again = bring(keeper, "ada@example.com,Ada Byron,security;legal,frontline;ops_manager", at=NOW + DAY)
    assert (again[0].action, RightRequest.objects.count()) == ("keep", 4)


def test_a_second_person_confirms_and_only_then_is_it_held(keeper, second):
    right = ask(keeper)
    with pytest.raises(Refused, match="You asked for this"):
        rights.confirm(right=right, actor=keeper, at=NOW)
    own = User.objects.get(email="ada@example.com")
    own.groups.add(*second.groups.all())
    with pytest.raises(Refused, match="of their own"):
        rights.confirm(right=right, actor=User.objects.get(pk=own.pk), at=NOW)
    own.groups.clear()
    with pytest.raises(PermissionDenied):
        rights.confirm(right=right, actor=UserFactory(groups=["mentors"]), at=NOW)
    assert groups_of() == []
    rights.confirm(right=right, actor=second, at=NOW + DAY)
    assert groups_of() == ["legal"]
    with pytest.raises(Refused, match="decided already"):
        rights.confirm(right=right, actor=second, at=NOW + DAY)
    entries = LedgerEntry.objects.filter(kind__startswith="people.right_").order_by("at")
    assert [(one.kind, one.actor_id) for one in entries] == [
        ("people.right_asked", keeper.pk),
        ("people.right_confirmed", second.pk),
    ]


def test_a_role_is_added_to_those_that_are_held(keeper, second):
    bring(keeper, "ada@example.com,Ada Byron,,frontline;ops_manager")
    rights.confirm(right=RightRequest.objects.get(), actor=second, at=NOW)
    assert roles_of(User.objects.get(email="ada@example.com")) == {"frontline", "ops_manager"}


def test_turned_down_with_a_reason_that_who_asked_reads(keeper, second):
    right = ask(keeper)
    with pytest.raises(ValidationError):
        rights.turn_down(right=right, reason=" ", actor=second, at=NOW)
    with pytest.raises(Refused):
        rights.turn_down(right=right, reason="No", actor=keeper, at=NOW)
    rights.turn_down(right=right, reason="Nobody of that name works in legal", actor=second, at=NOW)
    assert groups_of() == []
    assert rights_mail.mail(right_ids=[right.pk], occasion="turned_down", at=NOW) == 1
    message = mail.outbox[-1]
    assert message.to == [keeper.email]
    assert message.subject == "Turned down: Legal for Ada Byron"
    assert "Nobody of that name works in legal" in message.body


def test_after_14_days_it_has_lapsed_and_may_be_asked_again(keeper, second, time_machine):
    right = ask(keeper)
    with pytest.raises(Refused, match="lapsed"):
        rights.confirm(right=right, actor=second, at=NOW + 14 * DAY)
    assert rights.lapse(at=NOW + 14 * DAY - timedelta(seconds=1)) == 0
    anew = ask(keeper, at=NOW + 14 * DAY)
    right.refresh_from_db()
    assert (right.decision, right.decided_by, anew.pk != right.pk) == ("lapsed", None, True)
    entry = LedgerEntry.objects.get(kind="people.right_lapsed")
    assert (entry.subject_id, entry.actor_id) == (str(right.pk), None)
    RightRequest.objects.filter(pk=anew.pk).update(lapses_at=NOW + 14 * DAY + timedelta(seconds=1))
    time_machine.move_to(NOW + 15 * DAY)
    lapse_rights()
    assert not RightRequest.objects.open().exists()


def test_what_a_later_file_no_longer_names_or_who_leaves_is_withdrawn(keeper, second):
    first = ask(keeper)
    bring(keeper, "ada@example.com,Ada Byron,,frontline")
    left = ask(keeper, groups="compliance")
    deactivate(user=left.person, actor=keeper, at=NOW)
    for right in (first, left):
        right.refresh_from_db()
        assert (right.decision, right.decided_by) == ("withdrawn", keeper)
        with pytest.raises(Refused):
            rights.confirm(right=right, actor=second, at=NOW)


def test_nobody_asks_for_their_own_by_file(keeper):
    with pytest.raises(CsvFaults) as error:
        bring(keeper, f"{keeper.email},{keeper.name},authors;security,ops_manager")
    assert [fault.column for fault in error.value.faults] == ["roles", "groups"]
    assert not RightRequest.objects.exists()


def test_the_shell_gives_directly_and_what_waited_for_that_no_longer_does(tmp_path, keeper):
    path = tmp_path / "people.csv"
    right = ask(keeper)
    path.write_text("email,name,groups,roles\nada@example.com,Ada,legal,ops_manager\n")
    call_command("roster", "import", str(path))
    right.refresh_from_db()
    assert (groups_of(), RightRequest.objects.count(), right.decision) == (["legal"], 1, "withdrawn")


BROKEN = {
    "right_request_names_a_right": {"name": ""},
    "right_request_takes_two_people": {"decision": "confirmed", "decided_at": NOW, "decided_by": "keeper"},
    "right_request_is_not_for_oneself": {"asked_by": "person"},
    "right_request_decided_by_whom": {"decision": "confirmed", "decided_at": NOW},
    "right_request_turned_down_why": {
        "decision": "turned_down",
        "decided_at": NOW,
        "decided_by": "second",
    },
    "right_request_lapses_within_14_days": {"lapses_at": NOW + 15 * DAY},
}


@pytest.mark.parametrize("name", BROKEN)
def test_the_database_refuses_the_rest(keeper, second, name):
    right = ask(keeper)
    people = {"keeper": keeper, "second": second, "person": right.person}
    broken = {field: people.get(value, value) for field, value in BROKEN[name].items()}
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        RightRequest.objects.update(**broken)


def test_the_database_lets_each_wait_once_and_nobody_confirm_their_own(keeper):
    right = ask(keeper)
    with pytest.raises(IntegrityError, match=r"right_request_waits_once|UNIQUE"), transaction.atomic():
        RightRequest.objects.create(
            person=right.person,
            kind=right.kind,
            name=right.name,
            asked_by=keeper,
            asked_at=NOW,
            lapses_at=NOW + DAY,
        )
    with pytest.raises(IntegrityError, match="right_request_takes_two_people"), transaction.atomic():
        RightRequest.objects.update(decision="confirmed", decided_at=NOW, decided_by=right.person)


def test_whoever_may_confirm_is_mailed_once_for_a_file_and_who_asked_is_not(keeper, second):
    other = UserFactory(groups=["administrators"])
    UserFactory(groups=["mentors"])
    bring(keeper, "ada@example.com,Ada Byron,security;legal,", "bo@example.com,Bo,mentors,")
    ids = list(RightRequest.objects.values_list("pk", flat=True))
    assert rights_mail.mail(right_ids=ids, occasion="asked", at=NOW) == 2
    assert sorted(message.to[0] for message in mail.outbox) == sorted([other.email, second.email])
    message = mail.outbox[0]
    assert message.subject == "3 rights wait for a second person"
    assert f"Ada Byron: Legal, asked by {keeper.name}" in message.body
    assert f"{settings.SITE_URL}{reverse('rights')}" in message.body
    assert rights_mail.mail(right_ids=ids, occasion="asked", at=NOW + 14 * DAY) == 0


def test_the_pages(client, keeper, second):
    client.force_login(keeper)
    rows = "email,name,groups\nada@example.com,Ada Byron,legal;security\n"
    plan = client.post(reverse("roster_upload"), {"text": rows})
    assert "Some rights will wait for a second person" in plan.text
    done = client.post(reverse("roster_upload"), {"content": rows}, follow=True)
    assert "2 rights wait for a second person." in done.text
    legal = RightRequest.objects.get(name="legal")
    page, confirm = reverse("right", args=[legal.pk]), reverse("right_confirm", args=[legal.pk])
    turn_down = reverse("right_turn_down", args=[legal.pk])
    asked = client.get(reverse("rights")).text
    assert ("Ada Byron: Legal" in asked, confirm in asked, confirm in client.get(page).text) == (
        True,
        False,
        False,
    )
    assert client.post(confirm).status_code == 409
    assert client.post(turn_down, {"reason": "No"}).status_code == 409
    person = client.get(reverse("roster_person", args=[legal.person_id])).text
    assert "Legal, Security" in person
    client.force_login(UserFactory(groups=["mentors", "legal"]))
    assert {client.get(url).status_code for url in (reverse("rights"), page)} == {403}
    assert {client.post(url).status_code for url in (confirm, turn_down)} == {403}
    client.force_login(second)
    assert confirm in client.get(page).text
    assert {client.get(url).status_code for url in (confirm, turn_down)} == {405}
    assert client.post(turn_down, {"reason": ""}).status_code == 422
    assert client.post(turn_down, {"reason": "No such person"}).url == reverse("rights")
    assert "No such person" in client.get(page).text
    security = RightRequest.objects.get(name="security")
    assert client.post(reverse("right_confirm", args=[security.pk])).url == reverse("rights")
    assert groups_of() == ["security"]
    shown = client.get(reverse("rights")).text
    assert ("Confirmed" in shown, "Turned down" in shown, "Nothing waits" in shown) == (True, True, True)


def test_the_list_costs_as_many_queries_for_many_as_for_few(client, keeper, second):
    def cost():
        with CaptureQueriesContext(connection) as captured:
            client.get(reverse("rights"))
        return len(captured)

    client.force_login(second)
    bring(keeper, "a0@example.com,A,legal,ops_manager", at=timezone.now())
    client.get(reverse("rights"))
    small = cost()
    bring(keeper, *[f"a{n}@example.com,A,legal;security,ops_manager" for n in range(12)], at=timezone.now())
    assert cost() == small
