"""Two processes at once make one fact."""

import pytest
from django.utils import timezone

from tests.racing import race
from tests.tracks.factories import ComponentFactory, EnrolmentFactory, ModuleFactory
from tracks.models import ComponentCompletion, Enrolment, Module, ModuleCompletion
from tracks.services.progress import record_completion

PROCESSES = 4


def complete(enrolment_id, module_id):
    enrolment, module = Enrolment.objects.get(pk=enrolment_id), Module.objects.get(pk=module_id)
    for key in ("one", "two"):
        record_completion(
            enrolment=enrolment, module=module, kind="quiz", key=key, actor=None, at=timezone.now()
        )


@pytest.mark.django_db(transaction=True)
def test_processes_that_complete_a_module_at_once_complete_it_once():
    enrolment = EnrolmentFactory()
    module = ModuleFactory(track=enrolment.track)
    for key in ("one", "two"):
        ComponentFactory(module=module, key=key)

    race(complete, [(enrolment.pk, module.pk)] * PROCESSES)

    assert ComponentCompletion.objects.filter(enrolment=enrolment).count() == 2
    assert ModuleCompletion.objects.filter(enrolment=enrolment).count() == 1
