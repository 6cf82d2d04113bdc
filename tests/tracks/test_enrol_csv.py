"""Enrolling by file: a plan first, then everything or nothing."""

import pytest
from django.core.exceptions import PermissionDenied

from tests.people.factories import UserFactory
from tests.tracks.factories import START, EnrolmentFactory
from tracks.csv_files import CsvFaults
from tracks.models import Enrolment, Mentorship
from tracks.services import enrol_csv

pytestmark = pytest.mark.django_db


def apply(cast, content, actor=None):
    return enrol_csv.apply(cohort=cast.cohort, content=content, actor=actor or cast.manager, at=START)


def test_people_are_enrolled_with_their_mentors_whatever_the_case_of_their_address(cast, heard):
    new = [UserFactory(email="Ada@example.com"), UserFactory(email="bo@example.com")]
    mentor = cast.mentor.email.upper()
    content = (
        f"﻿email;mentor_email\nada@EXAMPLE.com;{mentor}\nbo@example.com;\n{cast.learner.email};{mentor}\n"
    )
    lines = apply(cast, content.encode())
    assert [(line.line, line.person, line.mentor, line.enrolled) for line in lines] == [
        (2, new[0], cast.mentor, False),
        (3, new[1], None, False),
        (4, cast.learner, cast.mentor, True),
    ]
    assert set(cast.cohort.enrolments.values_list("user", flat=True)) == {
        new[0].pk,
        new[1].pk,
        cast.learner.pk,
    }
    assert Mentorship.objects.current().filter(mentor=cast.mentor).count() == 2
    assert heard.kinds == ["tracks.enrolled"] * 2 + ["tracks.mentor_assigned"] * 2
    assert heard.batches == 2


def test_the_same_file_twice_changes_nothing_more(cast, heard):
    content = f"email,mentor_email\n{UserFactory().email},{cast.mentor.email}\n".encode()
    apply(cast, content)
    heard.clear()
    assert [line.enrolled for line in apply(cast, content)] == [True]
    assert heard == []


def test_every_fault_is_named_and_nobody_is_enrolled(cast):
    good, gone = UserFactory(), UserFactory(is_active=False)
    elsewhere = EnrolmentFactory(cohort__track=cast.cohort.track).user
    before = Enrolment.objects.count()
    content = "\n".join(
        [
            "email,mentor_email",
            f"{good.email},{cast.mentor.email}",
            f"nobody@example.com,{cast.mentor.email}",
            f"{gone.email},",
            f"{elsewhere.email},",
            f"{UserFactory().email},{cast.outsider.email}",
            f"{UserFactory().email},stranger@example.com",
            f"{cast.mentor.email},{cast.mentor.email}",
        ]
    )
    with pytest.raises(CsvFaults) as error:
        apply(cast, content.encode())
    assert [(fault.line, fault.column) for fault in error.value.faults] == [
        (3, "email"),
        (4, "email"),
        (5, "email"),
        (6, "mentor_email"),
        (7, "mentor_email"),
        (8, "mentor_email"),
    ]
    assert "add them to the roster first" in error.value.faults[0].message
    assert Enrolment.objects.count() == before
    assert not Mentorship.objects.exists()


@pytest.mark.parametrize(
    ("content", "where"),
    [
        (b"email\na@example.com\nA@example.com\n", [(3, "email")]),
        (b"email,mentor_email\nnot an address,also not\n", [(2, "email"), (2, "mentor_email")]),
        (b"mail\na@example.com\n", [(1, "mail"), (1, "email")]),
    ],
)
def test_files_that_cannot_be_read(content, where):
    with pytest.raises(CsvFaults) as error:
        enrol_csv.parse(content)
    assert [(fault.line, fault.column) for fault in error.value.faults] == where


def test_only_who_runs_the_cohort_enrols(cast):
    with pytest.raises(PermissionDenied):
        apply(cast, f"email\n{cast.outsider.email}\n".encode(), actor=cast.outsider)
