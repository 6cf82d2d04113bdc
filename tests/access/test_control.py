"""Access changed by hand: opened, suspended, lifted; and the kill switches."""

import json
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from guardian.shortcuts import assign_perm

from enablement.access.decisions.verdict import Call
from enablement.access.models import Grant, GrantHold, Microtool, Policy, Stop
from enablement.access.selectors import tools_for
from enablement.access.services import control, nightly
from enablement.access.services.decisions import Caller, decide_call
from enablement.access.services.grants import reevaluate
from enablement.ledger.models import LedgerEntry
from tests.access.conftest import NOW, warden
from tests.access.factories import GateFactory, MicrotoolFactory, PolicyFactory
from tests.people.factories import ApiTokenFactory, UserFactory
from tests.tracks.factories import EnrolmentFactory
from tracks.errors import Refused
from tracks.services import cohorts

pytestmark = pytest.mark.django_db
GATEWAY = Caller(label="tests")
LATER = NOW + timedelta(days=90)


@pytest.fixture
def track():
    PolicyFactory()
    return GateFactory().track


@pytest.fixture
def enrolment(switch, track):
    MicrotoolFactory(key="triage", track=track)
    found = EnrolmentFactory(cohort__track=track)
    switch.on.add(found.user_id)
    evaluate(found)
    return found


@pytest.fixture
def grant(enrolment):
    return Grant.objects.get()


def evaluate(enrolment, at=NOW):
    reevaluate(user_ids=[enrolment.user_id], cause="tests", actor_id=None, at=at)


def reason(grant, at=NOW, **call):
    asked = Call(subject=str(grant.user_id), microtool="triage", action="invoke", **call)
    return decide_call(call=asked, caller=GATEWAY, at=at).verdict.reason


def suspended(grant, actor=None):
    return control.suspend(grant=grant, reason="Too much rework", actor=actor or warden(), at=NOW)


class TestSuspending:
    def test_the_very_next_call_is_denied_and_the_gate_does_not_reopen_it(self, grant, enrolment):
        assert reason(grant) == "granted"
        suspended(grant)
        assert reason(grant) == "grant_suspended"
        evaluate(enrolment)
        assert reason(grant) == "grant_suspended"

    def test_another_person_lifts_it_and_the_gate_decides_again(self, grant, enrolment, switch):
        first, second = warden(), warden()
        hold = suspended(grant, first)
        with pytest.raises(Refused, match="Another person"):
            control.lift(hold=hold, reason="Fine again", actor=first, at=NOW)
        control.lift(hold=hold, reason="Fine again", actor=second, at=NOW)
        assert reason(grant) == "granted"
        with pytest.raises(Refused, match="lifted already"):
            control.lift(hold=hold, reason="Fine again", actor=second, at=NOW)

    def test_lifting_opens_nothing_that_the_gate_no_longer_opens(self, grant, switch):
        hold = suspended(grant)
        switch.on.clear()
        control.lift(hold=hold, reason="Fine again", actor=warden(), at=NOW)
        assert reason(grant) == "gate_not_met"

    def test_who_may_and_about_whom(self, grant):
        with pytest.raises(PermissionDenied):
            suspended(grant, UserFactory(groups=["mentors"]))
        grant.user.user_permissions.set(warden().user_permissions.all())
        own = type(grant.user).objects.get(pk=grant.user_id)
        with pytest.raises(Refused, match="your own access"):
            suspended(grant, own)
        suspended(grant)
        with pytest.raises(Refused, match="suspended already"):
            suspended(grant)

    @pytest.mark.parametrize("words", ["", "   "])
    def test_a_reason_is_needed_and_nothing_is_half_done(self, grant, words):
        with pytest.raises(ValidationError):
            control.suspend(grant=grant, reason=words, actor=warden(), at=NOW)
        grant.refresh_from_db()
        assert (grant.state, GrantHold.objects.count()) == ("granted", 0)

    def test_the_record_has_the_step_without_the_words(self, grant):
        actor = warden()
        suspended(grant, actor)
        entry = LedgerEntry.objects.filter(kind="access.grant_suspended").get()
        assert (entry.actor_id, json.loads(entry.payload)["cause"]) == (actor.pk, "access.by_hand")
        assert "rework" not in entry.payload

    @pytest.mark.parametrize(
        ("constraint", "changes"),
        [
            ("grant_hold_by_hand_says_whose_and_why", {"placed_by": None}),
            ("grant_hold_by_hand_says_whose_and_why", {"reason": ""}),
            ("grant_hold_lifted_by_whom_and_why", {"lifted_at": NOW}),
        ],
    )
    def test_no_row_contradicts_itself(self, grant, constraint, changes):
        hold = suspended(grant)
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            GrantHold.objects.filter(pk=hold.pk).update(**changes)


class TestOpeningByHand:
    @pytest.fixture
    def eligible(self, grant, enrolment):
        Microtool.objects.update(manual_grant=True)
        Grant.objects.update(state="locked")
        evaluate(enrolment)
        grant.refresh_from_db()
        assert grant.state == "eligible"
        return grant

    def test_a_person_opens_what_is_all_shown(self, eligible, enrolment):
        assert reason(eligible) == "grant_awaits_a_person"
        control.open_by_hand(grant=eligible, actor=warden(), at=NOW)
        assert reason(eligible) == "granted"
        evaluate(enrolment)
        assert reason(eligible) == "granted"

    def test_what_lapsed_meanwhile_does_not_open(self, eligible, switch):
        switch.on.clear()
        with pytest.raises(Refused, match="everything is shown"):
            control.open_by_hand(grant=eligible, actor=warden(), at=NOW)

    def test_not_by_anybody(self, eligible):
        with pytest.raises(PermissionDenied):
            control.open_by_hand(grant=eligible, actor=UserFactory(), at=NOW)


class TestStops:
    @pytest.mark.parametrize(
        ("kind", "value", "call", "expected"),
        [
            ("microtool", "triage", {}, "microtool_stopped"),
            ("region", "eu-west-1", {"region": "eu-west-1"}, "region_stopped"),
            ("region", "eu-west-1", {}, "region_stopped"),
            ("region", "eu-west-1", {"region": "us-east-1"}, "granted"),
            ("model", "m-1", {"model": "m-1"}, "model_stopped"),
            ("model", "m-1", {"model": "m", "model_version": "m-1"}, "model_stopped"),
            ("model", "m-1", {}, "model_stopped"),
            ("model", "m-1", {"model": "m-2"}, "granted"),
        ],
    )
    def test_what_a_stop_stops(self, grant, kind, value, call, expected):
        stop = control.stop(kind=kind, value=value, reason="Wrong answers", actor=warden(), at=NOW)
        assert reason(grant, **call) == expected
        control.end_stop(stop=stop, reason="Mended", actor=warden(), at=NOW)
        assert reason(grant, **call) == "granted"

    def test_a_stopped_tool_is_closed_on_every_page_and_for_every_right(self, grant):
        tool = grant.microtool
        assert grant.user.has_perm("access.use_microtool", tool)
        control.stop(kind="microtool", value="triage", reason="Wrong answers", actor=warden(), at=NOW)
        assert not grant.user.has_perm("access.use_microtool", tool)
        [view] = tools_for(user=grant.user, at=NOW)
        assert (view.open, view.stopped) == (False, True)

    def test_one_person_stops_another_ends_and_another_reviews(self, grant):
        first, second, third = warden(), warden(), warden()
        stop = control.stop(kind="microtool", value="triage", reason="Wrong", actor=first, at=NOW)
        with pytest.raises(Refused, match="Another person"):
            control.end_stop(stop=stop, reason="Fine", actor=first, at=NOW)
        # While it is in force there is no afterwards.
        with pytest.raises(Refused, match="in force"):
            control.review_stop(stop=stop, review="Fine", actor=third, at=NOW)
        control.end_stop(stop=stop, reason="Fine", actor=second, at=NOW)
        for involved in (first, second):
            with pytest.raises(Refused, match="neither stopped nor ended"):
                control.review_stop(stop=stop, review="Fine", actor=involved, at=NOW)
        control.review_stop(stop=stop, review="It was right to stop.", actor=third, at=NOW)
        assert not Stop.objects.to_review().exists()
        kinds = LedgerEntry.objects.filter(subject_type="access.Stop").order_by("recorded_at")
        assert [entry.kind for entry in kinds] == [
            "access.stop_started",
            "access.stop_ended",
            "access.stop_reviewed",
        ]

    @pytest.mark.parametrize(
        ("constraint", "by", "changes"),
        [
            ("stop_reviewed_by_another", "first", {}),
            ("stop_reviewed_by_another", "second", {}),
            ("stop_reviewed_after_its_end", "third", {"reviewed_at": NOW - timedelta(seconds=1)}),
            (
                "stop_reviewed_after_its_end",
                "third",
                {"ended_at": None, "ended_by": None, "end_reason": ""},
            ),
        ],
    )
    def test_the_database_keeps_the_review_a_third_ones(self, grant, constraint, by, changes):
        people = {name: warden() for name in ("first", "second", "third")}
        made = control.stop(kind="model", value="m", reason="x", actor=people["first"], at=NOW)
        control.end_stop(stop=made, reason="Fine", actor=people["second"], at=NOW)
        said = {"reviewed_by": people[by], "reviewed_at": NOW, "review": "Fine"} | changes
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            Stop.objects.update(**said)

    def test_what_is_refused(self, grant):
        control.stop(kind="microtool", value="triage", reason="Wrong", actor=warden(), at=NOW)
        with pytest.raises(Refused, match="stopped already"):
            control.stop(kind="microtool", value="triage", reason="Wrong", actor=warden(), at=NOW)
        with pytest.raises(Refused, match="no tool of the name"):
            control.stop(kind="microtool", value="other", reason="Wrong", actor=warden(), at=NOW)
        with pytest.raises(ValidationError):
            control.stop(kind="region", value="", reason="Wrong", actor=warden(), at=NOW)
        for nowhere in ("mars-1", "eu-west1"):
            with pytest.raises(Refused, match="nothing would be stopped"):
                control.stop(kind="region", value=nowhere, reason="Wrong", actor=warden(), at=NOW)
        with pytest.raises(PermissionDenied):
            control.stop(kind="region", value="eu-west-1", reason="x", actor=UserFactory(), at=NOW)
        assert Policy.objects.get().stops == {"microtool": ["triage"]}

    def test_a_region_is_the_one_that_playbook_or_token_knows_however_it_is_written(self, grant):
        ApiTokenFactory(regions=["ca-central-1"])
        ApiTokenFactory(regions=["sa-east-1"], revoked_at=NOW)
        made = control.stop(kind="region", value=" EU-West-1 ", reason="Law", actor=warden(), at=NOW)
        assert made.value == "eu-west-1"
        assert reason(grant, region="eu-west-1") == "region_stopped"
        control.stop(kind="region", value="CA-CENTRAL-1", reason="Law", actor=warden(), at=NOW)
        with pytest.raises(Refused, match="sa-east-1"):
            control.stop(kind="region", value="sa-east-1", reason="Law", actor=warden(), at=NOW)
        assert Policy.objects.get().stops == {"region": ["ca-central-1", "eu-west-1"]}

    def test_applying_a_playbook_ends_no_stop(self, grant):
        from enablement.access.services.policy import put_policy

        control.stop(kind="microtool", value="triage", reason="Wrong", actor=warden(), at=NOW)
        policy = Policy.objects.get()
        put_policy(
            revision=policy.revision + 1,
            regions=policy.regions,
            yellow_zone_terms=policy.yellow_zone_terms,
            block_on_confidence_lt=policy.block_on_confidence_lt,
            manual_review_required=policy.manual_review_required,
            owners=policy.owners,
            slo=policy.slo,
        )
        assert reason(grant) == "microtool_stopped"


class TestTime:
    def test_what_is_not_used_for_90_days_is_suspended_once(self, grant):
        assert nightly.suspend_unused(at=LATER) == 0
        assert nightly.suspend_unused(at=LATER + timedelta(seconds=1)) == 1
        assert nightly.suspend_unused(at=LATER + timedelta(seconds=2)) == 0
        assert GrantHold.objects.get().cause == "disuse"
        assert reason(grant, at=LATER) == "grant_suspended"

    def test_use_counts_and_so_does_coming_back_from_leave(self, grant, enrolment):
        reason(grant, at=NOW + timedelta(days=1))
        assert nightly.suspend_unused(at=LATER + timedelta(hours=1)) == 0
        other = EnrolmentFactory(user=enrolment.user)
        manager = UserFactory(perms=["tracks.run_cohorts"])
        assign_perm("tracks.run_cohort", manager, other.cohort)
        cohorts.pause(enrolment=other, actor=manager, at=NOW + timedelta(days=2))
        assert nightly.suspend_unused(at=LATER + timedelta(days=30)) == 0
        cohorts.resume(enrolment=other, actor=manager, at=LATER + timedelta(days=31))
        assert nightly.suspend_unused(at=LATER + timedelta(days=32)) == 0

    def test_lifting_disuse_needs_one_person_and_counts_anew(self, grant):
        late = LATER + timedelta(days=1)
        nightly.suspend_unused(at=late)
        control.lift(hold=GrantHold.objects.get(), reason="Refresher read", actor=warden(), at=late)
        assert reason(grant, at=late) == "granted"
        assert nightly.suspend_unused(at=late) == 0

    def test_what_opened_again_is_not_measured_by_its_use_before(self, grant):
        Grant.objects.filter(pk=grant.pk).update(last_used_at=NOW, since=LATER)
        assert nightly.suspend_unused(at=LATER + timedelta(days=1)) == 0
        assert nightly.suspend_unused(at=LATER + nightly.DISUSE + timedelta(seconds=1)) == 1

    def test_the_nightly_round_closes_what_lapsed(self, grant, enrolment, switch):
        switch.lapses = NOW + timedelta(days=10)
        evaluate(enrolment)
        switch.on.clear()
        assert nightly.reevaluate_all(at=NOW + timedelta(days=10)) == 1
        grant.refresh_from_db()
        assert grant.state == "expired"
        assert nightly.reevaluate_all(at=NOW + timedelta(days=10)) == 0
