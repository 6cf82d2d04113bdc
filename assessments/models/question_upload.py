"""A question file that an author has sent and not yet agreed to import."""

import uuid
from typing import Self

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from assessments.models.question import QuestionBank
from tracks.people import Person


class QuestionUploadQuerySet(models.QuerySet["QuestionUpload"]):
    def visible_to(self, user: Person) -> Self:
        """Whoever sent it, and nobody else."""
        own = self.filter(uploaded_by=user)
        return own if user.has_perm("assessments.author_questions") else own.none()


class QuestionUpload(models.Model):
    """A file as it came, for one bank. Each author has at most one; importing it deletes it.

    format: one of `assessments.formats.Format`. tag: given to every question of the file; may be empty.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    bank = models.ForeignKey(QuestionBank, models.CASCADE, related_name="uploads")
    name = models.CharField(_("file"), max_length=200)
    format = models.CharField(max_length=20)
    tag = models.SlugField(_("tag"), max_length=100, blank=True)
    data = models.BinaryField()
    uploaded_by = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    uploaded_at = models.DateTimeField(_("uploaded"))

    objects = QuestionUploadQuerySet.as_manager()

    class Meta:
        verbose_name = _("uploaded question file")
        verbose_name_plural = _("uploaded question files")
        ordering = ("-uploaded_at",)

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("question_upload", args=[self.pk])
