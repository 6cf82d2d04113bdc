"""Reports for tests, and cohorts worth one."""

import factory
from django.core.files.base import ContentFile

from enablement.jobs.models import Job, JobState
from enablement.reports.models import Report
from tests.tracks.factories import START, CohortFactory


class JobFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Job

    kind = "enablement.reports.tasks.build"
    created_at = START
    state = JobState.DONE
    finished_at = START


class ReportFactory(factory.django.DjangoModelFactory):
    """A finished report whose files are not real ones."""

    class Meta:
        model = Report

    cohort = factory.SubFactory(CohortFactory)
    requested_by = factory.SelfAttribute("cohort.created_by")
    job = factory.SubFactory(JobFactory)
    created_at = START
    finished_at = START
    policy_revision = 3
    pdf = factory.LazyAttribute(lambda r: ContentFile(b"%PDF-1.7", name="x.pdf"))
    csv = factory.LazyAttribute(lambda r: ContentFile(b"Name", name="x.csv"))
