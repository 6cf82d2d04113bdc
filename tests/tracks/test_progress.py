"""Progress is recorded once, completes modules, and can be taken back."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from tests.tracks.factories import START, ComponentFactory, LessonFactory, ModuleFactory
from tracks.errors import Refused
from tracks.models import Cohort, Component, ComponentCompletion, Enrolment, LessonRead, ModuleCompletion
from tracks.services import progress
from tracks.services.content import retire, retire_component

LATER = START + timedelta(hours=1)
pytestmark = pytest.mark.django_db


def read(cast, lesson, at=LATER):
    return progress.read_lesson(enrolment=cast.enrolment, lesson=lesson, actor=cast.learner, at=at)


def record(cast, kind, key, at=LATER):
    return progress.record_completion(
        enrolment=cast.enrolment, module=cast.module, kind=kind, key=key, actor=cast.learner, at=at
    )


def withdraw(cast, kind, key, reason="The evidence was another person's."):
    return progress.withdraw_completion(
        enrolment=cast.enrolment,
        module=cast.module,
        kind=kind,
        key=key,
        reason=reason,
        actor=cast.manager,
        at=LATER,
    )


def complete(cast):
    for lesson in cast.lessons:
        read(cast, lesson)
    record(cast, "quiz", "check")
    return record(cast, "lab", "line")


def test_reading_is_recorded_once_and_announced_once(cast, heard):
    first = read(cast, cast.lessons[0])
    second = read(cast, cast.lessons[0], at=LATER + timedelta(days=1))
    assert (first.pk, second.read_at) == (second.pk, LATER)
    assert heard.kinds == ["tracks.lesson_read"]
    [fact] = heard
    assert fact.subject == ("tracks.Enrolment", str(cast.enrolment.pk))
    assert (fact.actor_id, fact.learner_id, fact.at) == (cast.learner.pk, cast.learner.pk, LATER)
    lesson = {"lesson": cast.lessons[0].key, "time": 1}
    assert fact.payload == {"track": "frontline", "module": "basics", **lesson}


def test_the_last_lesson_completes_the_lessons(cast):
    read(cast, cast.lessons[0])
    assert not ComponentCompletion.objects.exists()
    read(cast, cast.lessons[1])
    [completion] = ComponentCompletion.objects.all()
    assert (completion.component.kind, completion.achieved_at) == (Component.Kind.LESSONS, LATER)


def test_a_retired_lesson_is_not_waited_for(cast):
    retire(queryset=type(cast.lessons[0]).objects.filter(pk=cast.lessons[1].pk), at=START)
    read(cast, cast.lessons[0])
    assert ComponentCompletion.objects.count() == 1


def test_nobody_reads_for_another_person(cast):
    with pytest.raises(Refused) as refused:
        progress.read_lesson(enrolment=cast.enrolment, lesson=cast.lessons[0], actor=cast.manager, at=LATER)
    assert refused.value.code == "not_yours"
    assert not LessonRead.objects.exists()


def test_a_lesson_of_another_track_is_refused(cast):
    with pytest.raises(Refused) as refused:
        read(cast, LessonFactory())
    assert refused.value.code == "lesson_not_on_track"


@pytest.mark.parametrize(
    ("state", "fields", "code"),
    [
        ("withdrawn", {"withdrawn_at": START}, "enrolment_withdrawn"),
        ("paused", {"paused_on": START.date()}, "enrolment_paused"),
    ],
)
def test_reading_waits_while_the_enrolment_is_closed(cast, state, fields, code):
    Enrolment.objects.filter(pk=cast.enrolment.pk).update(state=state, **fields)
    with pytest.raises(Refused) as refused:
        read(cast, cast.lessons[0])
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("state", "started", "code"),
    [("planned", None, "cohort_not_started"), ("closed", START, "cohort_closed")],
)
def test_reading_waits_while_the_cohort_does_not_run(cast, state, started, code):
    Cohort.objects.filter(pk=cast.cohort.pk).update(state=state, started_at=started)
    with pytest.raises(Refused) as refused:
        read(cast, cast.lessons[0])
    assert refused.value.code == code


def test_a_module_completes_with_its_last_component(cast, heard):
    completion = complete(cast)
    assert completion == ModuleCompletion.objects.get()
    assert heard.kinds == ["tracks.lesson_read", "tracks.lesson_read", "tracks.module_completed"]
    assert heard[-1].payload == {"track": "frontline", "module": "basics"}


def test_recording_again_changes_and_announces_nothing(cast, heard):
    completion = complete(cast)
    announced = len(heard)
    assert record(cast, "lab", "line", at=LATER + timedelta(days=1)) == completion
    assert (len(heard), ComponentCompletion.objects.count()) == (announced, 3)


def test_an_undeclared_component_is_an_error_of_the_caller(cast):
    with pytest.raises(Component.DoesNotExist):
        record(cast, "quiz", "nonsense")


def test_a_module_without_components_never_completes(cast):
    bare = ModuleFactory(track=cast.module.track)
    ComponentFactory(module=bare, key="old", retired_at=START)
    result = progress.record_completion(
        enrolment=cast.enrolment, module=bare, kind="quiz", key="old", actor=None, at=LATER
    )
    assert result is None
    assert progress.settle(modules=[bare], at=LATER) == 0
    assert not ModuleCompletion.objects.exists()


def test_withdrawing_a_proof_withdraws_the_module_and_keeps_both_rows(cast, heard):
    complete(cast)
    heard.clear()
    assert withdraw(cast, "lab", "line") is True
    [component] = ComponentCompletion.objects.filter(component__kind="lab")
    [module] = ModuleCompletion.objects.all()
    for fact in (component, module):
        assert (fact.withdrawn_at, fact.withdrawn_reason) == (LATER, "The evidence was another person's.")
    assert heard.kinds == ["tracks.module_completion_withdrawn"]
    assert heard[0].payload == {"track": "frontline", "module": "basics", "component": "lab:line"}
    assert heard[0].actor_id == cast.manager.pk


def test_withdrawing_twice_changes_nothing_more(cast, heard):
    complete(cast)
    withdraw(cast, "lab", "line")
    heard.clear()
    assert withdraw(cast, "lab", "line") is False
    assert heard == []


def test_withdrawing_needs_a_reason(cast):
    complete(cast)
    with pytest.raises(ValidationError):
        withdraw(cast, "lab", "line", reason="  ")
    assert ModuleCompletion.objects.current().count() == 1


def test_a_withdrawn_proof_can_be_given_again(cast):
    complete(cast)
    withdraw(cast, "lab", "line")
    again = record(cast, "lab", "line", at=LATER + timedelta(days=1))
    assert again.achieved_at == LATER + timedelta(days=1)
    assert ModuleCompletion.objects.count() == 2
    assert ModuleCompletion.objects.current().count() == 1


def test_retiring_the_component_that_was_lacking_completes_the_module_for_those_people(cast, heard):
    for lesson in cast.lessons:
        read(cast, lesson)
    record(cast, "quiz", "check")
    heard.clear()
    retire_component(module=cast.module, kind="lab", key="line", at=LATER)
    assert heard.kinds == ["tracks.module_completed"]
    assert heard[0].actor_id is None
    retire_component(module=cast.module, kind="lab", key="line", at=LATER)
    assert len(heard) == 1


def test_retiring_the_lesson_that_was_lacking_completes_the_lessons(cast):
    read(cast, cast.lessons[0])
    record(cast, "quiz", "check")
    record(cast, "lab", "line")
    retire(queryset=type(cast.lessons[0]).objects.filter(pk=cast.lessons[1].pk), at=LATER)
    assert ModuleCompletion.objects.current().count() == 1


def test_the_proof_of_a_retired_component_can_go_without_the_module(cast):
    complete(cast)
    retire_component(module=cast.module, kind="lab", key="line", at=LATER)
    assert withdraw(cast, "lab", "line") is True
    assert ModuleCompletion.objects.current().count() == 1


def test_an_enrolment_completes_once(cast, heard):
    ids = [cast.enrolment.pk]
    assert progress.complete_enrolments(enrolment_ids=ids, at=LATER) == [cast.enrolment]
    assert progress.complete_enrolments(enrolment_ids=ids, at=LATER + timedelta(days=1)) == []
    cast.enrolment.refresh_from_db()
    assert (cast.enrolment.state, cast.enrolment.completed_at) == ("completed", LATER)
    assert heard.kinds == ["tracks.enrolment_completed"]


def test_a_listener_that_fails_makes_the_change_fail(cast):
    from tracks.signals import lesson_read

    def fail(**kwargs):
        raise RuntimeError("the record could not be written")

    lesson_read.connect(fail)
    try:
        with pytest.raises(RuntimeError):
            read(cast, cast.lessons[0])
    finally:
        lesson_read.disconnect(fail)
    assert not LessonRead.objects.exists()


@pytest.mark.parametrize("model", [ComponentCompletion, ModuleCompletion])
def test_the_database_refuses_a_second_current_fact_and_a_withdrawal_without_reason(cast, model):
    target = {"component": cast.quiz} if model is ComponentCompletion else {"module": cast.module}
    model.objects.create(enrolment=cast.enrolment, achieved_at=START, **target)
    with pytest.raises(IntegrityError), transaction.atomic():
        model.objects.create(enrolment=cast.enrolment, achieved_at=START, **target)
    with pytest.raises(IntegrityError), transaction.atomic():
        model.objects.update(withdrawn_at=START)
    with pytest.raises(IntegrityError), transaction.atomic():
        model.objects.update(withdrawn_reason="why")


def test_the_database_refuses_a_lesson_read_twice(cast):
    LessonRead.objects.create(enrolment=cast.enrolment, lesson=cast.lessons[0], read_at=START)
    with pytest.raises(IntegrityError), transaction.atomic():
        LessonRead.objects.create(enrolment=cast.enrolment, lesson=cast.lessons[0], read_at=LATER)
