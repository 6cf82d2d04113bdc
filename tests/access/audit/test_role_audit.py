"""Who could do what at a moment, reconstructed from the ledger."""

import csv
import io
import json
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from enablement.access import role_audit
from enablement.access.history import grant_history
from enablement.access.models import Grant, Policy
from enablement.access.services import control, emergencies
from enablement.access.services.grants import reevaluate
from enablement.ledger.models import LedgerEntry
from tests.access.conftest import NOW, warden
from tests.access.factories import MicrotoolFactory
from tests.ledger.factories import add_revision
from tests.people.factories import UserFactory
from tests.tracks.factories import EnrolmentFactory, RoleAssignmentFactory

pytestmark = pytest.mark.django_db
COHORT_QUERIES = 18
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def playbook(db):
    add_revision(at=NOW - DAY)


def state(at, **narrowed):
    return [(row.name, row.state, row.open) for row in role_audit.audit(at=at, **narrowed).rows]


def bring_in_line(person, at):
    reevaluate(user_ids=[person.pk], cause="access.nightly", actor_id=None, at=at)


def test_before_there_was_a_grant_there_is_nothing(amara):
    assert state(NOW - HOUR) == []
    assert state(NOW) == [("Amara Okafor", "granted", True)]


def test_before_a_playbook_everything_was_closed(amara):
    entry = LedgerEntry.objects.get(kind="access.grant_granted")
    assert entry.at == NOW
    found = role_audit.audit(at=NOW - 2 * DAY)
    assert (found.revision, found.open_rows) == (None, [])


def test_every_change_counts_from_its_own_moment(amara, switch):
    switch.on.clear()
    bring_in_line(amara, NOW + DAY)
    switch.on.add(amara.pk)
    bring_in_line(amara, NOW + 3 * DAY)
    states = [state(NOW + days * DAY)[0][1:] for days in (0, 1, 2, 3)]
    assert states == [("granted", True), ("revoked", False), ("revoked", False), ("granted", True)]
    assert state(NOW + DAY - HOUR)[0][1] == "granted"


def test_of_changes_at_one_moment_the_one_recorded_last_counts(amara, tool, switch):
    others = [UserFactory() for _each in range(2)]
    for person in others:
        switch.on.add(person.pk)
        EnrolmentFactory(user=person, track=tool.track)
        bring_in_line(person, NOW)
    for on in (False, True, False):
        switch.on.add(amara.pk) if on else switch.on.discard(amara.pk)
        bring_in_line(amara, NOW + DAY)
    assert LedgerEntry.objects.filter(subject_type="access.grant", at=NOW + DAY).count() == 3
    rows = {row.person: row.state for row in role_audit.audit(at=NOW + DAY).rows}
    assert rows == {amara.pk: "revoked", **{person.pk: "granted" for person in others}}


def test_a_suspension_says_who_and_why(amara):
    actor = warden()
    control.suspend(grant=Grant.objects.get(), reason="Too much rework", actor=actor, at=NOW + HOUR)
    then, since = role_audit.audit(at=NOW), role_audit.audit(at=NOW + HOUR)
    assert [row.open for row in then.rows + since.rows] == [True, False]
    why = role_audit.explain(since.rows, at=since.at)[0]
    assert (why.cause, why.actor, why.reason) == (
        "A person suspended it",
        actor.name,
        "Too much rework",
    )
    assert role_audit.explain(then.rows, at=then.at)[0].reason == ""


def test_a_lift_says_who_and_why_and_each_is_under_the_revision_of_its_moment(client, liaison, amara):
    one, other = warden(), warden()
    Policy.objects.update(revision=5)
    grant = Grant.objects.get()
    hold = control.suspend(grant=grant, reason="Too much rework", actor=one, at=NOW + HOUR)
    Policy.objects.update(revision=6)
    control.lift(hold=hold, reason="Refresher read", actor=other, at=NOW + 2 * HOUR)
    whys = [
        role_audit.explain(found.rows, at=found.at)[0]
        for found in (role_audit.audit(at=NOW + hours * HOUR) for hours in (1, 2))
    ]
    assert [(why.cause, why.actor, why.reason, why.policy_revision) for why in whys] == [
        ("A person suspended it", one.name, "Too much rework", 5),
        ("The suspension was lifted", other.name, "Refresher read", 6),
    ]
    history = grant_history(user=amara)
    assert [(change.reason, change.policy_revision) for change in history[:2]] == [
        ("Refresher read", 6),
        ("Too much rework", 5),
    ]
    table = client.get(reverse("access_roles_csv"), {"at": "2026-11-09T12:00", "show": "all"})
    assert "Refresher read" in b"".join(table.streaming_content).decode()
    person = client.get(reverse("access_person", args=[amara.pk])).content.decode()
    assert ("Refresher read" in person, "Too much rework" in person) == (True, True)


def test_a_stop_closes_for_as_long_as_it_lasted(amara):
    made = control.stop(kind="microtool", value="triage", reason="Leak", actor=warden(), at=NOW + HOUR)
    control.stop(kind="region", value="eu-west-1", reason="Law", actor=warden(), at=NOW + HOUR)
    control.end_stop(stop=made, reason="Mended", actor=warden(), at=NOW + DAY)
    assert [state(NOW + after)[0][2] for after in (0 * DAY, HOUR, DAY)] == [True, False, True]
    assert role_audit.audit(at=NOW + HOUR).stops == {"microtool": ["triage"], "region": ["eu-west-1"]}


def test_emergency_access_opens_for_its_hours_and_says_who_approved_it(amara, switch):
    switch.on.clear()
    bring_in_line(amara, NOW + HOUR)
    first, second = warden(), warden()
    asked = emergencies.ask(
        user=amara,
        microtool=Grant.objects.get().microtool,
        reason="Outage",
        hours=2,
        actor=first,
        at=NOW + 2 * HOUR,
    )
    emergencies.approve(emergency=asked, actor=second, at=NOW + 3 * HOUR)
    opened = [state(NOW + hours * HOUR)[0][2] for hours in (0, 1, 2, 3, 4, 5)]
    assert opened == [True, False, False, True, True, False]
    found = role_audit.audit(at=NOW + 3 * HOUR)
    why = role_audit.explain(found.rows, at=found.at)[0]
    assert (why.cause, why.actor) == (
        "Emergency access, asked for by one person and approved by another",
        second.name,
    )
    control.stop(kind="microtool", value="triage", reason="Leak", actor=first, at=NOW + 4 * HOUR)
    assert state(NOW + 4 * HOUR)[0][2] is False


def test_emergency_access_of_somebody_who_never_had_a_grant(tool):
    ben = UserFactory(name="Ben Sørensen")
    asked = emergencies.ask(user=ben, microtool=tool, reason="Outage", hours=1, actor=warden(), at=NOW)
    assert state(NOW) == []
    emergencies.approve(emergency=asked, actor=warden(), at=NOW + HOUR)
    assert state(NOW + HOUR) == [("Ben Sørensen", "locked", True)]
    assert state(NOW + 2 * HOUR) == []


def test_proof_that_ran_out_closes_at_its_own_moment_however_late_it_is_found(amara, switch):
    Grant.objects.update(not_after=NOW + DAY)
    assert [row[1:] for row in state(NOW + DAY - HOUR) + state(NOW + DAY)] == [
        ("granted", True),
        ("expired", False),
    ]
    switch.on.clear()
    bring_in_line(amara, NOW + 2 * DAY)
    assert Grant.objects.get().state == "expired"
    assert [state(NOW + after)[0][1] for after in (DAY - HOUR, DAY, 2 * DAY)] == [
        "granted",
        "expired",
        "expired",
    ]
    found = role_audit.audit(at=NOW + DAY)
    assert found.rows[0].since == NOW + DAY
    assert role_audit.explain(found.rows, at=found.at)[0].cause == "Its proof ran out"


def test_proof_that_was_renewed_after_it_ran_out_leaves_the_gap(amara):
    Grant.objects.update(not_after=NOW + DAY)
    bring_in_line(amara, NOW + 3 * DAY)
    assert Grant.objects.get().not_after is None
    assert [state(NOW + days * DAY)[0][2] for days in (0, 1, 2, 3)] == [True, False, False, True]


def test_roles_proof_and_revision_are_those_of_then(amara):
    role = RoleAssignmentFactory(user=amara, role__title="Front line", since=NOW - DAY, ended_at=NOW + DAY)
    RoleAssignmentFactory(user=amara, role__title="Manager", since=NOW + DAY)
    why = role_audit.explain(role_audit.audit(at=NOW).rows, at=NOW)[0]
    assert (why.roles, why.proof, why.policy_revision) == (["Front line"], ["tests.switch:1"], 1)
    later = role_audit.explain(role_audit.audit(at=NOW + DAY).rows, at=NOW + DAY)[0]
    assert later.roles == ["Manager"]
    assert role.ended_at == NOW + DAY


def more(amara, tool, switch, number):
    cohort = amara.enrolments.get().cohort
    people = [EnrolmentFactory(cohort=cohort).user_id for _each in range(number)]
    switch.on.update(people)
    reevaluate(user_ids=people, cause="tests", actor_id=None, at=NOW)


def test_narrowed_to_people_and_tools(amara, tool, switch):
    more(amara, tool, switch, 2)
    MicrotoolFactory(key="kb", title="Knowledge", track=tool.track)
    bring_in_line(amara, NOW + HOUR)
    at = NOW + HOUR
    assert len(state(at)) == 4
    assert [row.microtool for row in role_audit.audit(at=at, people=frozenset({amara.pk})).rows] == [
        "kb",
        "triage",
    ]
    assert len(state(at, microtool="triage")) == 3
    assert len(state(at, people=frozenset({amara.pk}), microtool="kb")) == 1
    assert state(at, people=frozenset()) == []


def test_queries_do_not_grow(amara, tool, switch):
    def reads():
        with CaptureQueriesContext(connection) as queries:
            found = role_audit.audit(at=NOW)
            role_audit.explain(found.rows, at=NOW)
        return len(found.rows), len(queries)

    few = reads()
    more(amara, tool, switch, 9)
    assert (few, reads()) == ((1, few[1]), (10, few[1]))
    assert few[1] <= 10


def test_the_page_answers_for_a_moment_and_its_reading_is_recorded(client, liaison, amara, switch):
    switch.on.clear()
    bring_in_line(amara, NOW + DAY)
    page = client.get(reverse("access_roles"), {"at": "2026-11-09T10:00", "person": "amara@example.com"})
    assert "1 open tool, 1 person" in page.content.decode()
    assert "tests.switch:1" in page.content.decode()
    record = LedgerEntry.objects.get(kind="access.role_audit_read")
    said = json.loads(record.payload)
    assert (record.actor_id, said["moment"]) == (liaison.pk, "2026-11-09T10:00:00.000000Z")
    assert said["people"] == [str(amara.pk)]
    later = client.get(reverse("access_roles"), {"at": "2026-11-10T10:00"}).content.decode()
    assert "Nothing was open" in later
    closed = client.get(reverse("access_roles"), {"at": "2026-11-10T10:00", "show": "all"}).content.decode()
    assert "Revoked" in closed
    assert "The nightly evaluation of all grants" in closed


@pytest.mark.parametrize("people", [1, 8])
def test_a_cohort_is_one_set_of_queries(client, liaison, amara, switch, people):
    cohort = amara.enrolments.get().cohort
    outsider = EnrolmentFactory(cohort__track=cohort.track, user__name="Zoe Outside").user
    others = EnrolmentFactory.create_batch(people, cohort=cohort)
    mine = {amara.pk, *(each.user_id for each in others)}
    switch.on |= mine | {outsider.pk}
    reevaluate(user_ids=[*mine, outsider.pk], cause="tests", actor_id=None, at=NOW)
    asked = {"at": "2026-11-09T10:00", "cohort": str(cohort.pk)}
    client.get(reverse("access_roles"), asked)
    with CaptureQueriesContext(connection) as queries:
        page = client.get(reverse("access_roles"), asked)
    assert {row.person for row in page.context["audit"].open_rows} == mine
    assert len(queries) == COHORT_QUERIES
    narrowed = client.get(reverse("access_roles"), asked | {"person": "Zoe"})
    assert narrowed.context["audit"].rows == []
    records = LedgerEntry.objects.filter(kind="access.role_audit_read").order_by("recorded_at")
    said = json.loads(records[0].payload)
    assert said == {"moment": "2026-11-09T10:00:00.000000Z", "cohort": str(cohort.pk)}


def test_from_a_person_to_another_moment(client, liaison, amara):
    page = client.get(reverse("access_person", args=[amara.pk])).content.decode()
    assert f"{reverse('access_roles')}?person=amara%40example.com&amp;show=all" in page
    client.force_login(UserFactory(groups=["sponsors"]))
    assert (
        reverse("access_roles") not in client.get(reverse("access_person", args=[amara.pk])).content.decode()
    )


def test_now_is_the_moment_where_none_is_chosen_and_the_future_is_refused(client, liaison, amara):
    before = timezone.now()
    assert before <= client.get(reverse("access_roles")).context["audit"].at <= timezone.now()
    future = {"at": f"{before + DAY:%Y-%m-%dT%H:%M}"}
    assert "still to come" in client.get(reverse("access_roles"), future).content.decode()
    assert client.get(reverse("access_roles"), future).status_code == 422
    assert client.get(reverse("access_roles_csv"), future).status_code == 422


def test_the_file_has_closed_tools_too(client, liaison, amara, switch):
    switch.on.clear()
    bring_in_line(amara, NOW + DAY)
    response = client.get(reverse("access_roles_csv"), {"at": "2026-11-10T10:00"})
    heading, row = csv.reader(io.StringIO(b"".join(response.streaming_content).decode("utf-8-sig")))
    assert heading[:2] == ["Moment (UTC)", "Person"]
    assert row[1:7] == ["Amara Okafor", "amara@example.com", "", "triage", "no", "revoked"]
    assert LedgerEntry.objects.get(kind="access.role_audit_read").subject_id == "csv"


def test_only_who_reads_evidence(client):
    client.force_login(UserFactory())
    assert client.get(reverse("access_roles")).status_code == 403
    assert client.get(reverse("access_roles_csv")).status_code == 403
