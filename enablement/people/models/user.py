"""People: one account a person, known by an e-mail address, deactivated and never deleted."""

import uuid
from datetime import UTC
from typing import Any, ClassVar, Self

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.core.validators import validate_slug
from django.db import models
from django.db.models.functions import Lower
from django.utils.crypto import salted_hmac
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _
from guardian.mixins import GuardianUserMixin

from tracks.zones import validate_zone

#: Longest key of a region or of a line of business.
PLACE_LENGTH = 100


class UserQuerySet(models.QuerySet["User"]):
    def active(self) -> Self:
        return self.filter(is_active=True)

    def by_email(self, email: str) -> Self:
        """People with this address, whatever its case (at most one)."""
        return self.annotate(email_key=Lower("email")).filter(email_key=email.strip().lower())


class UserManager(BaseUserManager["User"]):
    def get_queryset(self) -> UserQuerySet:
        return UserQuerySet(self.model, using=self._db)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get_queryset().by_email(username or "").get()

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=self.normalize_email(email).strip(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin, GuardianUserMixin):
    """region: where the person works. line_of_business: for what. "" is not on record, and then whatever may
    hold for them does (decision 0090).
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(_("e-mail address"))
    name = models.CharField(_("name"), max_length=200)
    external_id = models.CharField(_("identity provider's id"), max_length=255, blank=True)
    timezone = models.CharField(_("time zone"), max_length=64, default="UTC", validators=[validate_zone])
    region = models.CharField(_("region"), max_length=PLACE_LENGTH, blank=True, validators=[validate_slug])
    line_of_business = models.CharField(
        _("line of business"), max_length=PLACE_LENGTH, blank=True, validators=[validate_slug]
    )
    is_active = models.BooleanField(_("active"), default=True)
    is_staff = models.BooleanField(_("may use the admin site"), default=False)
    joined_at = models.DateTimeField(_("joined"), default=now)
    left_at = models.DateTimeField(_("left"), null=True, blank=True)
    sessions_ended_at = models.DateTimeField(null=True, blank=True, editable=False)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]
    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        ordering = ("name", "email")
        permissions = (("manage_roster", "Can manage the roster"),)
        constraints = (
            models.UniqueConstraint(Lower("email"), name="user_email_unique_without_case"),
            models.UniqueConstraint(
                "external_id", condition=~models.Q(external_id=""), name="user_external_id_unique"
            ),
        )

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def initials(self) -> str:
        words = [word for word in self.name.split() if word[0].isalpha()] or [self.email]
        letters = words[0][0] + (words[-1][0] if len(words) > 1 else "")
        return letters.upper()

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """What a session has to know: Django's, and when all sessions were ended for the last time."""
        if self.sessions_ended_at is None:
            return super()._get_session_auth_hash(secret=secret)  # type: ignore[misc, no-any-return]
        told = f"{self.password}|{self.sessions_ended_at.astimezone(UTC).isoformat()}"
        return salted_hmac("people.session", told, secret=secret, algorithm="sha256").hexdigest()

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        """Like Django's, but a governed permission has no short cut for superusers (DESIGN: grants)."""
        if perm in settings.GOVERNED_PERMISSIONS:
            return self.is_active and any(
                backend.has_perm(self, perm, obj) for backend in _backends_with_has_perm()
            )
        return super().has_perm(perm, obj)


def _backends_with_has_perm() -> list[Any]:
    from django.contrib.auth import get_backends

    return [backend for backend in get_backends() if getattr(backend, "governs", False)]
