"""Rounds: what was handed in stays as it was; work goes on in a new draft."""

from datetime import datetime

from assessments.models import EvidenceFile, Submission


def open_next_round(submission: Submission, at: datetime) -> Submission:
    """A draft that starts from what was handed in; stored files are shared between rounds."""
    draft = Submission.objects.create(
        lab=submission.lab,
        enrolment=submission.enrolment,
        round=submission.round + 1,
        text=submission.text,
        link=submission.link,
        saved_at=at,
    )
    EvidenceFile.objects.bulk_create(
        EvidenceFile(
            submission=draft,
            file=kept.file.name,
            name=kept.name,
            size=kept.size,
            content_type=kept.content_type,
            sha256=kept.sha256,
            added_at=kept.added_at,
        )
        for kept in submission.files.all()
    )
    return draft
