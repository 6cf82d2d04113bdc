"""Reads of lab work: what stands signed off, where each lab is, and how a learner's rounds went."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db.models import Prefetch, QuerySet
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from assessments.models import EvidenceFile, LabMark, LabReview, Observation, SignOff, Submission
from tracks import markdown
from tracks.models import Enrolment, Lab
from tracks.prepared import Prepared

State = Submission.State


class LabState(StrEnum):
    """Where somebody's work on a lab is."""

    NOT_STARTED = "not_started"
    DRAFT = "draft"
    WITH_MENTOR = "with_mentor"
    SENT_BACK = "sent_back"
    COUNTERSIGN = "countersign"
    SIGNED_OFF = "signed_off"

    @property
    def tone(self) -> str:
        """The state that pages show for it."""
        return _TONES[self]

    @property
    def words(self) -> str:
        return {
            LabState.NOT_STARTED: _("Not started"),
            LabState.DRAFT: _("Draft"),
            LabState.WITH_MENTOR: _("With the mentor"),
            LabState.SENT_BACK: _("Sent back"),
            LabState.COUNTERSIGN: _("Waits for a second signature"),
            LabState.SIGNED_OFF: _("Signed off"),
        }[self]


_TONES = {
    LabState.NOT_STARTED: "not-started",
    LabState.DRAFT: "waiting",
    LabState.WITH_MENTOR: "waiting",
    LabState.SENT_BACK: "at-risk",
    LabState.COUNTERSIGN: "waiting",
    LabState.SIGNED_OFF: "met",
}


@dataclass(frozen=True, slots=True)
class SignedOff:
    """A sign-off that stands. at: when the last of those who have to had signed."""

    id: UUID
    at: datetime


def sign_offs_of_labs(*, enrolment_ids: Collection[Any]) -> dict[UUID, dict[int, SignedOff]]:
    """By enrolment id, the labs whose sign-off stands, by lab id. One query."""
    signed: dict[UUID, dict[int, SignedOff]] = defaultdict(dict)
    rows = _standing(enrolments=list(enrolment_ids))
    for enrolment_id, lab_id, pk, signed_at, countersigned_at in rows:
        signed[enrolment_id][lab_id] = SignedOff(pk, countersigned_at or signed_at)
    return dict(signed)


def _standing_sign_offs(enrolments: list[UUID]) -> QuerySet[SignOff, Any]:
    standing = SignOff.objects.standing().filter(enrolment__in=enrolments)
    return standing.values_list("enrolment_id", "lab_id", "pk", "signed_at", "countersigned_at")


_standing = Prepared(_standing_sign_offs, enrolments=[UUID(int=1)])


def signed_off_labs(*, enrolment_ids: Collection[Any]) -> dict[UUID, dict[int, UUID]]:
    """By enrolment id, the labs whose sign-off stands: lab id to sign-off id. One query."""
    found = sign_offs_of_labs(enrolment_ids=enrolment_ids)
    return {
        enrolment_id: {lab_id: each.id for lab_id, each in labs.items()}
        for enrolment_id, labs in found.items()
    }


def lab_states(*, enrolment_ids: Collection[Any]) -> dict[tuple[UUID, int], LabState]:
    """By (enrolment id, lab id), for labs on which somebody has begun. Two queries."""
    signed = signed_off_labs(enrolment_ids=enrolment_ids)
    rows = Submission.objects.filter(enrolment__in=enrolment_ids).order_by("round")
    return {
        (enrolment_id, lab_id): _state(state, number, signed=lab_id in signed.get(enrolment_id, {}))
        for enrolment_id, lab_id, number, state in rows.values_list(
            "enrolment_id", "lab_id", "round", "state"
        )
    }


def _state(state: str, number: int, *, signed: bool) -> LabState:
    """From the latest round, and whether a sign-off stands."""
    if signed:
        return LabState.SIGNED_OFF
    if state == State.SUBMITTED:
        return LabState.WITH_MENTOR
    if state == State.SIGNED_OFF:
        return LabState.COUNTERSIGN
    return LabState.DRAFT if state == State.DRAFT and number == 1 else LabState.SENT_BACK


@dataclass(frozen=True, kw_only=True, slots=True)
class Round:
    """One round with all that belongs to it."""

    submission: Submission
    files: Sequence[EvidenceFile]
    review: LabReview | None
    sign_off: SignOff | None
    observations: Sequence[Observation] = ()
    marks: Sequence[LabMark] = ()

    @property
    def handled(self) -> int:
        """How many observed cases count."""
        return sum(case.counts for case in self.observations)

    @property
    def text_html(self) -> SafeString:
        return markdown.render(self.submission.text)


@dataclass(frozen=True, kw_only=True, slots=True)
class LabWork:
    """Somebody's work on a lab. rounds: what was handed in, the latest first; draft: what they write now."""

    enrolment: Enrolment
    lab: Lab
    state: LabState
    rounds: Sequence[Round]
    draft: Round | None

    @property
    def waiting(self) -> Submission | None:
        """The round that is with the mentors."""
        latest = self.rounds[0].submission if self.rounds else None
        return latest if latest is not None and latest.state == State.SUBMITTED else None

    def is_with_mentors(self, *, text: str | None, link: str | None) -> bool:
        """Whether just this was handed in: then a save of the draft that comes late has lost nothing."""
        return self.waiting is not None and (self.waiting.text, self.waiting.link) == (text, link)

    @property
    def signed(self) -> SignOff | None:
        """The sign-off that stands."""
        return next((each.sign_off for each in self.rounds if each.sign_off and each.sign_off.stands), None)

    @property
    def pending(self) -> SignOff | None:
        """The sign-off that waits for its second signature."""
        return next((each.sign_off for each in self.rounds if each.sign_off and each.sign_off.pending), None)

    @property
    def handled(self) -> int:
        """Observed cases of the round that is being worked on, or of the latest one."""
        latest = self.draft or (self.rounds[0] if self.rounds else None)
        return latest.handled if latest else 0

    @property
    def last_review(self) -> Round | None:
        """The newest round that a mentor has decided."""
        return next((each for each in self.rounds if each.review), None)

    @property
    def editable(self) -> bool:
        return self.draft is not None or not self.rounds


def lab_work(*, enrolment: Enrolment, lab: Lab) -> LabWork:
    """Six queries."""
    rounds = [
        round_of(submission)
        for submission in with_rounds().filter(enrolment=enrolment, lab=lab).order_by("-round")
    ]
    draft = next((each for each in rounds if each.submission.state == State.DRAFT), None)
    signed = any(each.sign_off and each.sign_off.stands for each in rounds)
    latest = rounds[0].submission if rounds else None
    return LabWork(
        enrolment=enrolment,
        lab=lab,
        state=_state(latest.state, latest.round, signed=signed) if latest else LabState.NOT_STARTED,
        rounds=[each for each in rounds if each is not draft],
        draft=draft,
    )


def with_rounds() -> QuerySet[Submission]:
    """Submissions with what `round_of` reads, in six queries for any number of them."""
    return Submission.objects.select_related(
        "lab__module__track", "enrolment__user", "enrolment__cohort", "enrolment__track", "claimed_by"
    ).prefetch_related(
        "files",
        Prefetch("reviews", LabReview.objects.select_related("reviewer")),
        Prefetch("marks", LabMark.objects.select_related("marker")),
        Prefetch("observations", Observation.objects.select_related("observer")),
        Prefetch(
            "sign_offs",
            SignOff.objects.select_related("signer", "on_behalf_of", "countersigned_by", "withdrawn_by"),
        ),
    )


def round_of(submission: Submission) -> Round:
    """Of a submission that came from `with_rounds`."""
    return Round(
        submission=submission,
        files=list(submission.files.all()),
        review=next(iter(submission.reviews.all()), None),
        sign_off=next(iter(submission.sign_offs.all()), None),
        observations=list(submission.observations.all()),
        marks=list(submission.marks.all()),
    )
