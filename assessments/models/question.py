"""Question banks: questions are edited by new versions, so that a past attempt keeps what it asked."""

import uuid
from typing import Any, ClassVar, NotRequired, Self, TypedDict

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from tracks.models import Enrolment, Track
from tracks.people import Person


class Option(TypedDict):
    """One choice of a question. `key` comes from the text: it tells neither place nor rightness.

    `share` is there where scoring is `weighted`: the share of the mark, a decimal number as text.
    """

    key: str
    text: str
    correct: bool
    why: str
    share: NotRequired[str]


class AcceptedNumber(TypedDict):
    """A further accepted number; decimal numbers as text. `share` is of the mark, from 0 to 1."""

    answer: str
    tolerance: str
    share: str
    why: str


class AcceptedText(TypedDict):
    """An accepted answer in words; `pattern` (RE2, may be empty) covers more ways to write it."""

    text: str
    pattern: str
    share: str
    why: str


class Pair(TypedDict):
    """`key` ("l-…") and `right_key` ("r-…") come from the texts."""

    key: str
    left: str
    right_key: str
    right: str
    why: str


class Step(TypedDict):
    key: str
    text: str


class Picture(TypedDict):
    """An image as a version shows it; `id` is its QuestionImage."""

    id: str
    sha256: str
    alt: str


class QuestionBankQuerySet(models.QuerySet["QuestionBank"]):
    def visible_to(self, user: Person) -> Self:
        """Authors see every bank; to everybody else there is none."""
        return self if user.has_perm("assessments.author_questions") else self.none()


class QuestionBank(models.Model):
    track = models.ForeignKey(Track, models.PROTECT, related_name="question_banks")
    key = models.SlugField(_("key"), max_length=100)

    objects = QuestionBankQuerySet.as_manager()

    class Meta:
        verbose_name = _("question bank")
        ordering = ("key",)
        permissions = (("author_questions", "Can author questions"),)
        constraints = (models.UniqueConstraint("track", "key", name="question_bank_key_unique_in_track"),)

    def __str__(self) -> str:
        return f"{self.track}: {self.key}"

    def get_absolute_url(self) -> str:
        return reverse("question_bank", args=[self.pk])


class QuestionImageQuerySet(models.QuerySet["QuestionImage"]):
    def visible_to(self, user: Person) -> Self:
        """Authors, and who was asked a question with it and has not left its track."""
        if user.has_perm("assessments.author_questions"):
            return self
        return self.filter(
            models.Exists(
                QuestionVersion.pictures.through.objects.filter(
                    questionimage=models.OuterRef("pk"), questionversion__items__attempt__user=user
                ).exclude(
                    questionversion__items__attempt__enrolment__state=Enrolment.State.WITHDRAWN,
                )
            )
        )


def image_path(image: "QuestionImage", _name: str) -> str:
    """Content-addressed: the same picture is one file, whoever uses it."""
    return f"questions/{image.sha256[:2]}/{image.sha256}"


class QuestionImage(models.Model):
    """A picture that questions of a bank show, with the words for who does not see it. Never changed."""

    class MediaType(models.TextChoices):
        PNG = "image/png", "PNG"
        JPEG = "image/jpeg", "JPEG"
        WEBP = "image/webp", "WebP"
        GIF = "image/gif", "GIF"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    bank = models.ForeignKey(QuestionBank, models.PROTECT, related_name="images")
    sha256 = models.CharField(max_length=64)
    alt = models.CharField(_("alternative text"), max_length=500)
    media_type = models.CharField(max_length=10, choices=MediaType.choices)
    size = models.PositiveIntegerField(_("size in bytes"))
    file = models.FileField(upload_to=image_path, max_length=100)
    added_at = models.DateTimeField(_("added"))

    objects = QuestionImageQuerySet.as_manager()

    class Meta:
        verbose_name = _("image of a question")
        verbose_name_plural = _("images of questions")
        ordering = ("added_at", "id")
        constraints = (
            models.UniqueConstraint("bank", "sha256", "alt", name="question_image_unique_in_bank"),
            models.CheckConstraint(condition=~models.Q(alt=""), name="question_image_has_alternative_text"),
        )

    def __str__(self) -> str:
        return self.alt

    def get_absolute_url(self) -> str:
        return reverse("question_image", args=[self.pk])


class QuestionQuerySet(models.QuerySet["Question"]):
    def visible_to(self, user: Person) -> Self:
        return self if user.has_perm("assessments.author_questions") else self.none()

    def live(self) -> Self:
        return self.filter(retired_at=None)

    def with_latest_version(self) -> Self:
        """Adds `version_id`, the newest version: what an attempt that starts now would pin."""
        newest = QuestionVersion.objects.filter(question=models.OuterRef("pk")).order_by("-number")
        return self.annotate(version_id=models.Subquery(newest.values("pk")[:1]))


class Question(models.Model):
    """`tags` is a list of words; a quiz draws by them. `lesson_key` names what to read again.

    `edited_at` and `edited_by` say who changed it in the browser since the playbook's files were applied.
    """

    bank = models.ForeignKey(QuestionBank, models.PROTECT, related_name="questions")
    key = models.SlugField(_("key"), max_length=100)
    tags = models.JSONField(_("tags"), default=list)
    difficulty = models.PositiveSmallIntegerField(_("difficulty"), default=1)
    lesson_key = models.SlugField(_("lesson"), max_length=100, blank=True)
    retired_at = models.DateTimeField(_("retired"), null=True, blank=True)
    edited_at = models.DateTimeField(_("edited in the browser"), null=True, blank=True)
    edited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True, blank=True
    )

    objects: ClassVar[Any] = QuestionQuerySet.as_manager()

    class Meta:
        verbose_name = _("question")
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint("bank", "key", name="question_key_unique_in_bank"),
            models.CheckConstraint(
                condition=models.Q(difficulty__gte=1, difficulty__lte=3), name="question_difficulty_1_to_3"
            ),
        )

    def __str__(self) -> str:
        return self.key

    def get_absolute_url(self) -> str:
        return reverse("question", args=[self.pk])


class QuestionVersion(models.Model):
    """The text and the key of a question, never changed after its publication.

    `options` holds `Option`s (single, multiple). `answer` is "true" or "false" (true_false), a decimal number
    as text (numeric, right within `tolerance`, both ends included) or approve, deny or escalate (decision).
    `details` holds what else its kind needs; a list that is absent is empty:

    - numeric: `numbers`, a list of `AcceptedNumber`s, tried in order after `answer`;
    - short_text: `texts`, a list of `AcceptedText`s (the first that fits counts), `case_sensitive`;
    - matching: `pairs`, a list of `Pair`s, and `distractors`, a list of `Step`s;
    - ordering: `steps`, a list of `Step`s in the right order;
    - decision: `policy` (Markdown) and `rubric`, criteria as in `tracks.models.Lab`;
    - every kind: `why_right` and `why_wrong`, said to whoever earned the whole mark, or less.
    """

    class Kind(models.TextChoices):
        SINGLE = "single", _("single choice")
        MULTIPLE = "multiple", _("multiple choice")
        TRUE_FALSE = "true_false", _("true or false")
        NUMERIC = "numeric", _("number")
        SHORT_TEXT = "short_text", _("short text")
        MATCHING = "matching", _("matching")
        ORDERING = "ordering", _("ordering")
        DECISION = "decision", _("decision with justification")

    class Scoring(models.TextChoices):
        """`assessments.services.grading` says what each is worth."""

        EXACT = "exact", _("all or nothing")
        PROPORTIONAL = "proportional", _("in proportion, wrong picks deducted")
        BY_OPTION = "by_option", _("in proportion, every option counts")
        WEIGHTED = "weighted", _("each option has its own share")

    class Decision(models.TextChoices):
        APPROVE = "approve", _("Approve")
        DENY = "deny", _("Deny")
        ESCALATE = "escalate", _("Escalate")

    question = models.ForeignKey(Question, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    prompt = models.TextField(_("prompt"))
    options = models.JSONField(_("options"), default=list)
    answer = models.CharField(_("answer"), max_length=40, blank=True)
    tolerance = models.DecimalField(_("tolerance"), max_digits=20, decimal_places=8, default=0)
    unit = models.CharField(_("unit"), max_length=40, blank=True)
    details = models.JSONField(default=dict)
    images = models.JSONField(_("images"), default=list)
    pictures = models.ManyToManyField(QuestionImage, related_name="versions")
    scoring = models.CharField(_("scoring"), max_length=12, choices=Scoring.choices, default=Scoring.EXACT)
    explanation = models.TextField(_("explanation"), blank=True)
    sha256 = models.CharField(max_length=64)
    published_at = models.DateTimeField()

    class Meta:
        verbose_name = _("question version")
        ordering = ("question", "-number")
        constraints = (
            models.UniqueConstraint("question", "number", name="question_version_number_unique"),
            models.CheckConstraint(
                condition=models.Q(number__gte=1), name="question_version_number_positive"
            ),
            models.CheckConstraint(
                condition=models.Q(tolerance__gte=0), name="question_version_tolerance_not_negative"
            ),
            models.CheckConstraint(
                condition=models.Q(
                    kind__in=("single", "multiple", "short_text", "matching", "ordering"), answer=""
                )
                | models.Q(kind="true_false", answer__in=("true", "false"))
                | models.Q(kind="decision", answer__in=("approve", "deny", "escalate"))
                | (models.Q(kind="numeric") & ~models.Q(answer="")),
                name="question_version_answer_fits_kind",
            ),
            models.CheckConstraint(
                condition=models.Q(scoring="exact")
                | models.Q(kind="multiple", scoring__in=("proportional", "by_option", "weighted"))
                | models.Q(kind="single", scoring="weighted")
                | models.Q(kind__in=("matching", "ordering"), scoring="proportional"),
                name="question_version_scoring_fits_kind",
            ),
        )

    def __str__(self) -> str:
        return f"{self.question} {self.number}"

    @property
    def right_keys(self) -> frozenset[str]:
        choices: list[Option] = self.options
        return frozenset(option["key"] for option in choices if option["correct"])
