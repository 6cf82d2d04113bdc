"""What all content has in common: a stable key, a place, and retirement instead of deletion."""

from typing import Any, ClassVar, Self, TypeVar

from django.db import models
from django.utils.translation import gettext_lazy as _

M = TypeVar("M", bound=models.Model)


class ContentQuerySet(models.QuerySet[M]):
    def live(self) -> Self:
        return self.filter(retired_at=None)


class Content(models.Model):
    """`key` is stable (gates name it); content that a playbook no longer holds is retired, its facts stay."""

    key = models.SlugField(_("key"), max_length=100)
    title = models.CharField(_("title"), max_length=200)
    position = models.PositiveIntegerField(_("position"), default=0)
    retired_at = models.DateTimeField(_("retired"), null=True, blank=True)

    objects: ClassVar[Any] = ContentQuerySet.as_manager()

    class Meta:
        abstract = True
        ordering = ("position", "key")

    def __str__(self) -> str:
        return self.title
