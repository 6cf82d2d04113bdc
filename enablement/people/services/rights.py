"""Rights to decide about others take a second person: one asks by the roster's file, another confirms.

Taking away stays one person's. Commands, the demo and the identity provider give directly.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from enablement.jobs.services import enqueue
from enablement.people.deciding import Right
from enablement.people.models import RightRequest, User
from enablement.people.models.right_request import LAPSES_AFTER
from enablement.people.signals import person_changed, right_request_changed
from tracks.errors import Refused
from tracks.facts import Fact
from tracks.models import Role, RoleAssignment
from tracks.services.roles import set_roles

_CLOSED = RightRequest.Decision


@transaction.atomic
def ask(*, wanted: Mapping[User, Collection[Right]], actor: User, at: datetime) -> list[RightRequest]:
    """Keep these as waiting; what waits already stays as it was asked.

    Returns the new ones; whoever may confirm is mailed once.
    """
    lapse(at=at)
    rows = RightRequest.objects.open().filter(person__in=wanted)
    known = set(rows.values_list("person", "kind", "name"))
    made = [
        RightRequest(
            person=person,
            kind=right.kind,
            name=right.name,
            asked_by=actor,
            asked_at=at,
            lapses_at=at + LAPSES_AFTER,
        )
        for person, rights in wanted.items()
        for right in rights
        if (person.pk, right.kind, right.name) not in known
    ]
    RightRequest.objects.bulk_create(made)
    _announce("asked", made, actor=actor, at=at)
    _mail(made, "asked", at=at)
    return made


@transaction.atomic
def withdraw(*, rights: Iterable[RightRequest], actor: User | None, at: datetime) -> None:
    """They are no longer wanted; one person is enough for that."""
    closed = []
    for right in (
        RightRequest.objects.open()
        .select_for_update(of=("self",))
        .filter(pk__in=[right.pk for right in rights])
    ):
        _close(right, _CLOSED.WITHDRAWN, actor=actor, at=at)
        closed.append(right)
    _announce("withdrawn", closed, actor=actor, at=at)


@transaction.atomic
def confirm(*, right: RightRequest, actor: User, at: datetime) -> RightRequest:
    """The person holds it from now on. Raises PermissionDenied; Refused `over`, `own_rights`, `same_person`,
    `person_left` or `unknown`.
    """
    right = _to_decide(right, actor=actor, at=at)
    person = User.objects.select_for_update().get(pk=right.person_id)
    if not person.is_active:
        raise Refused("person_left", _("%(person)s has left.") % {"person": person})
    _close(right, _CLOSED.CONFIRMED, actor=actor, at=at)
    _announce("confirmed", [right], actor=actor, at=at)
    if right.kind == RightRequest.Kind.GROUP:
        _give_group(person, right.name, actor=actor, at=at)
    else:
        _give_role(person, right.name, actor=actor, at=at)
    return right


@transaction.atomic
def turn_down(*, right: RightRequest, reason: str, actor: User, at: datetime) -> RightRequest:
    """It is not given, and who asked hears why. Raises as `confirm`, and ValidationError without a reason."""
    right = _to_decide(right, actor=actor, at=at)
    if not reason.strip():
        raise ValidationError({"reason": [_("Say why.")]}, code="required")
    right.reason = reason.strip()
    _close(right, _CLOSED.TURNED_DOWN, actor=actor, at=at)
    _announce("turned_down", [right], actor=actor, at=at)
    _mail([right], "turned_down", at=at)
    return right


@transaction.atomic
def lapse(*, at: datetime) -> int:
    """Close what nobody confirmed in time: it was never given."""
    late = list(
        RightRequest.objects.open().select_for_update(of=("self",)).filter(lapses_at__lte=at).order_by("pk")
    )
    for right in late:
        _close(right, _CLOSED.LAPSED, actor=None, at=at)
    _announce("lapsed", late, actor=None, at=at)
    return len(late)


def may_decide(right: RightRequest, actor: User) -> bool:
    """Neither who asked nor whom it is for."""
    return actor.pk not in (right.asked_by_id, right.person_id)


def _to_decide(right: RightRequest, *, actor: User, at: datetime) -> RightRequest:
    if not actor.has_perm("people.confirm_rights"):
        raise PermissionDenied(_("You may not confirm rights."))
    rows = RightRequest.objects.select_for_update(of=("self",)).select_related("person", "asked_by")
    right = rows.get(pk=right.pk)
    if not right.waits(at=at):
        raise Refused("over", _("This has been decided already, or has lapsed."))
    if actor.pk == right.person_id:
        raise Refused("own_rights", _("Nobody decides on rights of their own; ask another person."))
    if actor.pk == right.asked_by_id:
        raise Refused("same_person", _("You asked for this; another person has to decide."))
    return right


def _close(right: RightRequest, decision: str, *, actor: User | None, at: datetime) -> None:
    right.decision, right.decided_by, right.decided_at = decision, actor, at
    right.save(update_fields=["decision", "decided_by", "decided_at", "reason"])


def _give_group(person: User, name: str, *, actor: User, at: datetime) -> None:
    person.groups.add(Group.objects.get(name=name))
    names = sorted(person.groups.values_list("name", flat=True))
    fact = Fact(
        kind="people.person_updated",
        subject=("people.User", str(person.pk)),
        at=at,
        actor_id=actor.pk,
        learner_id=person.pk,
        payload={"changed": ["groups"], "groups": names},
    )
    person_changed.send(sender=User, facts=[fact])


def _give_role(person: User, key: str, *, actor: User, at: datetime) -> None:
    role = Role.objects.live().filter(key=key).first()
    if role is None:
        raise Refused("unknown", _("There is no such role any more; turn it down."))
    held = RoleAssignment.objects.current().filter(user=person).select_related("role")
    set_roles(user=person, roles=[*(one.role for one in held), role], actor=actor, at=at)


def _announce(what: str, rights: Sequence[RightRequest], *, actor: User | None, at: datetime) -> None:
    facts = [
        Fact(
            kind=f"people.right_{what}",
            subject=("people.RightRequest", str(right.pk)),
            at=at,
            actor_id=actor.pk if actor else None,
            learner_id=right.person_id,
            payload={
                "right": right.kind,
                "name": right.name,
                "asked_by": str(right.asked_by_id),
                "lapses_at": right.lapses_at,
            },
        )
        for right in rights
    ]
    if facts:
        right_request_changed.send(sender=RightRequest, facts=facts)


def _mail(rights: Sequence[RightRequest], occasion: str, *, at: datetime) -> None:
    from enablement.people.tasks import mail_rights

    if rights:
        ids = sorted(str(right.pk) for right in rights)
        enqueue(task=mail_rights, args={"right_ids": ids, "occasion": occasion}, at=at)
