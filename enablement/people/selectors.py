"""The roster as it is read: people with their groups and roles, in three queries however many there are."""

from django.db.models import Prefetch, Q, QuerySet

from enablement.people.models import User
from tracks.models import RoleAssignment


def roster(*, search: str = "", left: bool = False) -> QuerySet[User]:
    """People who are here (or have left), by name; each has `current_roles`, a list of assignments."""
    people = User.objects.filter(is_active=not left)
    if search:
        people = people.filter(Q(name__icontains=search) | Q(email__icontains=search))
    current = RoleAssignment.objects.current().select_related("role").order_by("role__title")
    return people.order_by("name", "email").prefetch_related(
        "groups", Prefetch("role_assignments", queryset=current, to_attr="current_roles")
    )
