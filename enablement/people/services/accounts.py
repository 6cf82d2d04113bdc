"""Accounts: added from the roster, changed, deactivated, never deleted.

Whoever manages the roster may not change what they themselves may do: another person does that.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from guardian.models import UserObjectPermission

from enablement.people.groups import GROUPS
from enablement.people.models import User
from enablement.people.rules import ensure_manages_roster
from enablement.people.services import rights
from enablement.people.services.auditors import end_for_leaver
from enablement.people.signals import person_changed
from tracks.errors import Refused
from tracks.facts import Fact
from tracks.models import Role
from tracks.services.cohorts import end_mentorships_of, withdraw_enrolments_of
from tracks.services.roles import set_roles

#: What overlays of a playbook go by.
_PLACE = frozenset({"region", "line_of_business"})


@transaction.atomic
def add_person(
    *,
    email: str,
    name: str,
    groups: Iterable[str],
    roles: Iterable[str],
    timezone: str,
    actor: User | None,
    at: datetime,
    region: str = "",
    line_of_business: str = "",
) -> User:
    """A person who may sign in once they have set a password by the link sent to their address.

    `groups` by name (see `people.groups`), `roles` by key. `region`, `line_of_business`: "" is not on record.
    The roster vouches for the address.
    ValidationError for an address in use (also of somebody who left), an unknown group, role or time zone.
    """
    ensure_manages_roster(actor)
    groups, roles = sorted(set(groups)), sorted(set(roles))
    if User.objects.get_queryset().by_email(email).exists():
        raise _address_taken()
    user = User(
        email=User.objects.normalize_email(email.strip()),
        name=name.strip(),
        timezone=timezone,
        region=region,
        line_of_business=line_of_business,
        joined_at=at,
    )
    user.set_unusable_password()
    user.full_clean()
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError as error:
        # Somebody added the same person since the address was looked up.
        raise _address_taken() from error
    # Allauth looks addresses up by their small letters, and finds no others.
    EmailAddress.objects.create(user=user, email=user.email.lower(), verified=True, primary=True)
    user.groups.set(_groups(groups))
    announce("people.person_added", user, actor, at, groups=groups)
    set_roles(user=user, roles=_roles(roles), actor=actor, at=at)
    return user


@transaction.atomic
def update_person(
    *,
    user: User,
    name: str,
    groups: Iterable[str] | None,
    roles: Iterable[str] | None,
    timezone: str | None,
    actor: User | None,
    at: datetime,
    region: str | None = None,
    line_of_business: str | None = None,
) -> bool:
    """Brings a person in line; None leaves something as it is. False: nothing was different.

    Refused for one's own groups, roles, region and line of business, and for somebody who has left.
    """
    ensure_manages_roster(actor)
    user = User.objects.select_for_update().get(pk=user.pk)
    if not user.is_active:
        raise Refused("person_left", _("%(person)s has left.") % {"person": user})
    wanted = {
        "name": name.strip(),
        "timezone": timezone,
        "region": region,
        "line_of_business": line_of_business,
    }
    different = [
        field for field, value in wanted.items() if value is not None and getattr(user, field) != value
    ]
    if user == actor and not _PLACE.isdisjoint(different):
        raise Refused("own_place", _("You cannot change where you work yourself; ask another person."))
    for field in different:
        setattr(user, field, wanted[field])
    user.full_clean(exclude={"password"})
    if different:
        user.save(update_fields=different)
    if groups is not None and _set_groups(user, sorted(set(groups)), actor):
        different.append("groups")
    if different:
        names = sorted(user.groups.values_list("name", flat=True))
        place = {name: getattr(user, name) for name in sorted(_PLACE.intersection(different))}
        announce("people.person_updated", user, actor, at, changed=different, groups=names, **place)
    if roles is None:
        return bool(different)
    wanted_roles = _roles(sorted(set(roles)))
    if user == actor and {role.key for role in wanted_roles} != roles_of(user):
        raise Refused("own_roles", _("You cannot change your own roles; ask another person."))
    return set_roles(user=user, roles=wanted_roles, actor=actor, at=at) or bool(different)


@transaction.atomic
def deactivate(*, user: User, actor: User | None, at: datetime) -> bool:
    """The person has left: from the next request on they are signed out, hold no role, mentor nobody and
    learn nothing. Who comes back is enrolled and shows the skill anew.

    False where they had left before. Their facts stay on record.
    """
    ensure_manages_roster(actor)
    if user == actor:
        raise Refused("own_account", _("You cannot deactivate yourself; ask another person."))
    user = User.objects.select_for_update().get(pk=user.pk)
    if not user.is_active:
        return False
    user.is_active = user.is_staff = user.is_superuser = False
    user.left_at = user.sessions_ended_at = at
    user.save(update_fields=["is_active", "is_staff", "is_superuser", "left_at", "sessions_ended_at"])
    withdraw_enrolments_of(user=user, actor=actor, at=at)
    end_mentorships_of(user=user, actor=actor, at=at)
    _take_all_rights(user)
    end_for_leaver(person=user, actor=actor, at=at)
    rights.withdraw(rights=user.right_requests.open(), actor=actor, at=at)
    set_roles(user=user, roles=[], actor=actor, at=at)
    announce("people.person_deactivated", user, actor, at)
    return True


@transaction.atomic
def reactivate(*, user: User, actor: User | None, at: datetime) -> bool:
    """The person is back, with their history, and with no role or group: these are given anew."""
    ensure_manages_roster(actor)
    user = User.objects.select_for_update().get(pk=user.pk)
    if user.is_active:
        return False
    user.is_active = True
    user.left_at = None
    user.save(update_fields=["is_active", "left_at"])
    announce("people.person_reactivated", user, actor, at)
    return True


def _address_taken() -> ValidationError:
    return ValidationError({"email": _("This address belongs to an account already; it is never reused.")})


def roles_of(user: User) -> set[str]:
    return set(user.role_assignments.filter(ended_at=None).values_list("role__key", flat=True))


def live_roles(keys: Iterable[str]) -> list[str]:
    """Those of these roles that there are."""
    return list(Role.objects.live().filter(key__in=set(keys)).values_list("key", flat=True))


def _take_all_rights(user: User) -> None:
    """Groups, single rights, and rights on single objects: whoever comes back starts without any."""
    user.groups.clear()
    user.user_permissions.clear()
    UserObjectPermission.objects.filter(user=user).delete()


def _set_groups(user: User, names: list[str], actor: User | None) -> bool:
    wanted = _groups(names)
    if set(wanted) == set(user.groups.all()):
        return False
    if user == actor:
        raise Refused("own_groups", _("You cannot change your own groups; ask another person."))
    user.groups.set(wanted)
    return True


def _groups(names: list[str]) -> list[Group]:
    unknown = [name for name in names if name not in GROUPS]
    if unknown:
        raise ValidationError(
            {
                "groups": _("Unknown group: %(unknown)s; expected %(known)s.")
                % {"unknown": ", ".join(unknown), "known": ", ".join(GROUPS)}
            }
        )
    return list(Group.objects.filter(name__in=names))


def _roles(keys: list[str]) -> list[Role]:
    roles = {role.key: role for role in Role.objects.live().filter(key__in=keys)}
    unknown = [key for key in keys if key not in roles]
    if unknown:
        raise ValidationError({"roles": _("Unknown role: %(unknown)s.") % {"unknown": ", ".join(unknown)}})
    return list(roles.values())


def announce(kind: str, user: User, actor: User | None, at: datetime, **payload: Any) -> None:
    fact = Fact(
        kind=kind,
        subject=("people.User", str(user.pk)),
        at=at,
        actor_id=actor.pk if actor else None,
        learner_id=user.pk,
        payload=payload,
    )
    person_changed.send(sender=User, facts=[fact])
