"""Cohorts, enrolments and mentorships: who may do what, once, and with which dates."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction

from tests.people.factories import UserFactory
from tests.tracks.factories import (
    DUE,
    START,
    CohortFactory,
    EnrolmentFactory,
    MentorshipFactory,
    TrackFactory,
)
from tracks.errors import Refused
from tracks.models import Cohort, Enrolment, Mentorship
from tracks.services import cohorts

LATER = START + timedelta(days=3)
pytestmark = pytest.mark.django_db


@pytest.fixture
def manager():
    return UserFactory(groups=["program_managers"])


def create(manager, **changes):
    values = {
        "name": "November",
        "track": changes.pop("track", None) or TrackFactory(),
        "starts_on": START.date(),
        "timezone": "Europe/Berlin",
        "actor": manager,
        "at": START,
    }
    return cohorts.create_cohort(**{**values, **changes})


def test_who_creates_a_cohort_runs_it(manager, heard):
    cohort = create(manager)
    assert (cohort.state, cohort.created_by) == ("planned", manager)
    assert list(Cohort.objects.all().run_by(manager)) == [cohort]
    assert not Cohort.objects.all().run_by(UserFactory(groups=["program_managers"])).exists()
    assert heard.kinds == ["tracks.cohort_created"]
    assert heard[0].payload == {"track": cohort.track.key, "starts_on": "2026-11-02"}


def test_others_create_no_cohort():
    with pytest.raises(PermissionDenied):
        create(UserFactory(groups=["mentors"]))
    assert not Cohort.objects.exists()


def test_a_name_in_use_an_unknown_zone_and_a_retired_track_are_refused(manager):
    create(manager)
    with pytest.raises(ValidationError) as error:
        create(manager)
    assert set(error.value.message_dict) == {"name"}
    with pytest.raises(ValidationError) as error:
        create(manager, name="December", timezone="Mars/Olympus")
    assert set(error.value.message_dict) == {"timezone"}
    with pytest.raises(Refused) as refused:
        create(manager, name="December", track=TrackFactory(retired_at=START))
    assert refused.value.code == "track_retired"


def test_people_enrolled_before_the_start_get_their_full_window(manager):
    cohort = create(manager, starts_on=date(2026, 11, 20))
    [enrolment] = cohorts.enrol(cohort=cohort, users=[UserFactory()], actor=manager, at=START)
    assert enrolment.due_on == date(2026, 12, 4)
    cohorts.start_cohort(cohort=cohort, actor=manager, at=LATER)
    enrolment.refresh_from_db()
    assert (enrolment.due_on, enrolment.content_at) == (date(2026, 11, 19), LATER)


def test_who_is_on_leave_at_the_start_has_the_full_window_afterwards(manager):
    cohort = create(manager, starts_on=START.date())
    [enrolment] = cohorts.enrol(cohort=cohort, users=[UserFactory()], actor=manager, at=START)
    cohorts.pause(enrolment=enrolment, actor=manager, at=START + timedelta(days=1))
    started = START + timedelta(days=20)
    cohorts.start_cohort(cohort=cohort, actor=manager, at=started)
    back = cohorts.resume(enrolment=enrolment, actor=manager, at=started + timedelta(days=3))
    assert (back.due_on, back.content_at) == ((started + timedelta(days=17)).date(), started)


def test_starting_twice_is_starting_once(manager, heard):
    cohort = create(manager)
    heard.clear()
    for _click in range(2):
        started = cohorts.start_cohort(cohort=cohort, actor=manager, at=LATER)
    assert (started.state, started.started_at) == ("running", LATER)
    assert heard.kinds == ["tracks.cohort_started"]


def test_closing(manager, heard):
    cohort = create(manager)
    with pytest.raises(Refused) as refused:
        cohorts.close_cohort(cohort=cohort, actor=manager, at=LATER)
    assert refused.value.code == "cohort_not_started"
    cohorts.start_cohort(cohort=cohort, actor=manager, at=LATER)
    for _click in range(2):
        closed = cohorts.close_cohort(cohort=cohort, actor=manager, at=LATER)
    assert closed.state == "closed"
    assert heard.kinds[-1:] == ["tracks.cohort_closed"]
    assert heard.kinds.count("tracks.cohort_closed") == 1
    for step in (
        lambda: cohorts.start_cohort(cohort=cohort, actor=manager, at=LATER),
        lambda: cohorts.enrol(cohort=cohort, users=[UserFactory()], actor=manager, at=LATER),
    ):
        with pytest.raises(Refused) as refused:
            step()
        assert refused.value.code == "cohort_closed"


def test_enrolling_sets_the_due_day_in_the_cohorts_zone(manager, heard):
    cohort = create(manager, timezone="Pacific/Auckland")
    cohorts.start_cohort(cohort=cohort, actor=manager, at=START)
    heard.clear()
    heard.batches = 0
    people = [UserFactory(), UserFactory()]
    late_evening = datetime(2026, 11, 4, 23, 30, tzinfo=UTC)
    enrolments = cohorts.enrol(cohort=cohort, users=people, actor=manager, at=late_evening)
    assert [enrolment.due_on for enrolment in enrolments] == [date(2026, 11, 19)] * 2
    assert [enrolment.user for enrolment in enrolments] == people
    assert (heard.kinds, heard.batches) == (["tracks.enrolled"] * 2, 1)
    assert {fact.learner_id for fact in heard} == {person.pk for person in people}


def test_enrolling_again_keeps_the_enrolment(manager, heard):
    cohort = create(manager)
    person = UserFactory()
    [first] = cohorts.enrol(cohort=cohort, users=[person], actor=manager, at=START)
    heard.clear()
    [second] = cohorts.enrol(cohort=cohort, users=[person], actor=manager, at=LATER)
    assert (second, second.enrolled_at, heard) == (first, START, [])


def test_one_who_learns_it_elsewhere_or_has_left_stops_the_whole_list(manager):
    cohort = create(manager)
    free, elsewhere = UserFactory(), EnrolmentFactory(cohort__track=cohort.track).user
    gone = UserFactory(is_active=False)
    for person, code in ((elsewhere, "enrolled_elsewhere"), (gone, "person_left")):
        with pytest.raises(Refused) as refused:
            cohorts.enrol(cohort=cohort, users=[free, person], actor=manager, at=START)
        assert refused.value.code == code
        assert person.email in refused.value.message
    assert not cohort.enrolments.exists()


def test_only_who_runs_the_cohort_may_change_it(manager):
    cohort = CohortFactory()
    enrolment = EnrolmentFactory(cohort=cohort)
    mentorship = MentorshipFactory(enrolment=enrolment)
    steps = [
        lambda actor: cohorts.start_cohort(cohort=cohort, actor=actor, at=LATER),
        lambda actor: cohorts.close_cohort(cohort=cohort, actor=actor, at=LATER),
        lambda actor: cohorts.enrol(cohort=cohort, users=[], actor=actor, at=LATER),
        lambda actor: cohorts.pause(enrolment=enrolment, actor=actor, at=LATER),
        lambda actor: cohorts.resume(enrolment=enrolment, actor=actor, at=LATER),
        lambda actor: cohorts.withdraw_enrolment(enrolment=enrolment, actor=actor, at=LATER),
        lambda actor: cohorts.assign_mentor(
            enrolment=enrolment, mentor=mentorship.mentor, actor=actor, at=LATER
        ),
        lambda actor: cohorts.end_mentorship(mentorship=mentorship, actor=actor, at=LATER),
    ]
    for step in steps:
        for actor in (manager, enrolment.user, mentorship.mentor):
            with pytest.raises(PermissionDenied):
                step(actor)
    cohorts.pause(enrolment=enrolment, actor=cohort.created_by, at=LATER)
    enrolment.refresh_from_db()
    assert enrolment.state == "paused"


def test_leave_moves_the_due_day_by_its_days(cast, heard):
    for _click in range(2):
        cohorts.pause(enrolment=cast.enrolment, actor=cast.manager, at=START + timedelta(days=2))
    for _click in range(2):
        resumed = cohorts.resume(
            enrolment=cast.enrolment, actor=cast.manager, at=START + timedelta(days=7, hours=3)
        )
    assert (resumed.state, resumed.due_on, resumed.paused_on) == ("active", DUE + timedelta(days=5), None)
    assert heard.kinds == ["tracks.enrolment_paused", "tracks.enrolment_resumed"]


def test_a_withdrawn_or_completed_enrolment_takes_no_leave(cast):
    Enrolment.objects.update(state="completed", completed_at=START)
    with pytest.raises(Refused) as refused:
        cohorts.pause(enrolment=cast.enrolment, actor=cast.manager, at=LATER)
    assert refused.value.code == "enrolment_not_active"
    with pytest.raises(Refused) as refused:
        cohorts.resume(enrolment=cast.enrolment, actor=cast.manager, at=LATER)
    assert refused.value.code == "enrolment_not_paused"


def test_withdrawing_ends_mentorships_and_frees_the_person(cast, heard):
    cohorts.assign_mentor(enrolment=cast.enrolment, mentor=cast.mentor, actor=cast.manager, at=START)
    heard.clear()
    for _click in range(2):
        gone = cohorts.withdraw_enrolment(enrolment=cast.enrolment, actor=cast.manager, at=LATER)
    assert (gone.state, gone.withdrawn_at) == ("withdrawn", LATER)
    assert heard.kinds == ["tracks.mentor_ended", "tracks.enrolment_withdrawn"]
    assert not cast.mentor.has_perm("tracks.mentor_cohort", cast.cohort)
    [again] = cohorts.enrol(cohort=cast.cohort, users=[cast.learner], actor=cast.manager, at=LATER)
    assert again != gone


def test_a_mentor_is_assigned_once_and_may_mentor_the_cohort(cast, heard):
    for _click in range(2):
        mentorship = cohorts.assign_mentor(
            enrolment=cast.enrolment, mentor=cast.mentor, actor=cast.manager, at=LATER
        )
    assert (mentorship.learner, mentorship.cohort, mentorship.since) == (cast.learner, cast.cohort, LATER)
    assert heard.kinds == ["tracks.mentor_assigned"]
    assert heard[0].learner_id == cast.learner.pk
    mentor = type(cast.mentor).objects.get(pk=cast.mentor.pk)
    assert mentor.has_perm("tracks.mentor_cohort", cast.cohort)


def test_ending_keeps_the_right_while_another_mentee_is_left(cast):
    other = EnrolmentFactory(cohort=cast.cohort)
    first, second = cohorts.assign_mentors(
        cohort=cast.cohort,
        pairings=[cohorts.Pairing(cast.enrolment, cast.mentor), cohorts.Pairing(other, cast.mentor)],
        actor=cast.manager,
        at=START,
    )

    def may():
        return type(cast.mentor).objects.get(pk=cast.mentor.pk).has_perm("tracks.mentor_cohort", cast.cohort)

    assert cohorts.end_mentorship(mentorship=first, actor=cast.manager, at=LATER) is True
    assert cohorts.end_mentorship(mentorship=first, actor=cast.manager, at=LATER) is False
    assert may()
    assert cohorts.end_mentorship(mentorship=second, actor=cast.manager, at=LATER) is True
    assert not may()


def test_who_may_not_review_who_left_and_the_learner_do_not_mentor(cast):
    gone = UserFactory(perms=["assessments.review_labs"], is_active=False)
    learner = type(cast.learner).objects.get(pk=cast.learner.pk)
    for mentor, code in ((cast.outsider, "not_a_mentor"), (gone, "person_left"), (learner, "not_a_mentor")):
        with pytest.raises(Refused) as refused:
            cohorts.assign_mentor(enrolment=cast.enrolment, mentor=mentor, actor=cast.manager, at=LATER)
        assert refused.value.code == code
    both = EnrolmentFactory(cohort=cast.cohort, user=UserFactory(perms=["assessments.review_labs"]))
    with pytest.raises(Refused) as refused:
        cohorts.assign_mentor(enrolment=both, mentor=both.user, actor=cast.manager, at=LATER)
    assert refused.value.code == "own_mentor"
    assert not Mentorship.objects.exists()


def test_a_person_of_another_cohort_is_not_paired_here(cast):
    foreign = EnrolmentFactory()
    with pytest.raises(ValidationError):
        cohorts.assign_mentors(
            cohort=cast.cohort,
            pairings=[cohorts.Pairing(foreign, cast.mentor)],
            actor=cast.manager,
            at=LATER,
        )


def test_leaving_ends_what_one_mentors_and_who_mentors_one(cast, heard):
    cohorts.assign_mentor(enrolment=cast.enrolment, mentor=cast.mentor, actor=cast.manager, at=START)
    mentee = MentorshipFactory(mentor=cast.learner)
    untouched = MentorshipFactory()
    heard.clear()
    assert cohorts.end_mentorships_of(user=cast.learner, actor=None, at=LATER) == 2
    assert cohorts.end_mentorships_of(user=cast.learner, actor=None, at=LATER) == 0
    assert list(Mentorship.objects.current()) == [untouched]
    assert {fact.learner_id for fact in heard} == {cast.learner.pk, mentee.learner_id}


def test_who_sees_which_cohort_and_enrolment(cast):
    cohorts.assign_mentor(enrolment=cast.enrolment, mentor=cast.mentor, actor=cast.manager, at=START)
    peer = EnrolmentFactory(cohort=cast.cohort)
    foreign = EnrolmentFactory()

    def sees(user):
        cohorts_seen = set(Cohort.objects.all().visible_to(user))
        return cohorts_seen, set(Enrolment.objects.all().visible_to(user))

    assert sees(cast.learner) == ({cast.cohort}, {cast.enrolment})
    assert sees(cast.mentor) == ({cast.cohort}, {cast.enrolment})
    assert sees(cast.manager) == ({cast.cohort}, {cast.enrolment, peer})
    assert sees(foreign.cohort.created_by) == ({foreign.cohort}, {foreign})
    assert sees(cast.outsider) == (set(), set())


def test_the_database_keeps_the_invariants(cast):
    mentorship = MentorshipFactory(enrolment=cast.enrolment)
    here = Enrolment.objects.filter(pk=cast.enrolment.pk)
    for break_it in (
        lambda: EnrolmentFactory(user=cast.learner, cohort=CohortFactory(track=cast.cohort.track)),
        lambda: here.update(state="completed"),
        lambda: here.update(state="paused"),
        lambda: here.update(state="withdrawn"),
        lambda: here.update(paused_on=START.date()),
        lambda: here.update(withdrawn_at=START),
        lambda: CohortFactory(name=cast.cohort.name),
        lambda: Cohort.objects.update(state="planned"),
        lambda: Cohort.objects.update(started_at=None),
        lambda: MentorshipFactory(enrolment=cast.enrolment, mentor=mentorship.mentor),
        lambda: Mentorship.objects.update(mentor=cast.learner),
        lambda: Mentorship.objects.update(ended_at=START - timedelta(days=1)),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            break_it()
