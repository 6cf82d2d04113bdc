"""The roster as it is read: people with their groups and roles, in three queries however many there are."""

from dataclasses import dataclass

from django.contrib.auth.models import Permission
from django.db.models import Prefetch, Q, QuerySet

from enablement.people.groups import GROUPS
from enablement.people.models import RightRequest, User
from tracks.models import Role, RoleAssignment


@dataclass(frozen=True, slots=True)
class TitledRight:
    """A right that waits or was decided, with what people call it."""

    request: RightRequest
    title: str


def members(group: str) -> QuerySet[User]:
    """Everybody active in this staff group, by address."""
    return User.objects.filter(groups__name=group, is_active=True).order_by("email")


def holders(right: str) -> QuerySet[User]:
    """Everybody active who has this right ("app.codename") by a group or by themselves, by address."""
    app, _dot, codename = right.partition(".")
    rights = Permission.objects.filter(content_type__app_label=app, codename=codename)
    holds = Q(groups__permissions__in=rights) | Q(user_permissions__in=rights)
    return User.objects.filter(holds, is_active=True).distinct().order_by("email")


def roster(*, search: str = "", left: bool = False) -> QuerySet[User]:
    """People who are here (or have left), by name; each has `current_roles`, a list of assignments."""
    people = User.objects.filter(is_active=not left)
    if search:
        people = people.filter(Q(name__icontains=search) | Q(email__icontains=search))
    current = RoleAssignment.objects.current().select_related("role").order_by("role__title")
    return people.order_by("name", "email").prefetch_related(
        "groups", Prefetch("role_assignments", queryset=current, to_attr="current_roles")
    )


def titled(requests: QuerySet[RightRequest]) -> list[TitledRight]:
    """Each with the title of its group or role. Two queries."""
    found = list(requests)
    roles = dict(Role.objects.filter(key__in={one.name for one in found}).values_list("key", "title"))
    groups = {name: str(group.label) for name, group in GROUPS.items()}
    of = {RightRequest.Kind.ROLE.value: roles, RightRequest.Kind.GROUP.value: groups}
    return [TitledRight(one, of[one.kind].get(one.name, one.name)) for one in found]
