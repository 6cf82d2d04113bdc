"""What every page asks about the person who is signed in, by queries that are built once a process.

Model-level rights take one query instead of Django's two (a person's own, those of
their groups, and an auditor's for a time).
"""

from typing import Any
from uuid import UUID

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import Group, Permission
from django.db.models import Exists, Q, QuerySet
from django.db.models.functions import Now

from enablement.people.models import AuditorAccess, User
from enablement.people.models.auditor_access import RIGHT
from tracks.prepared import Prepared, PreparedObjects


def _rights(user: UUID) -> QuerySet[Permission, tuple[Any, ...]]:
    own = User.user_permissions.through.objects.filter(user=user).values("permission")
    of_groups = Group.permissions.through.objects.filter(group__user=user).values("permission")
    app, codename = RIGHT
    # By the database's clock, so that the query can be kept.
    audits = AuditorAccess.objects.live(at=Now()).filter(person=user)
    for_a_time = Q(Exists(audits), content_type__app_label=app, codename=codename)
    return (
        Permission.objects.filter(Q(pk__in=own) | Q(pk__in=of_groups) | for_a_time)
        .order_by()
        .values_list("content_type__app_label", "codename")
    )


_rights_of = Prepared(_rights, user=UUID(int=1))


def _of_session(user: UUID) -> QuerySet[User]:
    return User.objects.filter(pk=user)


_person = PreparedObjects(_of_session, user=UUID(int=1))


class SignInBackend(AuthenticationBackend):  # type: ignore[misc]  # allauth has no types
    """allauth's. Whoever has signed in by it is looked up by it, on every page."""

    def get_user(self, user_id: UUID) -> User | None:
        """None where nobody has this id, or they have left."""
        return next((user for user in _person(user=user_id) if self.user_can_authenticate(user)), None)


class RightsBackend(ModelBackend):
    """Stands before the other backends, which take what it keeps on the person for the request."""

    def authenticate(self, *_args: Any, **_credentials: Any) -> None:
        """Signs nobody in."""

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        """As "app.codename"; rights over a single object are nothing that this backend knows of."""
        ordinary = user_obj.is_active and not user_obj.is_anonymous and not user_obj.is_superuser
        if ordinary and obj is None and not hasattr(user_obj, "_perm_cache"):
            user_obj._perm_cache = {  # noqa: SLF001  (where Django's own backends keep and look for it)
                f"{app}.{codename}" for app, codename in _rights_of(user=user_obj.pk)
            }
        return super().get_all_permissions(user_obj, obj)
