"""How far people are: exact states, and as many queries for many as for few."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.tracks.factories import (
    START,
    ComponentFactory,
    EnrolmentFactory,
    LessonFactory,
    ModuleFactory,
)
from tracks import selectors
from tracks.models import Component, Enrolment
from tracks.path_queries import enrolments_on
from tracks.selectors import ModuleProgress, ModuleState
from tracks.services import progress

pytestmark = pytest.mark.django_db


def queries(function):
    with CaptureQueriesContext(connection) as captured:
        function()
    return len(captured)


def record(enrolment, module, kind, key):
    progress.record_completion(enrolment=enrolment, module=module, kind=kind, key=key, actor=None, at=START)


def test_states_from_nothing_to_met(cast):
    def now():
        return selectors.module_progress(enrolments=[cast.enrolment])[cast.enrolment.pk, cast.module.pk]

    assert now() == ModuleProgress(0, 3, ModuleState.NOT_STARTED)
    progress.read_lesson(enrolment=cast.enrolment, lesson=cast.lessons[0], actor=cast.learner, at=START)
    assert now() == ModuleProgress(0, 3, ModuleState.WAITING)
    record(cast.enrolment, cast.module, "lessons", "lessons")
    record(cast.enrolment, cast.module, "quiz", "check")
    assert now() == ModuleProgress(2, 3, ModuleState.WAITING)
    record(cast.enrolment, cast.module, "lab", "line")
    assert now() == ModuleProgress(3, 3, ModuleState.MET)
    ComponentFactory(module=cast.module)
    assert now() == ModuleProgress(3, 4, ModuleState.MET)
    progress.withdraw_completion(
        enrolment=cast.enrolment,
        module=cast.module,
        kind="lab",
        key="line",
        reason="Not theirs.",
        actor=None,
        at=START,
    )
    assert now() == ModuleProgress(2, 4, ModuleState.WAITING)


def test_a_module_that_needs_nothing_is_not_met_and_a_retired_one_is_left_out(cast):
    bare = ModuleFactory(track=cast.module.track)
    ModuleFactory(track=cast.module.track, retired_at=START)
    found = selectors.module_progress(enrolments=[cast.enrolment])
    assert set(found) == {(cast.enrolment.pk, cast.module.pk), (cast.enrolment.pk, bare.pk)}
    assert found[cast.enrolment.pk, bare.pk] == ModuleProgress(0, 0, ModuleState.NOT_STARTED)


def test_people_on_different_tracks_do_not_mix(cast):
    other = EnrolmentFactory()
    module = ModuleFactory(track=other.track)
    ComponentFactory(module=module, key="check")
    record(other, module, "quiz", "check")
    found = selectors.module_progress(enrolments=[cast.enrolment, other])
    assert found == {
        (cast.enrolment.pk, cast.module.pk): ModuleProgress(0, 3, ModuleState.NOT_STARTED),
        (other.pk, module.pk): ModuleProgress(1, 1, ModuleState.MET),
    }


def test_the_path_has_lessons_components_and_the_next_lesson(cast):
    progress.read_lesson(enrolment=cast.enrolment, lesson=cast.lessons[0], actor=cast.learner, at=START)
    [module] = selectors.path_of(cast.enrolment, at=START)
    assert module.module == cast.module
    assert [(step.lesson, step.read) for step in module.lessons] == [
        (cast.lessons[0], True),
        (cast.lessons[1], False),
    ]
    assert [(step.component.kind, step.achieved) for step in module.components] == [
        (Component.Kind.LESSONS, False),
        (Component.Kind.QUIZ, False),
        (Component.Kind.LAB, False),
    ]
    assert (module.lessons_read, module.next_lesson) == (1, cast.lessons[1])


def test_completed_modules_by_enrolment(cast):
    other = EnrolmentFactory(cohort=cast.cohort)
    for kind, key in (("lessons", "lessons"), ("quiz", "check"), ("lab", "line")):
        record(cast.enrolment, cast.module, kind, key)
    found = selectors.completed_modules(enrolment_ids=[cast.enrolment.pk, other.pk])
    assert found == {cast.enrolment.pk: {"basics": START}, other.pk: {}}


def test_a_withdrawn_enrolment_is_left_out(cast):
    EnrolmentFactory(user=cast.learner, state="withdrawn", withdrawn_at=START)
    assert enrolments_on(user=cast.learner.pk, track=cast.module.track.key) == [cast.enrolment]


def test_queries_do_not_grow_with_people_or_modules(cast):
    def measure():
        enrolments = list(Enrolment.objects.filter(cohort=cast.cohort))
        return (
            queries(lambda: selectors.module_progress(enrolments=enrolments)),
            queries(lambda: selectors.path_of(cast.enrolment, at=START)),
            queries(lambda: selectors.completed_modules(enrolment_ids=[e.pk for e in enrolments])),
        )

    assert measure() == (4, 3, 1)
    for _more in range(4):
        module = ModuleFactory(track=cast.module.track)
        LessonFactory(module=module)
        ComponentFactory(module=module, key="check")
        record(EnrolmentFactory(cohort=cast.cohort), module, "quiz", "check")
    assert measure() == (4, 3, 1)
