"""Enrolling by file: who will be enrolled and mentored by whom is shown first, then done, all or nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext as _

from tracks import rules
from tracks.csv_files import CsvFault, CsvFaults, CsvRow, read_csv, repeated
from tracks.errors import Refused
from tracks.models import Cohort, Enrolment
from tracks.people import Person, by_email
from tracks.services.cohorts import Pairing, assign_mentors, enrol, ensure_may_mentor


@dataclass(frozen=True, slots=True)
class EnrolLine:
    """`enrolled` says that the person is in this cohort already, so only the mentor may be new."""

    line: int
    person: Person
    mentor: Person | None
    enrolled: bool


def parse(content: bytes) -> list[CsvRow]:
    """Rows with `email` and perhaps `mentor_email`, each person once. CsvFaults for everything else."""
    rows = read_csv(content, required=["email"], optional=["mentor_email"])
    faults = repeated(rows, "email")
    for row in rows:
        for column, value in row.cells.items():
            if value and not _is_email(value):
                message = _("“%(value)s” is not an e-mail address.") % {"value": value}
                faults.append(CsvFault(row.line, column, message))
    if faults:
        raise CsvFaults(faults)
    return rows


def plan(*, cohort: Cohort, rows: Sequence[CsvRow]) -> list[EnrolLine]:
    """What `apply` would do. CsvFaults names each person that is unknown, gone or elsewhere, and each wrong
    mentor.
    """
    people = by_email([value for row in rows for value in row.cells.values() if value])
    held = {
        enrolment.user_id: enrolment
        for enrolment in Enrolment.objects.live().filter(track=cohort.track_id, user__in=people.values())
    }
    lines, faults = [], []
    mentors: dict[str, str] = {}
    for row in rows:
        email = row.cells["email"].lower()
        mentor_email = row.cells.get("mentor_email", "").lower()
        found = [
            CsvFault(row.line, "email", message)
            for message in _person_faults(cohort, people.get(email), email, held)
        ]
        if mentor_email:
            if mentor_email not in mentors:
                mentors[mentor_email] = _mentor_fault(people.get(mentor_email), mentor_email)
            fault = mentors[mentor_email]
            if mentor_email == email:
                fault = _("Nobody mentors themselves; expected another person's address.")
            if fault:
                found.append(CsvFault(row.line, "mentor_email", fault))
        faults += found
        if not found:
            person = people[email]
            lines.append(EnrolLine(row.line, person, people.get(mentor_email), person.pk in held))
    if faults:
        raise CsvFaults(faults)
    return lines


@transaction.atomic
def apply(*, cohort: Cohort, content: bytes, actor: Person | None, at: datetime) -> list[EnrolLine]:
    """Enrols everyone in the file and gives them their mentors, or changes nothing (CsvFaults, Refused)."""
    rules.ensure_runs(cohort, actor)
    lines = plan(cohort=cohort, rows=parse(content))
    enrolments = enrol(cohort=cohort, users=[line.person for line in lines], actor=actor, at=at)
    pairings = [
        Pairing(enrolment, line.mentor)
        for enrolment, line in zip(enrolments, lines, strict=True)
        if line.mentor is not None
    ]
    assign_mentors(cohort=cohort, pairings=pairings, actor=actor, at=at)
    return lines


def _person_faults(
    cohort: Cohort, person: Person | None, email: str, held: Mapping[UUID, Enrolment]
) -> list[str]:
    if person is None:
        return [
            _("Nobody here has the address “%(email)s”; add them to the roster first.") % {"email": email}
        ]
    if not person.is_active:
        return [_("“%(email)s” is no longer active.") % {"email": email}]
    if person.pk in held and held[person.pk].cohort_id != cohort.pk:
        return [_("“%(email)s” is on this track in another cohort.") % {"email": email}]
    return []


def _mentor_fault(mentor: Person | None, email: str) -> str:
    """Empty where they may mentor."""
    if mentor is None:
        return _("Nobody here has the address “%(email)s”.") % {"email": email}
    try:
        ensure_may_mentor(mentor)
    except Refused as refused:
        return refused.message
    return ""


def _is_email(value: str) -> bool:
    try:
        validate_email(value)
    except ValidationError:
        return False
    return True
