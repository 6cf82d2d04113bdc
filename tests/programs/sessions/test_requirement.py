"""A gate may ask for attendance: by number, by share, or both; and it closes on a corrected mark."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pydantic import ValidationError

from enablement.access import gates
from enablement.access.models import Gate, Grant, Policy
from enablement.access.role_audit import audit, explain
from enablement.access.services import grants
from enablement.playbook.gate_forms import Choices, LeafForm
from enablement.playbook.gate_outline import Leaf
from enablement.playbook.phrases import phrase
from enablement.playbook.strictness import gate_holds
from enablement.programs.models import Attendance
from enablement.programs.requirement import AttendanceParams, SessionsAttended
from enablement.programs.services import mark_attendance
from tests.access.factories import GateFactory, MicrotoolFactory, PolicyFactory
from tests.programs.sessions.factories import (
    ABSENT,
    DAY,
    EXCUSED,
    HOUR,
    NOW,
    PRESENT,
    SessionFactory,
    mark,
)
from tests.tracks.factories import START, CohortFactory, EnrolmentFactory
from tracks.months import months_later
from tracks.services.cohorts import enrol

pytestmark = pytest.mark.django_db
P, A, E = PRESENT, ABSENT, EXCUSED


@pytest.fixture
def enrolment():
    return EnrolmentFactory()


def leaf(enrolment, at=NOW, **params):
    found = SessionsAttended().evaluate(
        track=enrolment.track, enrolments=[enrolment], params=AttendanceParams(**params), at=at
    )
    return found[enrolment.pk]


@pytest.mark.parametrize(
    ("asked", "marks", "met", "actual"),
    [
        ({"sessions": 2}, [], False, "no session held yet"),
        ({"sessions": 2}, [P, A], False, "attended 1 of 2 held"),
        ({"sessions": 2}, [P, A, P], True, "attended 2 of 3 held"),
        ({"share": "0.8"}, [], None, "no session held yet"),
        ({"share": "0.8"}, [E], None, "attended 0 of 1 held, 1 excused"),
        ({"share": "0.8"}, [P, P, P, P, A], True, "attended 4 of 5 held"),
        ({"share": "0.8"}, [P, P, P, A], False, "attended 3 of 4 held"),
        ({"share": "0.8"}, [P, P, P, P, A, E], True, "attended 4 of 6 held, 1 excused"),
        ({"sessions": 3, "share": "0.5"}, [P, P], False, "attended 2 of 2 held"),
        ({"sessions": 2, "share": "0.8"}, [P, P, A], False, "attended 2 of 3 held"),
        ({"sessions": 2, "share": "0.5"}, [P, P, A], True, "attended 2 of 3 held"),
    ],
)
def test_number_and_share_are_compared_exactly(enrolment, asked, marks, met, actual):
    mark(enrolment, *marks)
    found = leaf(enrolment, **asked)
    assert (found.met, found.actual) == (met, actual)
    assert len(found.proof) == (marks.count(P) if met else 0)
    assert (found.next_step, found.link) == (
        ("", "") if met else ("Come to the next session of your cohort", "/sessions/")
    )


def test_what_nobody_has_marked_cannot_be_established_and_is_no_failure(enrolment):
    other = EnrolmentFactory(cohort=enrolment.cohort)
    mark(enrolment, P)
    mark(other, P)
    assert (leaf(enrolment, share="0.8").met, leaf(enrolment, sessions=2).met) == (None, None)
    found = leaf(enrolment, sessions=2)
    assert (found.actual, found.state) == ("attended 1 of 2 held, 1 not marked", "waiting")
    assert found.next_step == "Ask the host to mark your attendance"
    # Where it would not suffice, or is not needed, nothing hangs on it.
    assert (leaf(enrolment, sessions=3).met, leaf(enrolment, share="0.5").met) == (False, True)
    unopened = gates.evaluate(
        tree={"not": {"type": "attendance", "sessions": 2}},
        track=enrolment.track,
        enrolments=[enrolment],
        at=NOW,
    )
    assert unopened[enrolment.pk].met is False


def test_sessions_of_other_cohorts_and_cancelled_or_unmarked_ones_do_not_count(enrolment):
    elsewhere = EnrolmentFactory(user=enrolment.user)
    mark(elsewhere, P, P)
    mark(enrolment, None)
    by = enrolment.cohort.created_by
    SessionFactory(cohort=enrolment.cohort, cancelled_at=NOW, cancelled_by=by, cancel_reason="No")
    assert leaf(enrolment, sessions=1).actual == "no session held yet"
    assert leaf(elsewhere, sessions=2).met is True


def test_it_lapses_with_the_oldest_of_the_latest_that_are_asked_for(enrolment):
    mark(enrolment, P, P, P)
    found = leaf(enrolment, sessions=2, valid_months=6)
    ends = months_later(START + DAY, 6)
    assert (found.met, found.lapses_at) == (True, ends)
    assert (leaf(enrolment, sessions=2, valid_months=6, at=ends).met, found.next_step) == (False, "")
    with pytest.raises(ValidationError, match="valid_months needs sessions"):
        AttendanceParams(share="0.8", valid_months=6)


@pytest.mark.parametrize(
    "params", [{}, {"sessions": 0}, {"share": "0"}, {"share": "1.01"}, {"share": "NaN"}, {"seats": 2}]
)
def test_what_asks_for_nothing_is_refused(params):
    with pytest.raises(gates.GateError):
        gates.check({"type": "attendance"} | params)


def test_the_words_say_what_is_asked(enrolment):
    assert leaf(enrolment, sessions=1).required == "1 session attended"
    assert leaf(enrolment, share="0.85").required == "at least 85 % of the sessions held"
    both = leaf(enrolment, sessions=3, share="0.8")
    assert both.required == "3 sessions attended, and at least 80 % of those held"
    assert (both.label, both.short, both.done, both.total) == ("Sessions attended", "Sessions", 0, 3)


@pytest.mark.parametrize(
    ("new", "old", "holds"),
    [
        ({"sessions": 3}, {"sessions": 2}, True),
        ({"sessions": 2}, {"sessions": 3}, False),
        ({"sessions": 2, "share": "0.8"}, {"sessions": 2}, True),
        ({"sessions": 2}, {"sessions": 2, "share": "0.8"}, False),
        ({"share": "0.9"}, {"share": "0.8"}, True),
        ({"share": "0.9"}, {"sessions": 1}, False),
        ({"sessions": 3, "valid_months": 6}, {"sessions": 2, "valid_months": 12}, True),
        ({"sessions": 3}, {"sessions": 2, "valid_months": 12}, False),
    ],
)
def test_what_is_at_least_as_strict(new, old, holds):
    assert gate_holds({"type": "attendance"} | new, {"type": "attendance"} | old) is holds


class TestGrants:
    @pytest.fixture
    def cohort(self):
        PolicyFactory()
        gate = GateFactory(tree={"type": "attendance", "sessions": 1, "share": "0.8"})
        MicrotoolFactory(track=gate.track)
        return CohortFactory(track=gate.track)

    def states(self):
        return dict(Grant.objects.values_list("user", "state"))

    def test_a_mark_opens_the_tool_and_a_correction_closes_it_at_once(self, cohort):
        enrolment = EnrolmentFactory(cohort=cohort)
        session = SessionFactory(cohort=cohort)
        call = {"session": session, "actor": session.host}
        [first] = mark_attendance(**call, marks={enrolment.pk: P}, at=NOW)
        grant = Grant.objects.get()
        assert (grant.state, grant.leaves[0]["proof"]) == ("granted", [f"programs.attendance:{first.pk}"])
        mark_attendance(**call, marks={enrolment.pk: A}, at=NOW + HOUR, reason="Mixed up.")
        assert self.states() == {enrolment.user_id: "revoked"}
        mark_attendance(**call, marks={enrolment.pk: P}, at=NOW + 2 * HOUR, reason="She was there.")
        assert self.states() == {enrolment.user_id: "granted"}
        # And on record stays what was true when.
        then = audit(at=NOW + HOUR / 2).rows
        [why] = explain(then, at=NOW + HOUR / 2)
        assert (why.row.state, why.cause) == ("granted", "Attendance of a session was marked")
        assert why.proof == [f"programs.attendance:{first.pk}"]
        [later] = explain(audit(at=NOW + HOUR).rows, at=NOW + HOUR)
        assert (later.row.state, later.cause) == ("revoked", "Attendance of a session was corrected")

    def test_a_session_that_others_were_marked_for_counts_at_once_for_who_was_not(self, cohort):
        one, other = EnrolmentFactory.create_batch(2, cohort=cohort)
        session = SessionFactory(cohort=cohort)
        mark_attendance(session=session, marks={one.pk: P, other.pk: P}, actor=session.host, at=NOW)
        second = SessionFactory(cohort=cohort, starts_at=START + 2 * DAY)
        mark_attendance(session=second, marks={one.pk: P}, actor=second.host, at=NOW)
        assert self.states() == {one.user_id: "granted", other.user_id: "revoked"}
        mark_attendance(session=second, marks={other.pk: E}, actor=second.host, at=NOW)
        assert self.states() == {one.user_id: "granted", other.user_id: "granted"}

    def test_who_comes_back_begins_anew(self, cohort):
        enrolment = EnrolmentFactory(cohort=cohort)
        mark(enrolment, P)
        enrolment.state, enrolment.withdrawn_at = "withdrawn", NOW
        enrolment.save()
        [again] = enrol(cohort=cohort, users=[enrolment.user], actor=None, at=NOW)
        assert self.states() == {enrolment.user_id: "revoked"}
        assert leaf(again, sessions=1).actual == "attended 0 of 1 held, 1 not marked"

    def test_an_overlay_asks_it_besides_of_those_it_is_for(self, cohort):
        Gate.objects.update(tree={"type": "date", "not_before": "2020-01-01"})
        conditions = [{"type": "attendance", "sessions": 1}]
        europe = {"key": "eu", "title": "Europe", "reason": "Because.", "regions": ["eu-west-1"]}
        Policy.objects.update(overlays=[europe | {"conditions": conditions}])
        there = EnrolmentFactory(cohort=cohort, user__region="eu-west-1")
        elsewhere = EnrolmentFactory(cohort=cohort, user__region="us-east-1")
        people = (there, elsewhere)
        ids = [each.user_id for each in people]
        grants.reevaluate(user_ids=ids, cause="tests", actor_id=None, at=NOW)
        assert [self.states()[each.user_id] for each in people] == ["locked", "granted"]
        [session] = mark(there, P)
        assert self.states()[there.user_id] == "granted"
        mark_attendance(session=session, marks={there.pk: A}, actor=session.host, at=NOW, reason="Mixed up.")
        assert [self.states()[each.user_id] for each in people] == ["revoked", "granted"]

    def test_marking_costs_the_same_queries_for_any_number_of_people(self, cohort):
        def cost(size):
            session = SessionFactory(cohort=CohortFactory(track=cohort.track))
            people = EnrolmentFactory.create_batch(size, cohort=session.cohort)
            # What opens makes certificates, each a job of its own.
            marks = dict.fromkeys((each.pk for each in people), A)
            with CaptureQueriesContext(connection) as queries:
                mark_attendance(session=session, marks=marks, actor=session.host, at=NOW)
            return len(queries)

        cost(1)
        assert cost(2) == cost(12)


@pytest.mark.parametrize("people", [1, 6])
def test_evaluating_takes_two_queries_for_any_number_of_people_and_leaves(people, django_assert_num_queries):
    cohort = CohortFactory()
    everybody = EnrolmentFactory.create_batch(people, cohort=cohort)
    for each in everybody:
        mark(each, P)
    asked = [AttendanceParams(sessions=1), AttendanceParams(share=Decimal("0.1"))]
    with django_assert_num_queries(2):
        found = SessionsAttended().evaluate_all(
            track=cohort.track, enrolments=everybody, params=asked, at=NOW
        )
    assert [len(one) for one in found] == [people, people]
    assert Attendance.objects.count() == people


def test_a_cohort_is_reevaluated_in_the_same_queries_at_two_sizes():
    PolicyFactory()
    gate = GateFactory(tree={"type": "attendance", "sessions": 1})
    cohort = CohortFactory(track=gate.track)

    def cost(size):
        people = EnrolmentFactory.create_batch(size, cohort=cohort)
        with CaptureQueriesContext(connection) as queries:
            grants.reevaluate(user_ids=[e.user_id for e in people], cause="tests", actor_id=None, at=NOW)
        return len(queries)

    cost(1)
    assert cost(2) == cost(9)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"sessions": 1}, "1 session attended"),
        ({"share": "0.85"}, "At least 85 % of the sessions held attended"),
        (
            {"sessions": 3, "share": "0.8", "valid_months": 12},
            "3 sessions attended, and at least 80 % of the sessions held attended, for 12 months",
        ),
    ],
)
def test_the_editor_of_gates_says_it_in_a_sentence_and_takes_it_as_it_was(asked, words):
    tree = {"type": "attendance"} | asked
    assert phrase(tree) == words
    form = LeafForm(leaf=Leaf("attendance", asked), choices=Choices())
    given = {name: form.initial[name] for name in form.fields if form.initial[name] is not None}
    again = LeafForm(given, leaf=Leaf("attendance", asked), choices=Choices())
    assert again.is_valid()
    assert again.leaf().tree() == tree


def test_the_editor_of_gates_says_what_is_missing():
    form = LeafForm({"valid_months": 6}, leaf=Leaf("attendance", {}), choices=Choices())
    assert (form.is_valid(), "sessions, share, or both" in str(form.errors)) == (False, True)
