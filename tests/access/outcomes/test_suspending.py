"""A rework spike suspends at once; a person looks at it; a lift begins anew."""

import json
from datetime import timedelta

import pytest
from django.core import mail
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse

from enablement.access import rework
from enablement.access.decisions.verdict import Call
from enablement.access.models import Grant, GrantHold, Microtool
from enablement.access.services import control, telling
from enablement.access.services.decisions import Caller, decide_call
from enablement.access.services.grants import reevaluate
from enablement.jobs.models import Job
from enablement.ledger.models import LedgerEntry
from tests.access.conftest import NOW, warden
from tests.access.factories import MicrotoolFactory
from tests.jobs.conftest import run
from tests.people.factories import UserFactory
from tests.tracks.factories import EnrolmentFactory
from tracks.errors import Refused
from tracks.models import Enrolment
from tracks.services import cohorts

pytestmark = pytest.mark.django_db
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
REASON = "Of the outputs of the last 14 days, 2 of 4 were reworked or overturned. The tool closes at 2 of 4."


@pytest.fixture(autouse=True)
def two_of_four(tool):
    Microtool.objects.filter(pk=tool.pk).update(rework_count=2, rework_of=4, rework_days=14)


def reason(person, at=NOW):
    call = Call(subject=str(person.pk), microtool="triage", action="invoke")
    return decide_call(call=call, caller=Caller(label="tests"), at=at).verdict.reason


@pytest.fixture
def hold(amara, outputs):
    outputs(used=2, reworked=1, overturned=1)
    return GrantHold.objects.get()


def test_the_report_that_completes_it_suspends_and_the_very_next_call_is_denied(amara, outputs, ask, report):
    outputs(used=2, reworked=1)
    last = ask(amara)
    assert reason(amara) == "granted"
    report(last, "overturned")
    assert reason(amara) == "grant_suspended"
    hold = GrantHold.objects.get()
    assert (hold.cause, hold.reason, hold.placed_by, hold.placed_at) == ("rework", REASON, None, NOW)
    entry = LedgerEntry.objects.get(kind="access.grant_suspended")
    assert (entry.actor_id, json.loads(entry.payload)["cause"]) == (None, "access.rework")


@pytest.mark.parametrize(
    ("outcomes", "closed"),
    [
        ({"reworked": 3}, False),  # too few
        ({"used": 3, "reworked": 1}, False),
        ({"used": 2, "reworked": 2}, True),
        ({"edited": 2, "overturned": 2}, True),
        ({"used": 3, "reworked": 2}, False),  # 2 of 5 is less than 2 of 4
        ({"used": 3, "reworked": 3}, True),
        ({"used": 1, "incident": 2, "reworked": 1}, False),  # an incident is no part of the share
        ({"incident": 1, "used": 2, "reworked": 2}, True),
        ({"reworked": 3, "used": 1}, True),  # what was good can complete the number
    ],
)
def test_where_it_lies(amara, outputs, outcomes, closed):
    outputs(**outcomes)
    assert (reason(amara) == "grant_suspended") is closed


def test_a_correction_counts_as_what_it_says_now(amara, ask, report):
    first, *others = [ask(amara) for _each in range(4)]
    for decision in (first, *others[:2]):
        report(decision, "used")
    report(others[2], "reworked")
    report(first, "reworked", at=NOW + SECOND)
    assert reason(amara) == "grant_suspended"


def test_what_was_corrected_before_the_last_report_does_not_count(amara, ask, report):
    first, *others = [ask(amara) for _each in range(4)]
    report(first, "reworked")
    report(first, "used", at=NOW + SECOND)
    for decision, outcome in zip(others, ("used", "used", "reworked"), strict=True):
        report(decision, outcome)
    assert reason(amara) == "granted"


def test_the_time_of_the_decision_counts_and_not_that_of_the_report(amara, ask, report):
    old = [ask(amara, at=NOW - 14 * DAY) for _each in range(4)]
    for decision in old:
        report(decision, "reworked")
    assert reason(amara) == "granted"
    recent = [ask(amara, at=NOW - 14 * DAY + SECOND) for _each in range(4)]
    for decision in recent:
        report(decision, "reworked")
    assert reason(amara) == "grant_suspended"


def test_other_people_and_other_tools_are_not_counted(amara, outputs, ask, report, switch):
    MicrotoolFactory(key="brief", track=Microtool.objects.get().track)
    ben = EnrolmentFactory(cohort=Enrolment.objects.get(user=amara).cohort).user
    switch.on.add(ben.pk)
    reevaluate(user_ids=[amara.pk, ben.pk], cause="tests", actor_id=None, at=NOW)
    outputs(used=2, reworked=1)
    report(ask(ben), "reworked")
    report(ask(amara, tool="brief"), "reworked")
    assert {reason(amara), reason(ben)} == {"granted"}


def test_a_grant_that_is_closed_already_is_left_as_it_is(amara, outputs, grant, ask, report):
    outputs(used=2, reworked=1)
    last = ask(amara)
    control.suspend(grant=grant, reason="By hand", actor=warden(), at=NOW)
    report(last, "reworked")
    assert GrantHold.objects.get().cause == "by_hand"


def test_a_lift_begins_anew(amara, hold, ask, report):
    lifted = NOW + DAY
    control.lift(hold=hold, reason="The knowledge base was wrong", actor=warden(), at=lifted)
    assert reason(amara, lifted) == "granted"
    late = ask(amara, at=lifted)
    report(late, "reworked", at=lifted)
    assert reason(amara, lifted) == "granted"
    after = [ask(amara, at=lifted + SECOND) for _each in range(4)]
    for decision, outcome in zip(after, ("used", "used", "reworked", "reworked"), strict=True):
        assert reason(amara, lifted + SECOND) == "granted"
        report(decision, outcome, at=lifted + SECOND)
    assert reason(amara, lifted + SECOND) == "grant_suspended"
    assert GrantHold.objects.count() == 2


def test_person_mentor_and_compliance_are_told_once_and_nobody_of_themselves(amara, hold, grant):
    enrolment = Enrolment.objects.get(user=amara)
    mentor = UserFactory(email="mentor@example.com", groups=["mentors"])
    cohorts.assign_mentor(enrolment=enrolment, mentor=mentor, actor=None, at=NOW)
    UserFactory(email="lena@example.com", groups=["compliance"])
    UserFactory(groups=["compliance"], is_active=False)
    amara.groups.set(UserFactory(groups=["compliance"], is_active=False).groups.all())
    [job] = Job.objects.filter(kind="enablement.access.tasks.mail_rework")
    assert run(job).result == {"sent": 2}
    texts = {message.to[0]: message for message in mail.outbox}
    assert set(texts) == {"mentor@example.com", "lena@example.com"}
    assert texts["lena@example.com"].subject == "Triage was closed for Amara Okafor: too much was reworked"
    assert REASON in texts["lena@example.com"].body
    assert reverse("access_suspension", args=[hold.pk]) in texts["lena@example.com"].body
    assert reverse("mentee", args=[enrolment.pk]) in texts["mentor@example.com"].body
    mail.outbox.clear()
    for job in Job.objects.filter(kind="enablement.access.tasks.mail_grant_changes"):
        run(job)
    [own] = mail.outbox
    assert (own.to, own.subject) == ([amara.email], "Triage is closed to you")
    assert "Because of: Too many outputs were reworked or overturned." in own.body
    assert REASON in own.body
    control.lift(hold=hold, reason="Fine", actor=warden(), at=NOW)
    assert telling.mail_rework(hold_id=hold.pk) == 0


@pytest.mark.parametrize("more", [0, 3])
def test_counting_for_many_grants_is_two_queries(amara, hold, grant, more, django_assert_num_queries):
    for number in range(more):
        tool = MicrotoolFactory(key=f"more_{number}", rework_count=1, rework_of=1, rework_days=number + 1)
        Grant.objects.create(user=amara, microtool=tool, since=NOW, policy_revision=1)
    grants = list(Grant.objects.select_related("microtool"))
    with django_assert_num_queries(2):
        found = rework.tallies(grants, at=NOW)
    assert (found[grant.pk].reworked, found[grant.pk].reported, len(found)) == (2, 4, more + 1)


class TestLooking:
    def test_somebody_keeps_it_closed_and_another_one_lifts_it(self, amara, hold):
        first, second = warden(), warden()
        control.keep(hold=hold, reason="Read the policy again", actor=first, at=NOW)
        entry = LedgerEntry.objects.get(kind="access.suspension_kept")
        assert (entry.actor_id, entry.subject_id) == (first.pk, str(hold.pk))
        assert "policy" not in entry.payload
        assert reason(amara) == "grant_suspended"
        with pytest.raises(Refused, match="looked at it already"):
            control.keep(hold=hold, reason="Again", actor=second, at=NOW)
        with pytest.raises(Refused, match="Another person"):
            control.lift(hold=hold, reason="Fine", actor=first, at=NOW)
        control.lift(hold=hold, reason="Fine", actor=second, at=NOW)
        assert reason(amara) == "granted"
        with pytest.raises(Refused, match="lifted already"):
            control.keep(hold=hold, reason="Again", actor=second, at=NOW)

    def test_not_by_anybody_not_about_oneself_not_without_a_reason(self, amara, hold):
        with pytest.raises(PermissionDenied):
            control.keep(hold=hold, reason="No", actor=UserFactory(groups=["mentors"]), at=NOW)
        with pytest.raises(ValidationError):
            control.keep(hold=hold, reason="  ", actor=warden(), at=NOW)
        amara.user_permissions.set(warden().user_permissions.all())
        own = type(amara).objects.get(pk=amara.pk)
        for step in (control.keep, control.lift):
            with pytest.raises(Refused, match="your own access"):
                step(hold=hold, reason="Fine", actor=own, at=NOW)
        hold.refresh_from_db()
        assert (hold.kept_at, hold.lifted_at) == (None, None)

    def test_only_what_the_rule_closed(self, grant):
        hold = control.suspend(grant=grant, reason="By hand", actor=warden(), at=NOW)
        with pytest.raises(Refused, match="the rule on rework"):
            control.keep(hold=hold, reason="No", actor=warden(), at=NOW)

    @pytest.mark.parametrize(
        ("constraint", "changes"),
        [
            ("grant_hold_by_hand_says_whose_and_why", {"reason": ""}),
            ("grant_hold_kept_by_whom_and_why", {"kept_at": NOW}),
            ("grant_hold_kept_by_whom_and_why", {"keep_reason": "Because"}),
        ],
    )
    def test_no_row_contradicts_itself(self, hold, constraint, changes):
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            GrantHold.objects.filter(pk=hold.pk).update(**changes)

    def test_nobody_lifts_what_they_kept(self, hold):
        actor = warden()
        control.keep(hold=hold, reason="Not yet", actor=actor, at=NOW)
        wrong = {"lifted_at": NOW, "lifted_by": actor, "lift_reason": "Fine"}
        match = "grant_hold_lifted_by_another_than_kept"
        with pytest.raises(IntegrityError, match=match), transaction.atomic():
            GrantHold.objects.filter(pk=hold.pk).update(**wrong)


@pytest.mark.pages
class TestPages:
    def page(self, client, name, *args):
        return " ".join(client.get(reverse(name, args=args)).content.decode().split())

    def test_compliance_finds_it_looks_and_keeps_it(self, client, liaison, hold, amara):
        assert "Amara Okafor: Triage" in self.page(client, "access_suspensions")
        text = self.page(client, "access_suspension", hold.pk)
        assert "2 of 4 of those outputs were reworked or overturned" in text
        assert text.count("/access/log/") >= 2
        address = reverse("access_suspension_keep", args=[hold.pk])
        assert client.post(address, {"reason": ""}).status_code == 422
        response = client.post(address, {"reason": "Read the policy again"})
        assert response.headers["Location"] == reverse("access_suspension", args=[hold.pk])
        assert "Read the policy again" in self.page(client, "access_suspension", hold.pk)
        assert client.get(address).status_code == 404
        waiting = client.get(reverse("access_suspensions"))
        assert (waiting.context["waiting"], len(waiting.context["page"].object_list)) == ([], 1)

    def test_the_person_reads_why(self, client, hold, amara):
        client.force_login(amara)
        text = self.page(client, "my_tools")
        assert REASON in text
        assert "gives the tool back or keeps it closed" in text

    def test_while_it_is_open_the_person_sees_how_near_it_is(self, client, amara, outputs, time_machine):
        time_machine.move_to(NOW, tick=False)
        client.force_login(amara)
        assert "reported on" not in self.page(client, "my_tools")
        outputs(used=2, reworked=1)
        words = "1 of 3 outputs that were reported on in the last 14 days. At 2 of 4 the tool closes."
        assert words in self.page(client, "my_tools")

    def test_others_do_not(self, client, hold, amara, grant):
        by_hand = GrantHold(grant=grant)
        for person in (amara, UserFactory(groups=["mentors"]), UserFactory(groups=["sponsors"])):
            client.force_login(person)
            for name, args in (
                ("access_suspensions", ()),
                ("access_suspension", (hold.pk,)),
                ("access_suspension_keep", (hold.pk,)),
            ):
                assert client.get(reverse(name, args=args)).status_code == 403
        client.force_login(UserFactory(groups=["security"]))
        assert client.get(reverse("access_suspension", args=[by_hand.pk])).status_code == 404

    @pytest.mark.parametrize("more", [0, 3])
    def test_the_list_costs_the_same_queries(
        self, client, liaison, hold, more, django_assert_max_num_queries
    ):
        for _each in range(more):
            enrolment = EnrolmentFactory(cohort__track=hold.grant.microtool.track)
            grant = Grant.objects.create(
                user=enrolment.user, microtool=hold.grant.microtool, since=NOW, policy_revision=1
            )
            GrantHold.objects.create(grant=grant, cause="rework", reason="Much", placed_at=NOW)
        with django_assert_max_num_queries(7):
            client.get(reverse("access_suspensions"))


@pytest.mark.parametrize("before", [1, 15])
def test_a_report_costs_the_same_queries_however_many_there_are(
    amara, ask, report, before, django_assert_num_queries
):
    Microtool.objects.update(rework_count=20, rework_of=20)
    for _each in range(before):
        report(ask(amara), "reworked")
    decision = ask(amara)
    with django_assert_num_queries(11):
        report(decision, "reworked")
