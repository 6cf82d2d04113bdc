"""Reads of certificates for their holders."""

from dataclasses import dataclass
from datetime import datetime

from enablement.certificates.models import Certificate
from enablement.certificates.models.certificate import CertificateState
from enablement.certificates.tasks import issue
from enablement.jobs.models import Job, JobState
from enablement.people.models import User
from tracks.models import Enrolment


@dataclass(frozen=True, kw_only=True, slots=True)
class Achievement:
    """A track that somebody has completed: its certificate, or how far its making is."""

    enrolment: Enrolment
    certificate: Certificate | None
    state: CertificateState | None
    job: Job | None

    @property
    def being_made(self) -> bool:
        return self.certificate is None and self.job is not None and not self.job.is_finished

    @property
    def why_not_made(self) -> str:
        """What the last try failed of; empty where there was none, or it is under way."""
        return self.job.error if self.job is not None and self.job.state == JobState.FAILED else ""


def achievements(*, user: User, at: datetime) -> list[Achievement]:
    """What this person has completed, the newest certificate first. Three queries."""
    certificates = {row.enrolment_id: row for row in Certificate.objects.live().filter(user=user)}
    enrolments = Enrolment.objects.filter(user=user).select_related("track", "cohort")
    completed = [
        enrolment
        for enrolment in enrolments.order_by("-completed_at", "pk")
        if enrolment.pk in certificates or enrolment.state == Enrolment.State.COMPLETED
    ]
    keys = [str(enrolment.pk) for enrolment in completed if enrolment.pk not in certificates]
    jobs = Job.objects.filter(kind=issue.name, key__in=keys).order_by("created_at")
    by_key = {job.key: job for job in jobs}
    return [
        _achievement(enrolment, certificates.get(enrolment.pk), by_key.get(str(enrolment.pk)), at)
        for enrolment in completed
    ]


def _achievement(
    enrolment: Enrolment, certificate: Certificate | None, job: Job | None, at: datetime
) -> Achievement:
    return Achievement(
        enrolment=enrolment,
        certificate=certificate,
        state=certificate.state(at=at) if certificate else None,
        job=job,
    )
