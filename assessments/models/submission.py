"""What a learner hands in for a lab, round by round, with its evidence and what the mentor said of it."""

import uuid
from datetime import datetime
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tracks.models import Cohort, Enrolment, Lab, Mentorship
from tracks.people import Person


class SubmissionQuerySet(models.QuerySet["Submission"]):
    def visible_to(self, user: Person) -> Self:
        """One's own; once handed in, also mentees', those of cohorts one runs, and what one marked or signed.

        A colleague, who mentors others on the track, sees what waits for a second person, or is appealed.
        """
        own = models.Q(enrolment__user=user)
        theirs = models.Q(
            models.Q(pk__in=self.model.objects.mentored_by(user).values("pk"))
            | models.Q(enrolment__cohort__in=Cohort.objects.all().run_by(user))
            | models.Q(pk__in=self.model.objects.touched_by(user).values("pk"))
            | models.Q(pk__in=self.model.objects.for_colleague(user).values("pk"))
            | models.Q(pk__in=self.model.objects.appealed_to(user).values("pk"))
        )
        return self.filter(own | (theirs & ~models.Q(state=Submission.State.DRAFT)))

    def mentored_by(self, user: Person, at: datetime | None = None) -> Self:
        """Of learners whom this person, or whoever they stand in for, mentors; never a mentor's own work."""
        answered = Mentorship.objects.all().answered_by(user, at or timezone.now())
        return self.filter(enrolment__in=answered.values("enrolment")).exclude(enrolment__user=user)

    def for_colleague(self, user: Person, at: datetime | None = None) -> Self:
        """Of others on the tracks on which this person mentors, where the lab wants a second person."""
        answered = Mentorship.objects.all().answered_by(user, at or timezone.now())
        pending = self.model.objects.filter(
            sign_offs__needs_countersign=True,
            sign_offs__countersigned_at=None,
            sign_offs__withdrawn_at=None,
            sign_offs__voided_at=None,
        )
        return self.filter(
            models.Q(state=Submission.State.SUBMITTED, lab__second_marker=True)
            | models.Q(pk__in=pending.values("pk")),
            enrolment__track__in=answered.values("enrolment__track"),
        ).exclude(enrolment__user=user)

    def appealed_to(self, user: Person) -> Self:
        """With an open appeal, of others on the tracks on which this person mentors: they may answer it."""
        answered = Mentorship.objects.all().answered_by(user, timezone.now())
        return self.filter(
            reviews__appeals__isnull=False,
            reviews__appeals__answered_at=None,
            enrolment__track__in=answered.values("enrolment__track"),
        ).exclude(enrolment__user=user)

    def touched_by(self, user: Person) -> Self:
        """What this person marked, signed or countersigned."""
        handed_in = self.model.objects
        return self.filter(
            models.Q(pk__in=handed_in.filter(marks__marker=user).values("pk"))
            | models.Q(pk__in=handed_in.filter(sign_offs__signer=user).values("pk"))
            | models.Q(pk__in=handed_in.filter(sign_offs__countersigned_by=user).values("pk"))
        )

    def waiting(self) -> Self:
        return self.filter(state=Submission.State.SUBMITTED)

    def open(self) -> Self:
        """Not decided yet: there is at most one a lab and enrolment."""
        return self.filter(state__in=(Submission.State.DRAFT, Submission.State.SUBMITTED))


class Submission(models.Model):
    """One round of work on a lab. `content_hash` is the SHA-256 (hex) of the evidence as it was handed in.

    A claim keeps other mentors from doing the same review; it lapses at `claimed_until`. `erased_at`: when
    text, link and files were erased for the person; what was decided on them, and their hash, stays.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        SUBMITTED = "submitted", _("with the mentor")
        SENT_BACK = "sent_back", _("sent back")
        SIGNED_OFF = "signed_off", _("signed off")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    lab = models.ForeignKey(Lab, models.PROTECT, related_name="submissions")
    enrolment = models.ForeignKey(Enrolment, models.PROTECT, related_name="submissions")
    round = models.PositiveSmallIntegerField(_("round"))
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.DRAFT)
    text = models.TextField(_("text"), blank=True)
    link = models.URLField(_("link"), max_length=500, blank=True)
    saved_at = models.DateTimeField(_("saved"))
    submitted_at = models.DateTimeField(_("handed in"), null=True, blank=True)
    content_hash = models.CharField(_("hash of the evidence"), max_length=64, blank=True)
    erased_at = models.DateTimeField(_("evidence erased"), null=True, blank=True)
    claimed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True, blank=True
    )
    claimed_until = models.DateTimeField(null=True, blank=True)

    objects = SubmissionQuerySet.as_manager()

    class Meta:
        verbose_name = _("submission")
        ordering = ("lab", "enrolment", "-round")
        permissions = (("review_labs", "Can review labs"),)
        constraints = (
            models.UniqueConstraint("lab", "enrolment", "round", name="submission_round_unique"),
            models.UniqueConstraint(
                "lab",
                "enrolment",
                condition=models.Q(state__in=("draft", "submitted")),
                name="submission_open_unique",
            ),
            models.CheckConstraint(condition=models.Q(round__gte=1), name="submission_round_positive"),
            models.CheckConstraint(
                condition=models.Q(state="draft", submitted_at=None, content_hash="")
                | (
                    ~models.Q(state="draft")
                    & models.Q(submitted_at__isnull=False)
                    & ~models.Q(content_hash="")
                ),
                name="submission_handed_in_has_hash",
            ),
            models.CheckConstraint(
                condition=models.Q(erased_at=None) | (models.Q(text="", link="") & ~models.Q(state="draft")),
                name="submission_erased_is_empty",
            ),
            models.CheckConstraint(
                condition=models.Q(claimed_by=None, claimed_until=None)
                | models.Q(state="submitted", claimed_by__isnull=False, claimed_until__isnull=False),
                name="submission_claim_while_waiting",
            ),
        )

    def __str__(self) -> str:
        return f"{self.lab} ({self.round})"

    def get_absolute_url(self) -> str:
        return reverse("submission", args=[self.pk])

    def claimed_at(self, at: datetime) -> bool:
        """Whether somebody's claim stands at this moment."""
        return self.claimed_until is not None and self.claimed_until > at


class EvidenceFileQuerySet(models.QuerySet["EvidenceFile"]):
    def visible_to(self, user: Person) -> Self:
        return self.kept().filter(submission__in=Submission.objects.all().visible_to(user))

    def kept(self) -> Self:
        """Not erased; of one that is, name and place in the store are gone, its hash is not."""
        return self.exclude(file="")


def random_name(_file: "EvidenceFile | None" = None, _name: str = "") -> str:
    """Nothing of what a person called a file reaches the disk."""
    return f"evidence/{uuid.uuid4().hex}"


class EvidenceFile(models.Model):
    """A stored file; `name` is what its owner called it, `content_type` is ours, by what the file is."""

    #: What can be looked at without a download, and how. HTML and SVG cannot be kept at all.
    VIEWS: ClassVar[dict[str, str]] = {
        "text/plain": "text",
        "text/markdown": "text",
        "text/csv": "text",
        "image/png": "image",
        "image/jpeg": "image",
        "application/pdf": "pdf",
    }

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    submission = models.ForeignKey(Submission, models.PROTECT, related_name="files")
    file = models.FileField(upload_to=random_name, max_length=200)
    name = models.CharField(_("name"), max_length=150)
    size = models.PositiveIntegerField(_("bytes"))
    content_type = models.CharField(max_length=100)
    sha256 = models.CharField(max_length=64)
    added_at = models.DateTimeField()

    objects = EvidenceFileQuerySet.as_manager()

    class Meta:
        verbose_name = _("evidence file")
        ordering = ("added_at", "name")
        constraints = (
            models.UniqueConstraint("submission", "sha256", name="evidence_file_once_a_submission"),
            models.CheckConstraint(condition=models.Q(size__gte=1), name="evidence_file_not_empty"),
        )

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("evidence_file", args=[self.pk])

    @property
    def viewed_as(self) -> str:
        """`text`, `image` or `pdf`; "" where it can only be downloaded."""
        return self.VIEWS.get(self.content_type, "")


class Observation(models.Model):
    """A case that the learner handled live while a mentor looked on; part of the round's evidence."""

    class Outcome(models.TextChoices):
        ALONE = "alone", _("handled alone")
        HELPED = "helped", _("handled with help")
        TAKEN_OVER = "taken_over", _("taken over by the mentor")

    #: What counts towards the cases that a lab asks for.
    HANDLED = (Outcome.ALONE, Outcome.HELPED)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    submission = models.ForeignKey(Submission, models.PROTECT, related_name="observations")
    learner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    observer = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    happened_on = models.DateField(_("day"))
    what = models.CharField(_("case"), max_length=300)
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome.choices)
    note = models.TextField(_("note"), max_length=2000, blank=True)
    recorded_at = models.DateTimeField(_("recorded"))

    class Meta:
        verbose_name = _("observed case")
        ordering = ("happened_on", "recorded_at", "pk")
        constraints = (
            models.UniqueConstraint(
                "submission", "happened_on", "what", name="observation_once_a_submission"
            ),
            models.CheckConstraint(
                condition=~models.Q(observer=models.F("learner")), name="observation_observer_is_not_learner"
            ),
            models.CheckConstraint(condition=~models.Q(what=""), name="observation_says_what"),
        )

    def __str__(self) -> str:
        return self.what

    @property
    def counts(self) -> bool:
        return self.outcome in self.HANDLED


class LabMark(models.Model):
    """One marker's marks of a lab that is marked twice; a third person's settle it where the two disagree.

    `marks` as in `LabReview`. Nobody else sees them before the round is decided; the third person does.
    """

    class Part(models.IntegerChoices):
        FIRST = 1, _("first marker")
        SECOND = 2, _("second marker")
        THIRD = 3, _("third marker")

    submission = models.ForeignKey(Submission, models.PROTECT, related_name="marks")
    learner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    marker = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    part = models.PositiveSmallIntegerField(choices=Part.choices)
    marks = models.JSONField(_("marks"))
    points = models.PositiveIntegerField(_("points"))
    comment = models.TextField(_("comment"), blank=True)
    marked_at = models.DateTimeField(_("marked"))

    class Meta:
        verbose_name = _("marks of a lab")
        ordering = ("part",)
        constraints = (
            models.UniqueConstraint("submission", "part", name="lab_mark_part_once"),
            models.UniqueConstraint("submission", "marker", name="lab_mark_marker_once"),
            models.CheckConstraint(
                condition=~models.Q(marker=models.F("learner")), name="lab_mark_marker_is_not_learner"
            ),
            models.CheckConstraint(condition=models.Q(part__in=(1, 2, 3)), name="lab_mark_one_of_three"),
        )

    def __str__(self) -> str:
        return f"{self.submission}: {self.get_part_display()}"


class LabReview(models.Model):
    """What a mentor said of one round.

    `marks` keeps the rubric as it was, in its order: `[{"key", "title", "points", "max_points", "weight",
    "level", "comment"}]`; points of the mean of two marks may end in a half, and are text then ("2.5").
    `points` is the weighted sum.
    """

    class Verdict(models.TextChoices):
        SIGN_OFF = "sign_off", _("signed off")
        SEND_BACK = "send_back", _("sent back")

    submission = models.ForeignKey(Submission, models.PROTECT, related_name="reviews")
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    verdict = models.CharField(_("verdict"), max_length=10, choices=Verdict.choices)
    marks = models.JSONField(_("marks"), default=list)
    points = models.DecimalField(_("points"), max_digits=8, decimal_places=1)
    comment = models.TextField(_("comment"), blank=True)
    reviewed_at = models.DateTimeField(_("reviewed"))

    class Meta:
        verbose_name = _("review of a lab")
        ordering = ("reviewed_at",)
        constraints = (
            models.UniqueConstraint("submission", name="lab_review_once_a_round"),
            models.CheckConstraint(
                condition=models.Q(verdict="sign_off") | ~models.Q(comment=""),
                name="lab_review_sent_back_says_why",
            ),
        )

    def __str__(self) -> str:
        return f"{self.submission}: {self.get_verdict_display()}"
