"""Lab work for tests, made through the services where a rule is involved."""

import io
import zipfile
from datetime import timedelta

from django.core.files.base import ContentFile

from assessments.models import SignOff, Submission
from assessments.services import labs
from tests.people.factories import UserFactory
from tests.tracks.factories import START, EnrolmentFactory, LabFactory, MentorshipFactory
from tracks.models import Enrolment, Lab

#: Marks of the factory's rubric (4 points to pass) that are enough, and just not.
ENOUGH = {"classification": 2, "reasons": 2}
BELOW_MINIMUM = {"classification": 0, "reasons": 2}

HOUR = timedelta(hours=1)
MONDAY = START


def lab_of(enrolment: Enrolment, **fields) -> Lab:
    return LabFactory(module__track=enrolment.track, **fields)


def mentored(**fields) -> tuple[Enrolment, object]:
    """A running enrolment, and its mentor, who holds the right to review."""
    mentorship = MentorshipFactory(
        enrolment=EnrolmentFactory(**fields), mentor=UserFactory(perms=["assessments.review_labs"])
    )
    return mentorship.enrolment, mentorship.mentor


def handed_in(
    *, enrolment: Enrolment, lab: Lab | None = None, at=MONDAY, text="Ten lines drawn.", files=()
) -> Submission:
    draft = labs.save_draft(
        enrolment=enrolment,
        lab=lab or lab_of(enrolment),
        text=text,
        files=[labs.check_file(file) for file in files],
        actor=enrolment.user,
        at=at,
    )
    return labs.hand_in(submission=draft, actor=enrolment.user, at=at)


def sign(submission: Submission, mentor, *, at=MONDAY + HOUR, marks=ENOUGH, **changes) -> SignOff:
    arguments = {
        "marks": marks,
        "comment": "",
        "evidence_hash": submission.content_hash,
        "actor": mentor,
        "at": at,
    }
    return labs.sign_off(submission=submission, **(arguments | changes))


def back(submission: Submission, mentor, *, at=MONDAY + HOUR, **changes):
    arguments = {
        "marks": {},
        "comment": "Say why.",
        "evidence_hash": submission.content_hash,
        "actor": mentor,
        "at": at,
    }
    return labs.send_back(submission=submission, **(arguments | changes))


def text_file(name="notes.txt", content=b"Ten lines.") -> ContentFile:
    return ContentFile(content, name=name)


def office_file(name="table.xlsx", *, parts=("xl/workbook.xml",)) -> ContentFile:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as package:
        for part in ("[Content_Types].xml", *parts):
            package.writestr(part, "<x/>")
    return ContentFile(buffer.getvalue(), name=name)


def content(evidence_file) -> bytes:
    with evidence_file.file.open("rb") as file:
        return file.read()
