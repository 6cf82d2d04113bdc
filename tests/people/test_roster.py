"""The roster as a file: a plan first, then everyone or nobody."""

from datetime import UTC, datetime

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from enablement.people.models import User
from enablement.people.services import roster, update_person
from enablement.people.services.accounts import roles_of
from tests.people.factories import UserFactory
from tests.tracks.factories import RoleAssignmentFactory, RoleFactory
from tracks.csv_files import CsvFaults
from tracks.errors import Refused

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture
def roles():
    return [RoleFactory(key="frontline"), RoleFactory(key="manager")]


def faults(content, actor):
    with pytest.raises(CsvFaults) as error:
        roster.apply(content=content, actor=actor, at=NOW)
    return [(fault.line, fault.column) for fault in error.value.faults]


def test_people_are_added_changed_and_kept(keeper, roles, heard):
    kept = UserFactory(name="Kay Kept")
    changed = RoleAssignmentFactory(user__name="Old Name", role=roles[0]).user
    content = (
        "﻿Email,Name,Roles,Groups,Timezone\r\n"
        "new@example.com,Nea New,frontline; manager,mentors,Europe/Madrid\r\n"
        f"{changed.email.upper()},Cy Changed,manager,,\r\n"
        f"{kept.email},Kay Kept,,,\r\n"
    ).encode()
    lines = roster.apply(content=content, actor=keeper, at=NOW)
    assert [(line.line, line.action, list(line.changed)) for line in lines] == [
        (2, "add", []),
        (3, "change", ["name", "roles"]),
        (4, "keep", []),
    ]
    new = User.objects.get(email="new@example.com")
    assert (new.name, new.timezone, roles_of(new)) == ("Nea New", "Europe/Madrid", {"frontline", "manager"})
    assert [right.name for right in lines[0].waits] == ["mentors"]
    changed.refresh_from_db()
    assert (changed.name, changed.timezone, roles_of(changed)) == ("Cy Changed", "UTC", {"manager"})
    heard.clear()
    again = roster.apply(content=content, actor=keeper, at=NOW)
    assert ([line.action for line in again], heard) == (["keep"] * 3, [])


def test_who_has_left_by_the_file_is_closed_and_may_be_named_again(keeper, roles, heard):
    leaver = RoleAssignmentFactory(role=roles[0], user__groups=["mentors"]).user
    stays = UserFactory(name="Sal Stays")
    content = f"email,name,left\n{leaver.email},Any Name,Yes\n{stays.email},Sal Stays,\n".encode()
    lines = roster.apply(content=content, actor=keeper, at=NOW)
    assert [line.action for line in lines] == ["leave", "keep"]
    leaver.refresh_from_db()
    assert (leaver.is_active, leaver.left_at, roles_of(leaver), leaver.groups.count()) == (
        False,
        NOW,
        set(),
        0,
    )
    assert "people.person_deactivated" in heard.kinds
    heard.clear()
    again = roster.apply(content=content, actor=keeper, at=NOW)
    assert ([line.action for line in again], heard) == (["keep", "keep"], [])


def test_who_cannot_have_left(keeper, roles):
    person, gone = UserFactory(), UserFactory(is_active=False)
    content = (
        "email,name,left\n"
        f"{keeper.email},{keeper.name},yes\n"
        "nobody@example.com,Nobody,yes\n"
        f"{person.email},{person.name},soon\n"
        f"{gone.email},{gone.name},\n"
    )
    assert faults(content.encode(), keeper) == [(2, "left"), (3, "left"), (4, "left"), (5, "email")]
    person.refresh_from_db()
    assert person.is_active


def test_a_column_that_the_file_lacks_leaves_things_as_they_are(keeper, roles):
    held = RoleAssignmentFactory(role=roles[0], user__groups=["mentors"], user__timezone="Asia/Tokyo").user
    roster.apply(content=f"email,name\n{held.email},New Name\n".encode(), actor=keeper, at=NOW)
    held.refresh_from_db()
    assert (held.name, held.timezone, roles_of(held), held.groups.get().name) == (
        "New Name",
        "Asia/Tokyo",
        {"frontline"},
        "mentors",
    )


def test_every_fault_is_named_and_nobody_is_touched(keeper, roles):
    gone = UserFactory(is_active=False)
    before = User.objects.count()
    content = "\n".join(
        [
            "email,name,roles,groups,timezone",
            "good@example.com,Good,frontline,,UTC",
            "GOOD@example.com,Again,,,",
            "not an address,Bad,,,",
            "a@example.com,A,wizard,mentors;wizards,",
            "b@example.com,B,,,Mars/Olympus",
            f"{gone.email},Gone,,,",
            f"{keeper.email},{keeper.name},frontline,administrators,",
            f"c@example.com,{'x' * 201},,,",
            f"{'d' * 250}@example.com,D,,,",
        ]
    )
    assert faults(content.encode(), keeper) == [
        (3, "email"),
        (4, "email"),
        (5, "roles"),
        (5, "groups"),
        (6, "timezone"),
        (7, "email"),
        (8, "roles"),
        (8, "groups"),
        (9, "name"),
        (10, "email"),
    ]
    assert User.objects.count() == before


def test_only_who_keeps_the_roster_imports_it():
    with pytest.raises(PermissionDenied):
        roster.apply(content=b"email,name\na@example.com,A\n", actor=UserFactory(), at=NOW)


def test_the_plan_changes_nothing_and_costs_as_many_queries_for_many_as_for_few(keeper, roles):
    def measure(number):
        rows = [
            f"{person.email},{person.name},frontline,mentors" for person in UserFactory.create_batch(number)
        ]
        content = "\n".join(["email,name,roles,groups", *rows, "new@example.com,New,,"]).encode()
        with CaptureQueriesContext(connection) as captured:
            lines = roster.plan(content=content, actor=keeper)
        assert len(lines) == number + 1
        return len(captured)

    assert measure(1) == measure(12) <= 9
    assert not User.objects.filter(email="new@example.com").exists()


def test_the_command(tmp_path, capsys, roles):
    path = tmp_path / "people.csv"
    path.write_bytes(b"email;name;roles\nada@example.com;Ada;frontline\n")
    call_command("roster", "import", str(path))
    assert capsys.readouterr().out == "1 added, 0 changed, 0 deactivated, 0 as before.\n"
    assert roles_of(User.objects.get(email="ada@example.com")) == {"frontline"}


def test_the_command_names_file_line_and_column(tmp_path):
    path = tmp_path / "people.csv"
    path.write_bytes(b"email,name\nada,Ada\n")
    for file, message in (
        (path, f"{path}: Line 2, column “email”: “ada” is not an e-mail address."),
        (tmp_path / "absent.csv", f"{tmp_path}/absent.csv: No such file or directory"),
    ):
        with pytest.raises(CommandError) as error:
            call_command("roster", "import", str(file))
        assert (str(error.value), error.value.returncode) == (message, 2)


def test_where_people_work_comes_by_file_and_is_never_ones_own_to_change(keeper):
    known = UserFactory(name="Kay", region="eu-west-1", line_of_business="claims")
    head = "email,name,region,line_of_business\n"
    content = f"{head}new@example.com,Nea,ap-south-1,retail\n{known.email},Kay,,claims\n"
    [_added, line] = roster.apply(content=content.encode(), actor=keeper, at=NOW)
    new = User.objects.get(email="new@example.com")
    known.refresh_from_db()
    assert (new.region, new.line_of_business) == ("ap-south-1", "retail")
    assert (list(line.changed), known.region, known.line_of_business) == (["region"], "", "claims")
    # A file without the columns leaves them as they are.
    roster.apply(content=b"email,name\nnew@example.com,Nea\n", actor=keeper, at=NOW)
    new.refresh_from_db()
    assert new.region == "ap-south-1"
    wrong = f"{head}x@example.com,X,eu west,{'l' * 101}\n{keeper.email},{keeper.name},eu-west-1,claims\n"
    assert faults(wrong.encode(), keeper) == [
        (2, "line_of_business"),
        (2, "region"),
        (3, "region"),
        (3, "line_of_business"),
    ]
    with pytest.raises(Refused):
        update_person(
            user=keeper,
            name=keeper.name,
            groups=None,
            roles=None,
            timezone=None,
            region="eu-west-1",
            actor=keeper,
            at=NOW,
        )
