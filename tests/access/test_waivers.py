"""A requirement is waived by two people, for a while, and never for oneself."""

import json
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse

from enablement.access import gates
from enablement.access.models import EnrolmentStanding, Grant, Waiver
from enablement.access.services import waivers
from enablement.access.services.grants import reevaluate
from enablement.ledger.models import LedgerEntry
from tests.access.conftest import NOW, warden
from tests.access.factories import GateFactory, MicrotoolFactory, PolicyFactory
from tests.people.factories import UserFactory
from tests.tracks.factories import EnrolmentFactory
from tracks.errors import Refused
from tracks.models import Enrolment

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
SWITCH = gates.identity({"type": "switch"})
END = NOW + 30 * DAY


@pytest.fixture
def enrolment(switch):
    PolicyFactory()
    track = GateFactory().track
    MicrotoolFactory(key="triage", track=track)
    found = EnrolmentFactory(cohort__track=track)
    evaluate(found)
    return found


def evaluate(enrolment, at=NOW):
    reevaluate(user_ids=[enrolment.user_id], cause="tests", actor_id=None, at=at)


def proposed(enrolment, *, actor=None, requirement=SWITCH, reason="Signer is ill", ends_at=END):
    return waivers.propose(
        enrolment=enrolment,
        requirement=requirement,
        reason=reason,
        ends_at=ends_at,
        actor=actor or warden(),
        at=NOW,
    )


def grant():
    return Grant.objects.get()


def test_it_counts_once_another_person_has_approved(enrolment):
    made = proposed(enrolment)
    assert grant().state == "locked"
    approver = warden()
    waivers.approve(waiver=made, actor=approver, at=NOW)
    found = grant()
    assert (found.state, found.not_after) == ("granted", END)
    assert found.leaves[0]["actual"] == f"waived until 9 Dec 2026 by {made.proposed_by} and {approver}"
    assert found.leaves[0]["proof"] == [f"access.waiver:{made.pk}"]
    entry = LedgerEntry.objects.get(kind="access.waiver_approved")
    assert json.loads(entry.payload)["learner"] == str(enrolment.user_id)


def test_it_opens_the_tool_but_completes_nothing(enrolment):
    waivers.approve(waiver=proposed(enrolment), actor=warden(), at=NOW)
    assert Enrolment.objects.get(pk=enrolment.pk).state == Enrolment.State.ACTIVE
    assert EnrolmentStanding.objects.get().met is False
    assert not LedgerEntry.objects.filter(kind="access.gate_met").exists()


def test_it_ends_by_itself(enrolment):
    waivers.approve(waiver=proposed(enrolment), actor=warden(), at=NOW)
    assert Grant.objects.live(at=END - DAY).exists()
    assert not Grant.objects.live(at=END).exists()
    evaluate(enrolment, at=END)
    assert grant().state == "expired"


def test_one_person_ends_it_at_once(enrolment):
    made = proposed(enrolment)
    waivers.approve(waiver=made, actor=warden(), at=NOW)
    waivers.end(waiver=made, actor=made.proposed_by, at=NOW + DAY)
    assert grant().state == "revoked"
    with pytest.raises(Refused, match="over"):
        waivers.end(waiver=made, actor=warden(), at=NOW + DAY)


def test_what_was_shown_after_all_stands_by_itself(enrolment, switch):
    waivers.approve(waiver=proposed(enrolment), actor=warden(), at=NOW)
    switch.on.add(enrolment.user_id)
    evaluate(enrolment)
    assert (grant().not_after, grant().leaves[0]["proof"]) == (None, ["tests.switch:1"])
    assert EnrolmentStanding.objects.get().met is True


def test_one_withdraws_ones_own_without_a_reason_and_turns_down_anothers_with_one(enrolment):
    mine = proposed(enrolment)
    assert waivers.end(waiver=mine, actor=mine.proposed_by, at=NOW).end_reason == ""
    made = proposed(enrolment)
    with pytest.raises(ValidationError):
        waivers.end(waiver=made, actor=warden(), reason=" ", at=NOW)
    with pytest.raises(IntegrityError, match="waiver_turned_down_says_why"), transaction.atomic():
        Waiver.objects.filter(pk=made.pk).update(ended_by=warden(), ended_at=NOW)
    assert waivers.end(waiver=made, actor=warden(), reason="No", at=NOW).end_reason == "No"


class TestRefused:
    def test_the_proposer_does_not_approve(self, enrolment):
        made = proposed(enrolment)
        with pytest.raises(Refused) as refused:
            waivers.approve(waiver=made, actor=made.proposed_by, at=NOW)
        assert refused.value.code == "same_person"
        assert grant().state == "locked"

    def test_nor_does_anybody_for_themselves(self, enrolment):
        own = UserFactory(perms=["access.control_access"])
        mine = EnrolmentFactory(cohort=enrolment.cohort, user=own)
        with pytest.raises(Refused) as refused:
            proposed(mine, actor=own)
        assert refused.value.code == "own_access"
        made = proposed(mine)
        with pytest.raises(Refused) as refused:
            waivers.approve(waiver=made, actor=own, at=NOW)
        assert refused.value.code == "own_access"

    def test_the_right_is_needed(self, enrolment):
        made = proposed(enrolment)
        for step in (waivers.approve, waivers.end):
            with pytest.raises(PermissionDenied):
                step(waiver=made, actor=UserFactory(), at=NOW)

    @pytest.mark.parametrize("ends_at", [NOW, NOW - DAY, NOW + 90 * DAY + timedelta(seconds=1)])
    def test_it_ends_within_90_days(self, enrolment, ends_at):
        with pytest.raises(ValidationError):
            proposed(enrolment, ends_at=ends_at)

    def test_it_says_why(self, enrolment):
        with pytest.raises(ValidationError):
            proposed(enrolment, reason=" ")

    def test_only_what_is_missing_from_this_gate(self, enrolment, switch):
        with pytest.raises(Refused, match="none of this person"):
            proposed(enrolment, requirement=gates.identity({"type": "quiz", "threshold": "0.9"}))
        switch.on.add(enrolment.user_id)
        with pytest.raises(Refused, match="met"):
            proposed(enrolment)

    def test_once(self, enrolment):
        made = proposed(enrolment)
        with pytest.raises(Refused, match="already"):
            proposed(enrolment)
        waivers.approve(waiver=made, actor=warden(), at=NOW)
        with pytest.raises(Refused, match="over"):
            waivers.approve(waiver=made, actor=warden(), at=NOW)
        with pytest.raises(Refused, match="over"):
            waivers.approve(waiver=proposed_late(enrolment), actor=warden(), at=END)


def proposed_late(enrolment):
    other = EnrolmentFactory(cohort=enrolment.cohort)
    return proposed(other)


def test_under_not_nothing_can_be_waived(enrolment, switch):
    tree = {"all_of": [{"not": {"type": "switch"}}]}
    waiving = gates.Waiving(ends_at=END, by="two", proof="access.waiver:1")
    ask = {"tree": tree, "track": enrolment.track, "enrolments": [enrolment], "at": NOW}
    waived = {enrolment.user_id: {SWITCH: waiving}}
    assert gates.evaluate(**ask) == gates.evaluate(**ask, waived=waived)
    assert list(gates.waivable_nodes(tree)) == []


@pytest.mark.parametrize(
    ("name", "spoiled"),
    [
        ("waiver_takes_two_people", {"approver": "proposer"}),
        ("waiver_is_not_for_oneself", {"approver": "user"}),
        ("waiver_is_not_for_oneself", {"proposer": "user"}),
        ("waiver_approved_by_whom", {"approved_at": None}),
        ("waiver_ends_within_90_days", {"ends_at": NOW}),
        ("waiver_ends_within_90_days", {"ends_at": NOW + 91 * DAY}),
        ("waiver_says_why", {"reason": ""}),
        ("waiver_ended_by_whom", {"ended_at": NOW}),
    ],
)
def test_the_database_refuses_too(enrolment, name, spoiled):
    people = {"user": enrolment.user, "proposer": warden(), "approver": warden()}
    values = {"ends_at": END, "approved_at": NOW, "reason": "So", "ended_at": None} | spoiled
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        Waiver.objects.create(
            user=enrolment.user,
            track=enrolment.track,
            requirement=SWITCH,
            label="Switch",
            proposed_at=NOW,
            proposed_by=people[values.pop("proposer", "proposer")],
            approved_by=people[values.pop("approver", "approver")],
            **values,
        )


@pytest.mark.pages
class TestPages:
    @pytest.fixture(autouse=True)
    def _clock(self, time_machine):
        time_machine.move_to(NOW, tick=False)

    def test_proposed_and_approved_in_the_browser(self, enrolment, client):
        one, other = warden(), warden()
        client.force_login(one)
        url = reverse("waiver_propose", args=[enrolment.pk])
        [(digest, label)] = client.get(url).context["form"].fields["requirement"].choices
        assert label == "Switch: on"
        sent = {"requirement": digest, "last_day": "2026-12-08", "reason": "Signer is ill"}
        assert client.post(url, sent | {"last_day": "2027-12-08"}).status_code == 422
        assert client.post(url, sent | {"requirement": "x"}).status_code == 422
        made_url = client.post(url, sent).url
        made = Waiver.objects.get()
        approve = reverse("waiver_approve", args=[made.pk])
        page = client.get(made_url).content.decode()
        assert ("Waits for a second person" in page, "Withdraw the proposal" in page) == (True, True)
        page = client.get(url).content.decode()
        assert page.count(f'href="{reverse("access_person", args=[enrolment.user_id])}"') == 2  # back, cancel
        assert client.post(approve).status_code == 409
        client.force_login(other)
        assert client.get(reverse("access_waivers")).context["waiting"].get() == made
        page = client.get(made_url).content.decode()
        assert ("Turn it down" in page, "Withdraw the proposal" in page) == (True, False)
        assert client.post(reverse("waiver_end", args=[made.pk]), {"reason": " "}).status_code == 422
        assert client.post(approve).url == made_url
        assert grant().state == "granted"
        assert client.post(reverse("waiver_end", args=[made.pk])).url == made_url
        assert grant().state == "revoked"

    def test_turning_down_says_why_and_whoever_proposed_reads_it(self, enrolment, client):
        made = proposed(enrolment)
        client.force_login(warden())
        said = {"reason": "The signer is back on Monday"}
        assert client.post(reverse("waiver_end", args=[made.pk]), said).url == made.get_absolute_url()
        client.force_login(made.proposed_by)
        page = client.get(made.get_absolute_url()).content.decode()
        assert ("Not waived" in page, said["reason"] in page) == (True, True)

    def test_who_may_not_control_access_sees_none_of_it(self, enrolment, client):
        made = proposed(enrolment)
        client.force_login(enrolment.user)
        for name, pk in (("waiver_propose", enrolment.pk), ("waiver", made.pk)):
            assert client.get(reverse(name, args=[pk])).status_code == 403
        assert client.get(reverse("access_waivers")).status_code == 403
        assert client.post(reverse("waiver_approve", args=[made.pk])).status_code == 403


@pytest.mark.parametrize("size", [1, 8])
def test_waivers_cost_one_query_for_a_cohort(enrolment, size, django_assert_num_queries):
    from enablement.access.selectors import standings

    more = EnrolmentFactory.create_batch(size, cohort=enrolment.cohort)
    for each in more:
        waivers.approve(waiver=proposed(each), actor=warden(), at=NOW)
    # Gates, waivers, the policy for its overlays, and where people work.
    with django_assert_num_queries(4):
        assert all(standing.met for standing in standings(enrolments=more, at=NOW).values())
