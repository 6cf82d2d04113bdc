"""Two people who save at once: one mark stands for each person, all of one of them."""

import pytest
from django.core.exceptions import ValidationError

from enablement.people.models import User
from enablement.programs.models import Attendance, Session
from enablement.programs.services import mark_attendance
from tests.programs.sessions.factories import ABSENT, NOW, PRESENT, SessionFactory
from tests.racing import race
from tests.tracks.factories import EnrolmentFactory


def save(session_id, actor_id, enrolment_ids, word):
    session, actor = Session.objects.get(pk=session_id), User.objects.get(pk=actor_id)
    marks = dict.fromkeys(enrolment_ids, word)
    try:
        return len(mark_attendance(session=session, marks=marks, actor=actor, at=NOW))
    except ValidationError as error:
        return next(iter(error.error_dict))


@pytest.mark.django_db(transaction=True)
def test_the_second_who_says_otherwise_has_to_say_why():
    session = SessionFactory()
    people = [each.pk for each in EnrolmentFactory.create_batch(2, cohort=session.cohort)]
    marks = {session.host_id: PRESENT, session.cohort.created_by_id: ABSENT}

    saved = race(save, [(session.pk, actor, people, word) for actor, word in marks.items()])

    assert sorted(saved, key=str) == [2, "reason"]
    rows = Attendance.objects.filter(session=session).values_list("marked_by", "mark")
    assert len(rows) == 2
    assert len(set(rows)) == 1
    assert set(rows) <= set(marks.items())
