"""Celery, with the task class that keeps a job row; everything else is in the settings."""

import os
from typing import Any

from celery import Celery
from celery.signals import worker_init
from kombu.transport import TRANSPORT_ALIASES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "enablement.settings")

# "filesystem://" means ours, which does not hand out half-written messages.
TRANSPORT_ALIASES["filesystem"] = "enablement.jobs.filesystem:Transport"

app = Celery("enablement", task_cls="enablement.jobs.task:JobTask")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_init.connect
def know_addresses_first(**_signal: Any) -> None:
    """Before the first job: with its transaction open, everybody who writes would wait for the imports."""
    from tracks.addresses import know_addresses

    know_addresses()
