"""Break-glass: two people, some hours, one tool; reviewed afterwards. Every other rule stays."""

import json
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse

from enablement.access import selectors
from enablement.access.decisions.verdict import Call
from enablement.access.models import EmergencyAccess, Grant, Microtool
from enablement.access.services import control, emergencies
from enablement.access.services.decisions import Caller, decide_call, decide_calls
from enablement.access.services.grants import reevaluate
from enablement.ledger.models import LedgerEntry
from tests.access.conftest import NOW, warden
from tests.access.factories import GateFactory, MicrotoolFactory, PolicyFactory
from tests.people.factories import UserFactory
from tests.tracks.factories import EnrolmentFactory
from tracks.errors import Refused

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def tool(switch):
    PolicyFactory()
    return MicrotoolFactory(key="triage", title="Triage", track=GateFactory().track)


@pytest.fixture
def person(tool):
    enrolment = EnrolmentFactory(cohort__track=tool.track)
    reevaluate(user_ids=[enrolment.user_id], cause="tests", actor_id=None, at=NOW)
    return enrolment.user


def asked(person, tool, *, actor=None, hours=2, reason="The queue burns"):
    return emergencies.ask(
        user=person, microtool=tool, reason=reason, hours=hours, actor=actor or person, at=NOW
    )


def approved(person, tool, **kwargs):
    return emergencies.approve(emergency=asked(person, tool, **kwargs), actor=warden(), at=NOW)


def call(person, **kwargs):
    return Call(subject=str(person.pk), microtool="triage", action="invoke", **kwargs)


def reason(person, at=NOW, **kwargs):
    return decide_call(call=call(person, **kwargs), caller=Caller(label="tests"), at=at).verdict.reason


def test_it_opens_on_the_second_persons_word_until_its_end(person, tool):
    made = asked(person, tool)
    assert reason(person) == "gate_not_met"
    emergencies.approve(emergency=made, actor=warden(), at=NOW)
    assert [reason(person, at=NOW + n * HOUR) for n in (0, 1, 2)] == [
        "emergency_access",
        "emergency_access",
        "gate_not_met",
    ]
    entry = LedgerEntry.objects.filter(kind="access.decided").order_by("at").last()
    assert json.loads(entry.payload)["ground"] == ""
    assert Grant.objects.get().state == "locked"


def test_the_record_names_the_ground_and_each_step(person, tool):
    made = approved(person, tool)
    reason(person)
    entry = LedgerEntry.objects.get(kind="access.decided")
    assert json.loads(entry.payload)["ground"] == "emergency_access"
    emergencies.end(emergency=made, actor=person, at=NOW + HOUR)
    emergencies.review(emergency=made, review="It was needed", actor=warden(), at=NOW + HOUR)
    kinds = LedgerEntry.objects.filter(subject_id=str(made.pk)).order_by("at", "kind")
    assert sorted(kinds.values_list("kind", flat=True)) == [
        "access.emergency_approved",
        "access.emergency_asked",
        "access.emergency_ended",
        "access.emergency_reviewed",
    ]


def test_ended_early_the_next_call_is_denied(person, tool):
    emergencies.end(emergency=approved(person, tool), actor=person, at=NOW)
    assert reason(person) == "gate_not_met"


def test_it_is_for_one_person_and_one_tool(person, tool):
    approved(person, tool)
    other = EnrolmentFactory(cohort__track=tool.track).user
    reevaluate(user_ids=[other.pk], cause="tests", actor_id=None, at=NOW)
    assert reason(other) == "gate_not_met"
    MicrotoolFactory(key="other", track=tool.track)
    found = decide_call(
        call=Call(subject=str(person.pk), microtool="other", action="invoke"),
        caller=Caller(label="tests"),
        at=NOW,
    )
    assert found.verdict.reason == "gate_not_met"


def test_who_has_no_enrolment_can_be_let_in(tool):
    person = UserFactory()
    approved(person, tool)
    assert reason(person) == "emergency_access"


def test_a_batch_answers_the_same(person, tool):
    approved(person, tool)
    other = UserFactory()
    found = decide_calls(calls=[call(person), call(other)], caller=Caller(label="tests"), at=NOW)
    assert [one.verdict.reason for one in found] == ["emergency_access", "gate_not_met"]


def test_every_other_rule_stays(person, tool):
    approved(person, tool)
    assert reason(person, region="ap-south-1") == "region_not_allowed"
    assert reason(person, prompt="none") == "prompt_not_held"
    control.stop(kind="microtool", value="triage", reason="Bad", actor=warden(), at=NOW)
    assert reason(person) == "microtool_stopped"
    type(person).objects.update(is_active=False)
    assert reason(person) == "inactive_subject"


def test_a_suspension_is_not_broken(person, tool, switch):
    switch.on.add(person.pk)
    reevaluate(user_ids=[person.pk], cause="tests", actor_id=None, at=NOW)
    approved(person, tool)
    assert reason(person) == "granted"
    control.suspend(grant=Grant.objects.get(), reason="Rework", actor=warden(), at=NOW)
    assert reason(person) == "grant_suspended"


def test_a_decision_takes_no_more_queries(person, tool, django_assert_num_queries):
    approved(person, tool)
    reason(person)
    with django_assert_num_queries(5):  # two reads, one insert, and the transaction's savepoint
        reason(person)


class TestRefused:
    def test_who_asked_does_not_approve_nor_does_the_person(self, person, tool):
        one = warden()
        made = asked(person, tool, actor=one)
        with pytest.raises(Refused) as refused:
            emergencies.approve(emergency=made, actor=one, at=NOW)
        assert refused.value.code == "same_person"
        own = UserFactory(perms=["access.control_access"])
        mine = asked(own, tool, actor=warden())
        with pytest.raises(Refused) as refused:
            emergencies.approve(emergency=mine, actor=own, at=NOW)
        assert refused.value.code == "own_access"
        with pytest.raises(PermissionDenied):
            emergencies.approve(emergency=made, actor=UserFactory(), at=NOW)

    def test_nobody_asks_for_a_colleague(self, person, tool):
        with pytest.raises(PermissionDenied):
            asked(person, tool, actor=UserFactory())

    def test_what_has_waited_for_eight_hours_is_over(self, person, tool):
        made = asked(person, tool)
        with pytest.raises(Refused, match="any more"):
            emergencies.approve(emergency=made, actor=warden(), at=NOW + 8 * HOUR)
        asked_again = emergencies.ask(
            user=person, microtool=tool, reason="Again", hours=1, actor=person, at=NOW + 8 * HOUR
        )
        emergencies.approve(emergency=asked_again, actor=warden(), at=NOW + 8 * HOUR)
        with pytest.raises(Refused, match="any more"):
            emergencies.approve(emergency=asked_again, actor=warden(), at=NOW + 8 * HOUR)

    def test_once_at_a_time(self, person, tool):
        made = asked(person, tool)
        with pytest.raises(Refused, match="already"):
            asked(person, tool)
        emergencies.end(emergency=made, actor=person, at=NOW)
        with pytest.raises(Refused, match="over"):
            emergencies.end(emergency=made, actor=person, at=NOW)
        approved(person, tool)

    @pytest.mark.parametrize(("hours", "why"), [(0, "So"), (9, "So"), (1, "  ")])
    def test_hours_and_a_reason(self, person, tool, hours, why):
        with pytest.raises(ValidationError):
            asked(person, tool, hours=hours, reason=why)

    def test_nothing_for_a_retired_tool_or_without_a_policy(self, person, tool):
        Microtool.objects.update(retired_at=NOW)
        tool.refresh_from_db()
        with pytest.raises(Refused) as refused:
            asked(person, tool)
        assert refused.value.code == "closed_for_all"

    def test_the_approver_does_not_review_and_nobody_reviews_what_runs(self, person, tool):
        made = approved(person, tool)
        with pytest.raises(Refused) as refused:
            emergencies.review(emergency=made, review="Fine", actor=warden(), at=NOW + HOUR)
        assert refused.value.code == "not_over"
        with pytest.raises(Refused) as refused:
            emergencies.review(emergency=made, review="Fine", actor=made.approved_by, at=NOW + 2 * HOUR)
        assert refused.value.code == "same_person"

    def test_who_asked_for_somebody_does_not_review_either(self, person, tool):
        one = warden()
        made = approved(person, tool, actor=one)
        emergencies.end(emergency=made, actor=one, at=NOW)
        with pytest.raises(Refused, match="neither asked nor approved"):
            emergencies.review(emergency=made, review="Fine", actor=one, at=NOW + HOUR)
        with pytest.raises(IntegrityError, match="emergency_reviewed_by_another"), transaction.atomic():
            EmergencyAccess.objects.update(reviewed_by=one, reviewed_at=NOW, review="Fine")
        assert emergencies.review(emergency=made, review="Fine", actor=warden(), at=NOW + HOUR).reviewed_at


@pytest.mark.parametrize(
    ("name", "spoiled"),
    [
        ("emergency_takes_two_people", {"approved_by": "asker"}),
        ("emergency_takes_two_people", {"approved_by": "person"}),
        ("emergency_approved_by_whom", {"starts_at": None}),
        ("emergency_lasts_8_hours_at_most", {"ends_at": NOW}),
        ("emergency_lasts_8_hours_at_most", {"ends_at": NOW + 9 * HOUR}),
        ("emergency_hours_in_range", {"hours": 9}),
        ("emergency_ended_by_whom", {"ended_at": NOW}),
        ("emergency_reviewed_by_whom", {"reviewed_at": NOW}),
        ("emergency_says_why", {"reason": ""}),
        (
            "emergency_turned_down_says_why",
            {"approved_by": None, "starts_at": None, "ends_at": None, "ended_by": "other", "ended_at": NOW},
        ),
    ],
)
def test_the_database_refuses_too(person, tool, name, spoiled):
    people = {"person": person, "asker": UserFactory(), "other": UserFactory()}
    values = {
        "reason": "So",
        "hours": 1,
        "asked_by": "asker",
        "approved_by": "other",
        "starts_at": NOW,
        "ends_at": NOW + HOUR,
    } | spoiled
    values |= {key: people.get(value) for key, value in values.items() if key.endswith("_by")}
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        EmergencyAccess.objects.create(grant=Grant.objects.get(), user=person, asked_at=NOW, **values)


@pytest.mark.pages
class TestPages:
    @pytest.fixture(autouse=True)
    def _clock(self, time_machine):
        time_machine.move_to(NOW, tick=False)

    def test_asked_from_my_tools_approved_and_reviewed(self, person, tool, client, time_machine):
        client.force_login(person)
        url = reverse("emergency_ask", args=[person.pk, "triage"])
        assert url in client.get(reverse("my_tools")).content.decode()
        assert client.post(url, {"reason": "", "hours": "2"}).status_code == 422
        made_url = client.post(url, {"reason": "The queue burns", "hours": "2"}).url
        made = EmergencyAccess.objects.get()
        approve = reverse("emergency_approve", args=[made.pk])
        page = client.get(made_url).content.decode()
        assert ("Withdraw the request" in page, "Open it now" in page) == (True, False)
        assert client.post(approve).status_code == 403
        client.force_login(warden())
        assert client.get(reverse("access_emergencies")).context["waiting"].get() == made
        assert client.post(approve).url == made_url
        client.force_login(person)
        assert "Open in an emergency until" in client.get(reverse("my_tools")).content.decode()
        assert client.post(reverse("emergency_end", args=[made.pk])).url == made_url
        client.force_login(warden())
        assert client.get(reverse("access_emergencies")).context["to_review"].get() == made
        review = reverse("emergency_review", args=[made.pk])
        assert client.post(review, {"reason": "It was needed"}).status_code == 302
        assert EmergencyAccess.objects.get().review == "It was needed"

    def test_turning_down_says_why_and_whoever_asked_reads_it(self, person, tool, client):
        made = asked(person, tool)
        client.force_login(warden())
        assert "Or turn it down" in client.get(made.get_absolute_url()).content.decode()
        end = reverse("emergency_end", args=[made.pk])
        assert client.post(end).status_code == 422
        assert client.post(end, {"reason": "Use the manual queue"}).url == made.get_absolute_url()
        client.force_login(person)
        assert "Use the manual queue" in client.get(made.get_absolute_url()).content.decode()

    def test_outsiders_do_not_find_it(self, person, tool, client):
        made = asked(person, tool)
        client.force_login(UserFactory())
        assert client.get(reverse("emergency_ask", args=[person.pk, "triage"])).status_code == 404
        assert client.get(reverse("emergency", args=[made.pk])).status_code == 404
        assert client.post(reverse("emergency_end", args=[made.pk])).status_code == 404
        assert client.get(reverse("access_emergencies")).status_code == 403


def test_the_overview_counts_whom_it_is_open_to_in_an_emergency(person, tool, client):
    approved(person, tool)
    [counted] = selectors.tools_with_counts(at=NOW)
    assert (counted.open_count, counted.emergency_count) == (0, 1)
    [counted] = selectors.tools_with_counts(at=NOW + 2 * HOUR)
    assert (counted.open_count, counted.emergency_count) == (0, 0)
    found = selectors.people_with_open_tools(query=person.email, at=NOW)
    assert [(each.open_count, each.emergency_count) for each in found] == [(0, 1)]
    Grant.objects.update(state="granted", leaves=[{"met": True}])
    [counted] = selectors.tools_with_counts(at=NOW)
    assert (counted.open_count, counted.emergency_count) == (1, 0)
