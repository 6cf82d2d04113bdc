"""Question banks: questions are edited by new versions, so that a past attempt keeps what it asked."""

from typing import Self, TypedDict

from django.db import models
from django.utils.translation import gettext_lazy as _

from tracks.models import Track


class Option(TypedDict):
    """One choice of a question. `key` comes from the text: it tells neither place nor rightness."""

    key: str
    text: str
    correct: bool
    why: str


class QuestionBank(models.Model):
    track = models.ForeignKey(Track, models.PROTECT, related_name="question_banks")
    key = models.SlugField(_("key"), max_length=100)

    class Meta:
        verbose_name = _("question bank")
        ordering = ("key",)
        constraints = (models.UniqueConstraint("track", "key", name="question_bank_key_unique_in_track"),)

    def __str__(self) -> str:
        return f"{self.track}: {self.key}"


class QuestionQuerySet(models.QuerySet["Question"]):
    def live(self) -> Self:
        return self.filter(retired_at=None)

    def with_latest_version(self) -> Self:
        """Adds `version_id`, the newest version: what an attempt that starts now would pin."""
        newest = QuestionVersion.objects.filter(question=models.OuterRef("pk")).order_by("-number")
        return self.annotate(version_id=models.Subquery(newest.values("pk")[:1]))


class Question(models.Model):
    """`tags` is a list of words; a quiz draws by them. `lesson_key` names what to read again."""

    bank = models.ForeignKey(QuestionBank, models.PROTECT, related_name="questions")
    key = models.SlugField(_("key"), max_length=100)
    tags = models.JSONField(_("tags"), default=list)
    difficulty = models.PositiveSmallIntegerField(_("difficulty"), default=1)
    lesson_key = models.SlugField(_("lesson"), max_length=100, blank=True)
    retired_at = models.DateTimeField(_("retired"), null=True, blank=True)

    objects = QuestionQuerySet.as_manager()

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


class QuestionVersion(models.Model):
    """The text and the key of a question, never changed after its publication.

    `options` holds `Option`s (single, multiple), `answer` is "true" or "false" (true_false) or a decimal
    number as text (numeric, right within `tolerance`, both ends included).
    """

    class Kind(models.TextChoices):
        SINGLE = "single", _("single choice")
        MULTIPLE = "multiple", _("multiple choice")
        TRUE_FALSE = "true_false", _("true or false")
        NUMERIC = "numeric", _("number")

    class Scoring(models.TextChoices):
        EXACT = "exact", _("all or nothing")
        PROPORTIONAL = "proportional", _("in proportion, wrong picks deducted")

    question = models.ForeignKey(Question, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    prompt = models.TextField(_("prompt"))
    options = models.JSONField(_("options"), default=list)
    answer = models.CharField(_("answer"), max_length=40, blank=True)
    tolerance = models.DecimalField(_("tolerance"), max_digits=20, decimal_places=8, default=0)
    unit = models.CharField(_("unit"), max_length=40, blank=True)
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
                condition=models.Q(kind__in=("single", "multiple"), answer="")
                | models.Q(kind="true_false", answer__in=("true", "false"))
                | (models.Q(kind="numeric") & ~models.Q(answer="")),
                name="question_version_answer_fits_kind",
            ),
            models.CheckConstraint(
                condition=models.Q(scoring="exact") | models.Q(kind="multiple", scoring="proportional"),
                name="question_version_only_multiple_is_proportional",
            ),
        )

    def __str__(self) -> str:
        return f"{self.question} {self.number}"

    @property
    def right_keys(self) -> frozenset[str]:
        choices: list[Option] = self.options
        return frozenset(option["key"] for option in choices if option["correct"])
