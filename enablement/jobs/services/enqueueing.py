"""Asking for a job: a row in the caller's transaction, a message after its commit."""

import inspect
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.utils.text import Truncator

from enablement.jobs import outbox
from enablement.jobs.models import Job
from enablement.jobs.models.job import TITLE_MAX

if TYPE_CHECKING:
    from celery import Task

#: People whom one job serves.
CHUNK = 50


def enqueue(
    *,
    task: "Task[..., object]",
    args: Mapping[str, str | int | list[str] | None],
    at: datetime,
    requested_by: AbstractBaseUser | None = None,
    key: str = "",
    period: str = "",
    title: str = "",
) -> Job:
    """Have `task` run in a worker, once in effect, whatever happens to broker and workers.

    args: the task's parameters by name; ids only, because the task reads the state of its own time.
    key: what the job is about ("cohort:42"); while one with this key is unfinished, that one is returned.
    period: what makes it unrepeatable ("2026-11-20"); the period's job is returned, even a finished one.
    title: what the job page calls it; cut where it is too long.

    Raises TypeError where `args` do not fit the task.
    """
    inspect.signature(task.run).bind(**args)
    alike = Job.objects.like(kind=task.name, key=key, period=period)
    existing = alike.first()
    if existing is not None:
        return existing
    try:
        with transaction.atomic():
            job = Job.objects.create(
                kind=task.name,
                title=Truncator(title).chars(TITLE_MAX),
                args=dict(args),
                key=key,
                period=period,
                requested_by_id=requested_by.pk if requested_by else None,
                created_at=at,
            )
    except IntegrityError:
        faster = alike.first()
        if faster is None:
            raise
        return faster
    transaction.on_commit(partial(outbox.publish_soon, job.pk), robust=True)
    return job


def enqueue_for_people(
    *, task: "Task[..., object]", args: Mapping[str, str], people: Sequence[UUID], at: datetime
) -> None:
    """A job for each `CHUNK` of these people, who are its `user_ids`, in the caller's transaction."""
    for start in range(0, len(people), CHUNK):
        chunk = [str(pk) for pk in people[start : start + CHUNK]]
        enqueue(task=task, args={**args, "user_ids": chunk}, at=at)
