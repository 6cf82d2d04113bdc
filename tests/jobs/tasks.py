"""Tasks that exist for the tests; the effect of each is a group, which can be counted."""

import time
import uuid
from functools import partial
from pathlib import Path

from celery import shared_task
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError

from enablement.jobs.progress import progress
from tracks.errors import Refused


def leave_mark(name, seconds=0.0, started=""):
    """The effect: one more group, written slowly where `seconds` says so; `started` is a file that tells."""
    Group.objects.create(name=f"{name}:{uuid.uuid4()}")
    if started:
        Path(started).touch()
    time.sleep(seconds)
    return {"url": f"/results/{name}/"}


def marks(name):
    return Group.objects.filter(name__startswith=f"{name}:").count()


@shared_task(acks_late=True)
def slow(name, tenths):
    """Computes for `tenths` tenths of a second, then leaves its mark."""
    for i in range(tenths):
        progress(i, tenths, "counting")
        time.sleep(0.1)
    return partial(leave_mark, name)


@shared_task(acks_late=True)
def slow_effect(name, tenths, started):
    return partial(leave_mark, name, tenths / 10, started)


@shared_task(acks_late=True)
def quick(name):
    return partial(leave_mark, name)


@shared_task(acks_late=True)
def answers(name):
    return {"name": name}


@shared_task(acks_late=True)
def breaks(name):
    raise ZeroDivisionError(name)


@shared_task(acks_late=True)
def breaks_in_its_effect(name):
    def effect():
        leave_mark(name)
        raise ZeroDivisionError(name)

    return effect


@shared_task(acks_late=True)
def is_refused(name):
    raise Refused("too_late", f"{name} is too late.")


@shared_task(acks_late=True)
def is_invalid(name):
    raise ValidationError(["One.", "Two."])


@shared_task
def plain(name):
    leave_mark(name)
    return name
