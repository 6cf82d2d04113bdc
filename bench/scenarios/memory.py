import time
from collections.abc import Iterator
from itertools import cycle, islice

from django.urls import reverse
from django.utils import timezone

from bench import data
from bench.processes import largest
from bench.report import Check, Result
from bench.run import Run
from bench.stack import running
from enablement.certificates.services import request_certificate
from enablement.jobs.models.job import Job, JobState
from enablement.launch import processes
from enablement.reports.services import request_report

REQUESTS = 500
CERTIFICATES = 20
WORKER_SECONDS = 120.0


def run(run: Run) -> Iterator[Result]:
    yield _web(run)
    yield _worker(run)


def _web(run: Run) -> Result:
    """Pages of a learner and of a manager in turn, the large cohort among them."""
    learner, manager = run.learner(), run.manager()
    track = run.data.front_line.track
    pages = cycle(
        [
            (learner, reverse("my_path"), track.title),
            (learner, track.get_absolute_url(), track.title),
            (learner, reverse("my_tools"), "</html>"),
            (manager, reverse("cohort_readiness", args=[run.data.many.pk]), "</html>"),
            (manager, reverse("cohort", args=[run.data.many.pk]), "</html>"),
        ]
    )
    for client, path, expect in islice(pages, REQUESTS):
        client.page(path, expect=expect)
    check = Check(what="web process", actual=largest(run.product.pid), limit=250, unit=" MiB")
    return Result(name=f"memory after {REQUESTS} requests", checks=[check])


def _worker(run: Run) -> Result:
    """One worker process makes all; the largest process of the worker's is what counts."""
    people = list(run.data.many.enrolments.order_by("-pk")[:CERTIFICATES])
    at = timezone.now()
    data.complete(people, at=at)
    worker = processes.worker(pool="prefork", concurrency=1)
    with running(worker.command, run.folder / "worker.log") as pid:
        jobs = [request_certificate(enrolment=enrolment, at=at) for enrolment in people]
        report = request_report(cohort=run.data.many, actor=run.data.manager, at=at)
        _wait([report.job, *(job for job in jobs if job)])
        used = largest(pid)
    check = Check(what="worker process", actual=used, limit=300, unit=" MiB")
    return Result(name=f"memory after {CERTIFICATES} certificates and a report", checks=[check])


def _wait(jobs: list[Job]) -> None:
    deadline = time.monotonic() + WORKER_SECONDS
    ids = [job.pk for job in jobs]
    while (done := Job.objects.filter(pk__in=ids, state=JobState.DONE).count()) < len(ids):
        if time.monotonic() > deadline:
            raise RuntimeError(f"only {done} of {len(ids)} jobs are done")
        time.sleep(0.2)
