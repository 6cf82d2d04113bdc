"""A real worker whose leases are short: `celery -A tests.jobs.worker worker`."""

from django.conf import settings

from tests.jobs import SHORT_TIMES

for name, seconds in SHORT_TIMES.items():
    setattr(settings, name, seconds)

from enablement.celery import app  # noqa: E402

app.conf.imports = ("tests.jobs.tasks",)
