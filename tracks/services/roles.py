"""Who holds which job role. The right to change it is the roster's; callers check it."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from tracks import signals
from tracks.facts import Fact
from tracks.models import Role, RoleAssignment
from tracks.people import Person


@transaction.atomic
def set_roles(*, user: Person, roles: Iterable[Role], actor: Person | None, at: datetime) -> bool:
    """From now on the person holds exactly these roles. False: they already did."""
    wanted = {role.pk: role for role in roles}
    held = {
        assignment.role_id: assignment
        for assignment in RoleAssignment.objects.current()
        .filter(user=user)
        .select_related("role")
        .select_for_update(of=("self",))
    }
    facts = []
    for role_id in held.keys() - wanted.keys():
        assignment = held[role_id]
        assignment.ended_at = at
        assignment.save(update_fields=["ended_at"])
        facts.append(_fact("tracks.role_ended", assignment, actor, at))
    for role_id in wanted.keys() - held.keys():
        assignment = RoleAssignment.objects.create(user=user, role=wanted[role_id], since=at)
        facts.append(_fact("tracks.role_assigned", assignment, actor, at))
    if facts:
        signals.role_assignment_changed.send(sender=RoleAssignment, facts=facts)
    return bool(facts)


def _fact(kind: str, assignment: RoleAssignment, actor: Person | None, at: datetime) -> Fact:
    return Fact(
        kind=kind,
        subject=("tracks.RoleAssignment", str(assignment.pk)),
        at=at,
        actor_id=actor.pk if actor else None,
        learner_id=assignment.user_id,
        payload={"role": assignment.role.key},
    )
