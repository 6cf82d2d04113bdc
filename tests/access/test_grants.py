import json
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from enablement.access.models import EnrolmentStanding, Grant, Policy
from enablement.access.services.control import suspend
from enablement.access.services.grants import OPEN_AT_ONCE, reevaluate
from enablement.access.tasks import open_grants
from enablement.jobs.models import Job
from enablement.ledger.models import LedgerEntry
from enablement.people.services import deactivate
from tests.access.conftest import NOW, warden
from tests.access.factories import GateFactory, MicrotoolFactory, PolicyFactory
from tests.people.factories import UserFactory
from tests.tracks.factories import CohortFactory, EnrolmentFactory
from tracks.models import Enrolment
from tracks.services.cohorts import withdraw_enrolment

pytestmark = pytest.mark.django_db
OPENING = open_grants.name


@pytest.fixture
def track(switch):
    PolicyFactory()
    return GateFactory().track


@pytest.fixture
def tool(track):
    return MicrotoolFactory(track=track)


@pytest.fixture
def enrolment(track):
    return EnrolmentFactory(cohort__track=track)


def evaluate(*enrolments, at=NOW):
    users = [enrolment.user_id for enrolment in enrolments]
    return reevaluate(user_ids=users, cause="tests.switched", actor_id=None, at=at).changed


def opened(tool, enrolment, at=NOW):
    return Grant.objects.live(at=at).filter(microtool=tool, user=enrolment.user).exists()


def state(tool, enrolment):
    return Grant.objects.get(microtool=tool, user=enrolment.user).state


def test_a_met_gate_opens_the_tool_and_an_unmet_one_revokes_it(switch, tool, enrolment):
    evaluate(enrolment)
    assert (state(tool, enrolment), opened(tool, enrolment)) == ("locked", False)
    switch.on.add(enrolment.user_id)
    evaluate(enrolment)
    assert (state(tool, enrolment), opened(tool, enrolment)) == ("granted", True)
    switch.on.clear()
    evaluate(enrolment)
    assert (state(tool, enrolment), opened(tool, enrolment)) == ("revoked", False)
    switch.on.add(enrolment.user_id)
    evaluate(enrolment)
    assert (state(tool, enrolment), opened(tool, enrolment)) == ("granted", True)


def test_every_change_is_in_the_ledger_with_its_cause_and_proof(switch, tool, enrolment):
    evaluate(enrolment)
    switch.on.add(enrolment.user_id)
    evaluate(enrolment)
    grant = Grant.objects.get()
    entries = LedgerEntry.objects.filter(subject_id=str(grant.pk)).order_by("recorded_at")
    assert [entry.kind for entry in entries] == ["access.grant_locked", "access.grant_granted"]
    payload = json.loads(entries[1].payload)
    assert payload["cause"] == "tests.switched"
    assert payload["proof"] == ["tests.switch:1"]
    assert (payload["before"], payload["after"], payload["policy_revision"]) == ("locked", "granted", 1)


def test_evaluating_again_changes_nothing(switch, tool, enrolment):
    switch.on.add(enrolment.user_id)
    assert len(evaluate(enrolment)) == 1
    entries = LedgerEntry.objects.count()
    assert evaluate(enrolment) == []
    assert LedgerEntry.objects.count() == entries


def test_without_a_policy_nothing_is_granted(switch, enrolment):
    MicrotoolFactory(track=GateFactory().track)
    Policy.objects.all().delete()
    switch.on.add(enrolment.user_id)
    assert evaluate(enrolment) == []
    assert not Grant.objects.exists()


def test_a_tool_of_a_track_without_a_gate_stays_locked(switch):
    PolicyFactory()
    enrolment = EnrolmentFactory()
    tool = MicrotoolFactory(track=enrolment.track)
    switch.on.add(enrolment.user_id)
    evaluate(enrolment)
    assert not opened(tool, enrolment)


def test_a_tool_that_a_person_opens_becomes_eligible_only(switch, track, enrolment):
    tool = MicrotoolFactory(track=track, manual_grant=True)
    switch.on.add(enrolment.user_id)
    evaluate(enrolment)
    assert (state(tool, enrolment), opened(tool, enrolment)) == ("eligible", False)


def test_a_suspended_tool_is_not_opened_by_its_gate(switch, tool, enrolment):
    evaluate(enrolment)
    suspend(grant=Grant.objects.get(), reason="Rework", actor=warden(), at=NOW)
    switch.on.add(enrolment.user_id)
    evaluate(enrolment)
    assert (state(tool, enrolment), opened(tool, enrolment)) == ("suspended", False)


@pytest.mark.parametrize("end", ["withdrawn", "leaver", "retired"])
def test_what_ends_the_ground_ends_the_grant(switch, tool, enrolment, end):
    switch.on.add(enrolment.user_id)
    evaluate(enrolment)
    assert opened(tool, enrolment)
    if end == "withdrawn":
        withdraw_enrolment(enrolment=enrolment, actor=None, at=NOW)
    elif end == "leaver":
        deactivate(user=enrolment.user, actor=None, at=NOW)
    else:
        tool.retired_at = NOW
        tool.save()
        evaluate(enrolment)
    assert (state(tool, enrolment), opened(tool, enrolment)) == ("revoked", False)


def test_a_grant_ends_when_its_first_proof_lapses(switch, tool, enrolment):
    switch.on.add(enrolment.user_id)
    switch.lapses = NOW + timedelta(days=90)
    evaluate(enrolment)
    assert opened(tool, enrolment, at=switch.lapses - timedelta(seconds=1))
    assert not opened(tool, enrolment, at=switch.lapses)


def test_use_of_a_tool_is_answered_by_live_grants_for_superusers_too(switch, tool, enrolment):
    learner = enrolment.user
    chief = UserFactory(is_superuser=True)
    assert chief.has_perm("access.view_grant")
    assert not chief.has_perm("access.use_microtool", tool)
    assert not learner.has_perm("access.use_microtool", tool)
    switch.on.add(learner.pk)
    evaluate(enrolment)
    assert learner.has_perm("access.use_microtool", tool)
    assert not learner.has_perm("access.use_microtool")
    learner.is_active = False
    assert not learner.has_perm("access.use_microtool", tool)


def test_the_standing_is_kept_for_pages(switch, tool, enrolment):
    evaluate(enrolment)
    standing = EnrolmentStanding.objects.get()
    assert (standing.met, standing.met_count, [leaf["met"] for leaf in standing.leaves]) == (
        False,
        0,
        [False],
    )
    switch.on.add(enrolment.user_id)
    evaluate(enrolment)
    standing.refresh_from_db()
    assert (standing.met, standing.met_count) == (True, 1)


def test_a_grant_without_proof_cannot_be_stored(tool, enrolment):
    with pytest.raises(IntegrityError, match="grant_rests_on_proof"), transaction.atomic():
        Grant.objects.create(
            user=enrolment.user, microtool=tool, state="granted", since=NOW, leaves=[], policy_revision=1
        )


def test_one_grant_a_person_and_tool(switch, tool, enrolment):
    evaluate(enrolment)
    with pytest.raises(IntegrityError), transaction.atomic():
        Grant.objects.create(user=enrolment.user, microtool=tool, since=NOW, policy_revision=1)


@pytest.mark.parametrize("size", [2, 12])
def test_a_cohort_costs_the_same_queries_as_two_people(
    switch, track, tool, size, django_assert_max_num_queries
):
    cohort = CohortFactory(track=track)
    enrolments = EnrolmentFactory.create_batch(size, cohort=cohort)
    evaluate(*enrolments)
    with django_assert_max_num_queries(14):
        evaluate(*enrolments)


class TestManyAtOnce:
    """Beyond fifty people, what opens waits for a job; what closes does not wait."""

    @pytest.fixture
    def many(self, track, tool):
        return EnrolmentFactory.create_batch(OPEN_AT_ONCE + 1, cohort=CohortFactory(track=track))

    def test_fifty_open_before_the_answer(self, switch, tool, many):
        switch.on.update(enrolment.user_id for enrolment in many[1:])
        evaluate(*many)
        assert Grant.objects.live(at=NOW).count() == OPEN_AT_ONCE
        assert not Job.objects.filter(kind=OPENING).exists()

    def test_more_open_in_a_job_that_evaluates_anew(self, switch, tool, many):
        switch.on.update(enrolment.user_id for enrolment in many)
        evaluate(*many)
        assert Grant.objects.live(at=NOW).count() == 0
        job = Job.objects.get(kind=OPENING)
        assert job.args["cause"] == "tests.switched"
        switch.on.discard(many[0].user_id)
        open_grants(**job.args)()
        assert Grant.objects.live(at=NOW).count() == OPEN_AT_ONCE
        assert not opened(tool, many[0])
        completed = Enrolment.objects.filter(state="completed").count()
        assert completed == OPEN_AT_ONCE

    def test_what_closes_for_many_closes_at_once(self, switch, tool, many):
        switch.on.update(enrolment.user_id for enrolment in many)
        users = [enrolment.user_id for enrolment in many]
        reevaluate(user_ids=users, cause="tests.switched", actor_id=None, at=NOW, at_once=len(users))
        assert Grant.objects.live(at=NOW).count() == OPEN_AT_ONCE + 1
        switch.on.clear()
        evaluate(*many)
        assert Grant.objects.live(at=NOW).count() == 0

    def test_somebody_closes_while_many_open(self, switch, tool, many):
        leaver = EnrolmentFactory(cohort=many[0].cohort)
        switch.on.add(leaver.user_id)
        evaluate(leaver)
        assert opened(tool, leaver)
        switch.on = {enrolment.user_id for enrolment in many}
        evaluate(leaver, *many)
        assert not opened(tool, leaver)
        assert Job.objects.filter(kind=OPENING).count() == 1
