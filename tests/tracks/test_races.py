"""Two processes at once make one fact."""

import subprocess
import sys

import pytest
from django.conf import settings

from tests.tracks.factories import ComponentFactory, EnrolmentFactory, ModuleFactory
from tracks.models import ComponentCompletion, ModuleCompletion

PROCESSES = 4
CHILD = """
import sys
import django
django.setup()
from django.utils import timezone
from tracks.models import Enrolment, Module
from tracks.services.progress import record_completion
enrolment = Enrolment.objects.get(pk=sys.argv[1])
module = Module.objects.get(pk=sys.argv[2])
print("ready", flush=True)
sys.stdin.readline()
for key in ("one", "two"):
    record_completion(
        enrolment=enrolment, module=module, kind="quiz", key=key, actor=None, at=timezone.now()
    )
"""


@pytest.mark.django_db(transaction=True)
def test_processes_that_complete_a_module_at_once_complete_it_once(child_env):
    enrolment = EnrolmentFactory()
    module = ModuleFactory(track=enrolment.track)
    for key in ("one", "two"):
        ComponentFactory(module=module, key=key)
    children = [
        subprocess.Popen(
            [sys.executable, "-c", CHILD, str(enrolment.pk), str(module.pk)],
            cwd=settings.BASE_DIR,
            env={"DJANGO_SETTINGS_MODULE": "enablement.settings", **child_env},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _process in range(PROCESSES)
    ]
    for child in children:
        assert child.stdout.readline() == "ready\n", child.stderr.read()
    for child in children:
        child.stdin.write("go\n")
        child.stdin.flush()
    for child in children:
        _output, errors = child.communicate(timeout=60)
        assert child.returncode == 0, errors
    assert ComponentCompletion.objects.filter(enrolment=enrolment).count() == 2
    assert ModuleCompletion.objects.filter(enrolment=enrolment).count() == 1
