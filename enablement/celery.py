"""Celery, with the task class that keeps a job row; everything else is in the settings."""

import os

from celery import Celery
from kombu.transport import TRANSPORT_ALIASES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "enablement.settings")

# "filesystem://" means ours, which does not hand out half-written messages.
TRANSPORT_ALIASES["filesystem"] = "enablement.jobs.filesystem:Transport"

app = Celery("enablement", task_cls="enablement.jobs.task:JobTask")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
