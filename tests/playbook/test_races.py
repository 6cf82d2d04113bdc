"""A playbook is applied while people learn: the two wait for each other, and neither is lost."""

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from django.db import connection, transaction

from enablement.access.models import Grant
from enablement.access.services.grants import reevaluate
from enablement.playbook import services
from tests.playbook.conftest import NOW
from tests.playbook.small import YAML, bundle, changed
from tests.tracks.factories import EnrolmentFactory
from tracks.models import Enrolment, Module, ModuleCompletion, Track

SETTLE_SECONDS = 1.5
WITHOUT_SURVEY = changed("      - type: survey\n        survey: ready\n", "", YAML)


def apply(yaml):
    try:
        return services.put_in_force(
            bundle=bundle(yaml), base_number=services.current_number(), actor=None, at=NOW
        )
    finally:
        connection.close()


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_a_fact_that_holds_its_enrolment_and_an_apply_that_opens_its_gate_do_not_deadlock():
    services.put_in_force(bundle=bundle(), base_number=0, actor=None, at=NOW)
    enrolment = EnrolmentFactory(cohort__track=Track.objects.get())
    for module in Module.objects.live():
        ModuleCompletion.objects.create(enrolment=enrolment, module=module, achieved_at=NOW)
    reevaluate(user_ids=[enrolment.user_id], cause="tests", actor_id=None, at=NOW)
    held = Event()

    def fact():
        with transaction.atomic():
            Enrolment.objects.select_for_update().get(pk=enrolment.pk)
            held.set()
            time.sleep(SETTLE_SECONDS)
            reevaluate(user_ids=[enrolment.user_id], cause="tests", actor_id=None, at=NOW)
        connection.close()

    with ThreadPoolExecutor(2) as pool:
        learning = pool.submit(fact)
        held.wait()
        applying = pool.submit(apply, WITHOUT_SURVEY)
        learning.result()
        assert applying.result().new
    assert Grant.objects.get().state == "granted"
