"""Cohorts, who is enrolled in them, and who mentors whom.

`actor` is the program manager; None stands for the system itself. A step that was already taken changes
nothing and announces nothing, so that two clicks are one.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from guardian.shortcuts import assign_perm, remove_perm

from tracks import rules, signals
from tracks.errors import Refused
from tracks.models import Cohort, Enrolment, Mentorship, Track
from tracks.people import Person
from tracks.services.announce import cohort_fact, enrolment_fact, mentorship_fact
from tracks.zones import local_date


@transaction.atomic
def create_cohort(
    *, name: str, track: Track, starts_on: date, timezone: str, actor: Person, at: datetime
) -> Cohort:
    """A planned cohort, which the actor then runs. ValidationError for a name in use or an unknown zone."""
    rules.ensure_starts_cohorts(actor)
    if track.retired_at is not None:
        raise Refused("track_retired", _("This track is retired; choose one that is in use."))
    cohort = Cohort(
        name=name.strip(),
        track=track,
        starts_on=starts_on,
        timezone=timezone,
        created_by=actor,
        created_at=at,
    )
    cohort.full_clean()
    cohort.save()
    assign_perm("tracks.run_cohort", actor, cohort)
    signals.cohort_changed.send(
        sender=Cohort, facts=[cohort_fact("tracks.cohort_created", cohort, actor, at)]
    )
    return cohort


@transaction.atomic
def start_cohort(*, cohort: Cohort, actor: Person | None, at: datetime) -> Cohort:
    """From now on its people may work. Those enrolled before get today's content and their full window."""
    rules.ensure_runs(cohort, actor)
    cohort = _locked_cohort(cohort)
    if cohort.state == Cohort.State.RUNNING:
        return cohort
    if cohort.state == Cohort.State.CLOSED:
        raise Refused("cohort_closed", _("This cohort is closed and cannot be started again."))
    cohort.state = Cohort.State.RUNNING
    cohort.started_at = at
    cohort.save(update_fields=["state", "started_at"])
    cohort.enrolments.filter(state__in=[Enrolment.State.ACTIVE, Enrolment.State.PAUSED]).update(
        content_at=at, due_on=_due_on(cohort, local_date(at, cohort.timezone))
    )
    signals.cohort_changed.send(
        sender=Cohort, facts=[cohort_fact("tracks.cohort_started", cohort, actor, at)]
    )
    return cohort


@transaction.atomic
def close_cohort(*, cohort: Cohort, actor: Person | None, at: datetime) -> Cohort:
    """No more work counts. What people have achieved stays theirs."""
    rules.ensure_runs(cohort, actor)
    cohort = _locked_cohort(cohort)
    if cohort.state == Cohort.State.CLOSED:
        return cohort
    if cohort.state == Cohort.State.PLANNED:
        raise Refused("cohort_not_started", _("This cohort has not started, so there is nothing to close."))
    cohort.state = Cohort.State.CLOSED
    cohort.save(update_fields=["state"])
    signals.cohort_changed.send(sender=Cohort, facts=[cohort_fact("tracks.cohort_closed", cohort, actor, at)])
    return cohort


@transaction.atomic
def enrol(*, cohort: Cohort, users: Sequence[Person], actor: Person | None, at: datetime) -> list[Enrolment]:
    """One enrolment for each of `users`, in their order; who is in the cohort already keeps theirs.

    Due `track.due_days` days after today in the cohort's zone, or after its planned start where that is
    later. Refused for the whole list where one has left, or learns this track in another cohort.
    """
    rules.ensure_runs(cohort, actor)
    cohort = _locked_cohort(cohort)
    if cohort.state == Cohort.State.CLOSED:
        raise Refused("cohort_closed", _("This cohort is closed; nobody can be enrolled any more."))
    held = {
        enrolment.user_id: enrolment
        for enrolment in Enrolment.objects.live().filter(user__in=users, track=cohort.track)
    }
    _ensure_free(cohort, users, held)
    first_day = local_date(at, cohort.timezone)
    if cohort.state == Cohort.State.PLANNED:
        first_day = max(first_day, cohort.starts_on)
    new = {
        user.pk: Enrolment(
            user=user,
            cohort=cohort,
            track=cohort.track,
            enrolled_at=at,
            content_at=at,
            due_on=_due_on(cohort, first_day),
        )
        for user in users
        if user.pk not in held
    }
    Enrolment.objects.bulk_create(new.values())
    if new:
        facts = [enrolment_fact("tracks.enrolled", enrolment, actor, at) for enrolment in new.values()]
        signals.enrolment_changed.send(sender=Enrolment, facts=facts)
    return [held.get(user.pk) or new[user.pk] for user in users]


def _ensure_free(cohort: Cohort, users: Sequence[Person], held: Mapping[UUID, Enrolment]) -> None:
    gone = [user.email for user in users if not user.is_active]
    if gone:
        raise Refused("person_left", _("No longer active: %(people)s.") % {"people": ", ".join(gone)})
    elsewhere = [user.email for user in users if user.pk in held and held[user.pk].cohort_id != cohort.pk]
    if elsewhere:
        raise Refused(
            "enrolled_elsewhere",
            _("Already on this track in another cohort: %(people)s.") % {"people": ", ".join(elsewhere)},
        )


@transaction.atomic
def withdraw_enrolment(*, enrolment: Enrolment, actor: Person | None, at: datetime) -> Enrolment:
    """The person leaves the track; mentorships end, achieved facts stay on record."""
    enrolment = _locked_enrolment(enrolment, actor)
    if enrolment.state == Enrolment.State.WITHDRAWN:
        return enrolment
    _withdraw(enrolment, actor, at)
    return enrolment


@transaction.atomic
def withdraw_enrolments_of(*, user: Person, actor: Person | None, at: datetime) -> int:
    """Ends all that this person learns, when they leave: coming back begins anew. The right to do so is the
    roster's.
    """
    live = list(Enrolment.objects.live().filter(user=user).select_for_update().order_by("pk"))
    for enrolment in live:
        _withdraw(enrolment, actor, at)
    return len(live)


def _withdraw(enrolment: Enrolment, actor: Person | None, at: datetime) -> None:
    enrolment.state = Enrolment.State.WITHDRAWN
    enrolment.withdrawn_at = at
    enrolment.paused_on = None
    enrolment.save(update_fields=["state", "withdrawn_at", "paused_on"])
    _end(enrolment.mentorships.current().select_for_update(), actor=actor, at=at)
    _announce("tracks.enrolment_withdrawn", enrolment, actor, at)


@transaction.atomic
def pause(*, enrolment: Enrolment, actor: Person | None, at: datetime) -> Enrolment:
    """Leave begins today, in the cohort's zone: the due date waits."""
    enrolment = _locked_enrolment(enrolment, actor)
    if enrolment.state == Enrolment.State.PAUSED:
        return enrolment
    if enrolment.state != Enrolment.State.ACTIVE:
        raise Refused("enrolment_not_active", _("Only an enrolment in progress can be paused."))
    enrolment.state = Enrolment.State.PAUSED
    enrolment.paused_on = local_date(at, enrolment.cohort.timezone)
    enrolment.save(update_fields=["state", "paused_on"])
    _announce("tracks.enrolment_paused", enrolment, actor, at)
    return enrolment


@transaction.atomic
def resume(*, enrolment: Enrolment, actor: Person | None, at: datetime) -> Enrolment:
    """Leave ends today, in the cohort's zone: the due date moves by the days of leave.

    Days before the cohort's start do not count: the window began with it.
    """
    enrolment = _locked_enrolment(enrolment, actor)
    if enrolment.state == Enrolment.State.ACTIVE:
        return enrolment
    if enrolment.state != Enrolment.State.PAUSED or enrolment.paused_on is None:
        raise Refused("enrolment_not_paused", _("Only an enrolment on leave can be resumed."))
    zone, away_from = enrolment.cohort.timezone, enrolment.paused_on
    if enrolment.cohort.started_at is not None:
        away_from = max(away_from, local_date(enrolment.cohort.started_at, zone))
    enrolment.due_on += local_date(at, zone) - away_from
    enrolment.state = Enrolment.State.ACTIVE
    enrolment.paused_on = None
    enrolment.save(update_fields=["state", "paused_on", "due_on"])
    _announce("tracks.enrolment_resumed", enrolment, actor, at)
    return enrolment


class Pairing(NamedTuple):
    enrolment: Enrolment
    mentor: Person


@transaction.atomic
def assign_mentors(
    *, cohort: Cohort, pairings: Sequence[Pairing], actor: Person | None, at: datetime
) -> list[Mentorship]:
    """Gives people of one cohort their mentors, all or nothing; a pairing that stands already is kept.

    Refused where a mentor may not review labs, has left, or is the learner; and for a withdrawn enrolment.
    """
    rules.ensure_runs(cohort, actor)
    for mentor in {pairing.mentor.pk: pairing.mentor for pairing in pairings}.values():
        ensure_may_mentor(mentor)
    held = Enrolment.objects.select_for_update().in_bulk([pairing.enrolment.pk for pairing in pairings])
    standing = {
        (mentorship.enrolment_id, mentorship.mentor_id): mentorship
        for mentorship in Mentorship.objects.current().filter(enrolment__in=held)
    }
    result, new = [], []
    for pairing in pairings:
        enrolment = held[pairing.enrolment.pk]
        _ensure_fits(cohort, enrolment, pairing.mentor)
        key = (enrolment.pk, pairing.mentor.pk)
        if key not in standing:
            standing[key] = Mentorship(
                enrolment=enrolment,
                cohort=cohort,
                mentor=pairing.mentor,
                learner_id=enrolment.user_id,
                since=at,
            )
            new.append(standing[key])
        result.append(standing[key])
    for mentorship in new:
        mentorship.save()
    for mentor in {mentorship.mentor_id: mentorship.mentor for mentorship in new}.values():
        assign_perm("tracks.mentor_cohort", mentor, cohort)
    if new:
        facts = [mentorship_fact("tracks.mentor_assigned", row, actor, at) for row in new]
        signals.mentorship_changed.send(sender=Mentorship, facts=facts)
    return result


def assign_mentor(*, enrolment: Enrolment, mentor: Person, actor: Person | None, at: datetime) -> Mentorship:
    """`assign_mentors` for one."""
    pairings = [Pairing(enrolment, mentor)]
    return assign_mentors(cohort=enrolment.cohort, pairings=pairings, actor=actor, at=at)[0]


@transaction.atomic
def end_mentorship(*, mentorship: Mentorship, actor: Person | None, at: datetime) -> bool:
    """False where it had ended before."""
    rules.ensure_runs(mentorship.cohort, actor)
    current = Mentorship.objects.current().filter(pk=mentorship.pk).select_for_update()
    return bool(_end(current, actor=actor, at=at))


@transaction.atomic
def end_mentorships_of(*, user: Person, actor: Person | None, at: datetime) -> int:
    """Ends what this person mentors and who mentors them, when they leave. The right to do so is the
    roster's.
    """
    current = Mentorship.objects.current().select_for_update()
    return _end(current.filter(mentor=user) | current.filter(learner=user), actor=actor, at=at)


def ensure_may_mentor(mentor: Person) -> None:
    if not mentor.is_active:
        raise Refused("person_left", _("%(person)s is no longer active.") % {"person": mentor})
    if not mentor.has_perm("assessments.review_labs"):
        raise Refused(
            "not_a_mentor",
            _("%(person)s may not review labs, so they cannot mentor.") % {"person": mentor},
        )


def _ensure_fits(cohort: Cohort, enrolment: Enrolment, mentor: Person) -> None:
    if enrolment.cohort_id != cohort.pk:
        raise ValidationError(_("This person is not enrolled in this cohort."), code="other_cohort")
    if enrolment.state == Enrolment.State.WITHDRAWN:
        raise Refused("enrolment_withdrawn", _("This person is no longer enrolled."))
    if enrolment.user_id == mentor.pk:
        raise Refused("own_mentor", _("Nobody mentors themselves; choose another person."))


def _end(mentorships: Iterable[Mentorship], *, actor: Person | None, at: datetime) -> int:
    """The mentor's right on the cohort goes with the last person they mentor there."""
    ended = list(mentorships)
    for mentorship in ended:
        mentorship.ended_at = at
        mentorship.save(update_fields=["ended_at"])
    for mentorship in {(row.mentor_id, row.cohort_id): row for row in ended}.values():
        others = Mentorship.objects.current().filter(mentor=mentorship.mentor_id, cohort=mentorship.cohort_id)
        if not others.exists():
            remove_perm("tracks.mentor_cohort", mentorship.mentor, mentorship.cohort)
    if ended:
        facts = [mentorship_fact("tracks.mentor_ended", row, actor, at) for row in ended]
        signals.mentorship_changed.send(sender=Mentorship, facts=facts)
    return len(ended)


def _due_on(cohort: Cohort, first_day: date) -> date:
    return first_day + timedelta(days=cohort.track.due_days)


def _locked_cohort(cohort: Cohort) -> Cohort:
    return Cohort.objects.select_for_update(of=("self",)).select_related("track").get(pk=cohort.pk)


def _locked_enrolment(enrolment: Enrolment, actor: Person | None) -> Enrolment:
    rules.ensure_runs(enrolment.cohort, actor)
    held = Enrolment.objects.select_for_update(of=("self",)).select_related("cohort", "track")
    return held.get(pk=enrolment.pk)


def _announce(kind: str, enrolment: Enrolment, actor: Person | None, at: datetime) -> None:
    facts = [enrolment_fact(kind, enrolment, actor, at)]
    signals.enrolment_changed.send(sender=Enrolment, facts=facts)
