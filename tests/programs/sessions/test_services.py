"""Sessions are planned by who runs the cohort, marked by who holds them, and nothing is rewritten."""

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction

from enablement.ledger.models import LedgerEntry
from enablement.programs.models import Attendance, Session
from enablement.programs.services import (
    Details,
    cancel_session,
    change_session,
    mark_attendance,
    plan_session,
)
from enablement.programs.services.sessions import FURTHEST
from tests.people.factories import UserFactory
from tests.programs.sessions.factories import ABSENT, EXCUSED, HOUR, NOW, PRESENT, SessionFactory
from tests.tracks.factories import CohortFactory, EnrolmentFactory
from tracks.errors import Refused
from tracks.services.cohorts import close_cohort

pytestmark = pytest.mark.django_db


@pytest.fixture
def cohort():
    return CohortFactory()


@pytest.fixture
def details():
    return Details(
        title="Kick-off",
        starts_at=NOW + 24 * HOUR,
        ends_at=NOW + 25 * HOUR,
        host=UserFactory(),
        place="Room 4",
    )


def between(begins):
    """An hour from then on, in the zone that it is said in."""
    return {"starts_at": begins, "ends_at": begins + HOUR}


def kinds():
    return list(LedgerEntry.objects.order_by("recorded_at").values_list("kind", flat=True))


def refused(code, **call):
    with pytest.raises(Refused) as refusal:
        mark_attendance(**call)
    assert refusal.value.code == code


class TestPlanning:
    def test_who_runs_the_cohort_plans_changes_and_cancels_and_each_is_on_record(self, cohort, details):
        pm = cohort.created_by
        session = plan_session(cohort=cohort, details=details, actor=pm, at=NOW)
        later = replace(details, starts_at=details.starts_at + HOUR, ends_at=details.ends_at + HOUR)
        assert change_session(session=session, details=later, actor=pm, at=NOW).ends_at == later.ends_at
        change_session(session=session, details=later, actor=pm, at=NOW)  # nothing new
        cancelled = cancel_session(session=session, reason=" The host is ill. ", actor=pm, at=NOW)
        cancel_session(session=session, reason="Again", actor=pm, at=NOW + HOUR)
        assert (cancelled.cancel_reason, Session.objects.get().cancelled_at) == ("The host is ill.", NOW)
        assert kinds() == [
            "programs.session_planned",
            "programs.session_changed",
            "programs.session_cancelled",
        ]
        planned = LedgerEntry.objects.get(kind="programs.session_planned").payload
        assert str(details.host.pk) in planned
        assert "Kick-off" not in planned  # words can be personal, and stay out of the record

    def test_nobody_else_does(self, cohort, details):
        session = SessionFactory(cohort=cohort)
        for actor in (session.host, UserFactory(perms=["tracks.run_cohorts"])):
            with pytest.raises(PermissionDenied):
                plan_session(cohort=cohort, details=details, actor=actor, at=NOW)
            with pytest.raises(PermissionDenied):
                change_session(session=session, details=details, actor=actor, at=NOW)
            with pytest.raises(PermissionDenied):
                cancel_session(session=session, reason="No", actor=actor, at=NOW)

    @pytest.mark.parametrize(
        ("field", "changes"),
        [
            ("ends_at", {"ends_at": NOW + 24 * HOUR}),
            ("ends_at", {"ends_at": NOW + 24 * HOUR + timedelta(days=1, seconds=1)}),
            ("place", {"place": " "}),
            ("title", {"title": " "}),
            ("link", {"link": "javascript:alert(1)"}),
            ("starts_at", between(NOW + FURTHEST + timedelta(seconds=1))),
            ("starts_at", between(NOW - FURTHEST - timedelta(seconds=1))),
            ("starts_at", between(datetime(9999, 12, 31, 22, tzinfo=ZoneInfo("America/New_York")))),
            ("starts_at", between(datetime(1, 1, 1, tzinfo=ZoneInfo("Asia/Tokyo")))),
        ],
    )
    def test_what_makes_no_session_is_refused_by_field(self, cohort, details, field, changes):
        with pytest.raises(ValidationError) as problems:
            plan_session(cohort=cohort, details=replace(details, **changes), actor=cohort.created_by, at=NOW)
        assert field in problems.value.error_dict

    def test_a_year_that_is_mistyped_is_refused_and_one_that_stands_may_stay(self, cohort, details):
        pm = cohort.created_by
        last = replace(details, **between(NOW + FURTHEST))
        session = plan_session(cohort=cohort, details=last, actor=pm, at=NOW)
        later = NOW + 3 * FURTHEST
        renamed = replace(last, title="Look back")
        assert change_session(session=session, details=renamed, actor=pm, at=later).title == "Look back"
        moved = replace(renamed, **between(last.starts_at + HOUR))
        with pytest.raises(ValidationError) as problems:
            change_session(session=session, details=moved, actor=pm, at=later)
        assert list(problems.value.error_dict) == ["starts_at"]

    def test_a_host_who_left_and_a_closed_cohort_are_refused(self, cohort, details):
        gone = replace(details, host=UserFactory(is_active=False))
        with pytest.raises(ValidationError):
            plan_session(cohort=cohort, details=gone, actor=cohort.created_by, at=NOW)
        close_cohort(cohort=cohort, actor=None, at=NOW)
        with pytest.raises(Refused, match="closed"):
            plan_session(cohort=cohort, details=details, actor=cohort.created_by, at=NOW)

    def test_who_held_it_and_left_since_still_held_it(self, cohort, details):
        pm, gone = cohort.created_by, UserFactory(is_active=False)
        session = SessionFactory(cohort=cohort, host=gone, **between(NOW - 2 * HOUR))
        same = replace(details, host=gone, title="Kick-off, part one", **between(session.starts_at))
        with pytest.raises(ValidationError, match="no longer active"):
            change_session(session=session, details=same, actor=pm, at=NOW - HOUR - timedelta(seconds=1))
        other = replace(same, host=UserFactory(is_active=False))
        with pytest.raises(ValidationError, match="no longer active"):
            change_session(session=session, details=other, actor=pm, at=NOW)
        assert change_session(session=session, details=same, actor=pm, at=NOW).title == "Kick-off, part one"

    def test_once_it_is_marked_its_time_stands_and_its_words_may_change(self, details):
        enrolment = EnrolmentFactory()
        session = SessionFactory(cohort=enrolment.cohort)
        pm = session.cohort.created_by
        mark_attendance(session=session, marks={enrolment.pk: PRESENT}, actor=session.host, at=NOW)
        with pytest.raises(Refused, match="time"):
            change_session(session=session, details=details, actor=pm, at=NOW)
        with pytest.raises(Refused, match="held"):
            cancel_session(session=session, reason="Never mind", actor=pm, at=NOW)
        same = replace(details, starts_at=session.starts_at, ends_at=session.ends_at)
        assert change_session(session=session, details=same, actor=pm, at=NOW).title == "Kick-off"


class TestMarking:
    @pytest.fixture
    def enrolment(self, cohort):
        return EnrolmentFactory(cohort=cohort)

    @pytest.fixture
    def session(self, cohort):
        return SessionFactory(cohort=cohort)

    def test_host_and_manager_mark_and_a_correction_is_a_new_row(self, session, enrolment):
        pm = session.cohort.created_by
        [first] = mark_attendance(session=session, marks={enrolment.pk: PRESENT}, actor=session.host, at=NOW)
        assert mark_attendance(session=session, marks={enrolment.pk: PRESENT}, actor=pm, at=NOW) == []
        with pytest.raises(ValidationError, match="Say why"):
            mark_attendance(session=session, marks={enrolment.pk: ABSENT}, actor=pm, at=NOW)
        [second] = mark_attendance(
            session=session, marks={enrolment.pk: ABSENT}, actor=pm, at=NOW + HOUR, reason="Mixed up."
        )
        rows = Attendance.objects.values_list("pk", "mark", "corrects", "corrected_at", "marked_by", "reason")
        assert set(rows) == {
            (first.pk, PRESENT, None, NOW + HOUR, session.host_id, ""),
            (second.pk, ABSENT, first.pk, None, pm.pk, "Mixed up."),
        }
        assert kinds() == [
            "programs.attendance_marked",
            "programs.session_held",
            "programs.attendance_corrected",
        ]

    def test_not_before_it_begins_and_not_when_it_is_cancelled(self, session, enrolment):
        call = {"session": session, "marks": {enrolment.pk: PRESENT}, "actor": session.host}
        refused("not_begun", **call, at=session.starts_at - timedelta(seconds=1))
        cancel_session(session=session, reason="No room", actor=session.cohort.created_by, at=NOW)
        refused("session_cancelled", **call, at=session.starts_at)
        assert not Attendance.objects.exists()

    def test_nobody_marks_themselves_also_as_host_or_manager(self, session, cohort):
        for learner in (session.host, cohort.created_by):
            own = EnrolmentFactory(cohort=cohort, user=learner)
            refused("own_mark", session=session, marks={own.pk: PRESENT}, actor=learner, at=NOW)

    def test_nobody_but_host_and_manager_marks(self, session, enrolment):
        for actor in (enrolment.user, UserFactory(), SessionFactory().host):
            with pytest.raises(PermissionDenied):
                mark_attendance(session=session, marks={enrolment.pk: PRESENT}, actor=actor, at=NOW)

    def test_only_who_is_enrolled_in_this_cohort_while_it_runs_and_only_known_marks(self, session, enrolment):
        call = {"session": session, "actor": session.host, "at": NOW}
        withdrawn = EnrolmentFactory(cohort=session.cohort, state="withdrawn", withdrawn_at=NOW)
        for other in (EnrolmentFactory(), withdrawn):
            refused("not_enrolled", **call, marks={other.pk: PRESENT})
        with pytest.raises(ValidationError):
            mark_attendance(**call, marks={enrolment.pk: "late"})
        mark_attendance(**call, marks={enrolment.pk: PRESENT})
        late = EnrolmentFactory(cohort=session.cohort)
        close_cohort(cohort=session.cohort, actor=None, at=NOW)
        refused("cohort_not_running", **call, marks={late.pk: PRESENT})
        # What was wrong can be put right all the same.
        assert mark_attendance(**call, marks={enrolment.pk: EXCUSED}, reason="Ill, with a note.")


class TestConstraints:
    @pytest.mark.parametrize(
        ("name", "fields"),
        [
            ("session_ends_after_start", {"ends_at": NOW, "starts_at": NOW}),
            ("session_has_place_or_link", {"place": ""}),
            ("session_cancelled_by_somebody_who_says_why", {"cancelled_at": NOW}),
            ("session_cancelled_by_somebody_who_says_why", {"cancel_reason": "Why"}),
        ],
    )
    def test_of_a_session(self, name, fields):
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            SessionFactory(**fields)

    @pytest.mark.parametrize(
        ("name", "fields"),
        [
            ("attendance_mark_known", {"mark": "late"}),
            ("attendance_marked_by_somebody_else", {"own": True}),
            ("attendance_correction_says_why", {"corrects": True}),
            (
                "attendance_standing_unique|programs_attendance.session_id",
                {"corrects": True, "reason": "Why"},
            ),
        ],
    )
    def test_of_a_mark(self, name, fields):
        enrolment = EnrolmentFactory()
        session = SessionFactory(cohort=enrolment.cohort)
        same = {"session": session, "enrolment": enrolment, "learner": enrolment.user, "mark": PRESENT}
        by = {"marked_by": enrolment.user if fields.pop("own", False) else session.host}
        if fields.pop("corrects", False):
            fields["corrects"] = Attendance.objects.create(**same, **by, marked_at=NOW)
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            Attendance.objects.create(**(same | by | fields), marked_at=NOW)
