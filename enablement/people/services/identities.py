"""Sign-in at the organisation's identity provider: who comes in, as whom, and with what (decision 0106)."""

from datetime import datetime

from allauth.socialaccount.models import SocialAccount
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from enablement.people.identity import Identity
from enablement.people.models import User
from enablement.people.organisation import GroupRules
from enablement.people.services.accounts import (
    add_person,
    announce,
    deactivate,
    live_roles,
    roles_of,
    update_person,
)
from tracks.errors import Refused

_LONGEST_ALIAS = 255


def admit(*, identity: Identity, rules: GroupRules, at: datetime) -> SocialAccount:
    """The account of whoever signs in, with the groups and roles that the provider gives them now.

    Refused `not_on_roster`, `address_not_verified`, `linked_elsewhere`, `person_left`, `no_groups`,
    `not_admitted`. Whoever the provider admits no longer is closed first: that stays, though this is refused.
    """
    _close_if_dismissed(identity, rules, at)
    try:
        return _admit(identity, rules, at)
    except IntegrityError:
        # The same person came in by another tab since they were looked up.
        return _admit(identity, rules, at)


@transaction.atomic
def _admit(identity: Identity, rules: GroupRules, at: datetime) -> SocialAccount:
    account = _account(identity) or _linked(identity, rules, at)
    user = User.objects.select_for_update().get(pk=account.user_id)
    if not user.is_active:
        raise Refused("person_left", _("This account was closed when you left the roster."))
    _name_alias(user, identity)
    _bring_in_line(user, identity, rules, at)
    account.user = user
    return account


@transaction.atomic
def end_sessions(*, user: User, at: datetime) -> None:
    """Signed out everywhere, from the next request on."""
    User.objects.filter(pk=user.pk).update(sessions_ended_at=at)
    announce("people.sessions_ended", user, None, at)


def _account(identity: Identity) -> SocialAccount | None:
    return (
        SocialAccount.objects.filter(provider=identity.issuer, uid=identity.subject)
        .select_related("user")
        .first()
    )


def _close_if_dismissed(identity: Identity, rules: GroupRules, at: datetime) -> None:
    """A provider that lists groups, and none that may come in, says that the person has left."""
    if rules.admits is None or rules.admits & (identity.groups or frozenset()):
        return
    if identity.groups is None:
        raise Refused("no_groups", _("Your organisation did not say which groups you are in."))
    account = _account(identity)
    if account is not None:
        deactivate(user=account.user, actor=None, at=at)
    raise Refused("not_admitted", _("Your organisation has not given you access to Enablement."))


def _linked(identity: Identity, rules: GroupRules, at: datetime) -> SocialAccount:
    """The first sign-in: the provider's word on the address, and the roster's, join the two."""
    if not (identity.email and identity.email_verified):
        raise Refused(
            "address_not_verified",
            _("Your organisation has not confirmed that your e-mail address is yours."),
        )
    user = User.objects.get_queryset().by_email(identity.email).first()
    if user is None:
        if rules.admits is None:
            raise Refused("not_on_roster", _("%(email)s is not on the roster.") % {"email": identity.email})
        user = _added(identity, at)
    elif not user.is_active:
        raise Refused("person_left", _("This account was closed when you left the roster."))
    elif SocialAccount.objects.filter(user=user, provider=identity.issuer).exists():
        raise Refused(
            "linked_elsewhere", _("%(email)s belongs to somebody else here.") % {"email": identity.email}
        )
    account: SocialAccount = SocialAccount.objects.create(
        user=user, provider=identity.issuer, uid=identity.subject
    )
    announce("people.identity_linked", user, None, at)
    return account


def _added(identity: Identity, at: datetime) -> User:
    try:
        return add_person(
            email=identity.email,
            name=identity.name or identity.email,
            groups=(),
            roles=(),
            timezone="UTC",
            actor=None,
            at=at,
        )
    except ValidationError as error:
        raise Refused("not_on_roster", " ".join(error.messages)) from error


def _name_alias(user: User, identity: Identity) -> None:
    """What gateways may call them; never what names somebody else already."""
    alias = identity.alias
    if alias in {"", user.external_id} or len(alias) > _LONGEST_ALIAS:
        return
    if User.objects.filter(external_id=alias).exclude(pk=user.pk).exists():
        raise Refused("linked_elsewhere", _("Your organisation's id for you belongs to somebody else here."))
    user.external_id = alias
    user.save(update_fields=["external_id"])


def _bring_in_line(user: User, identity: Identity, rules: GroupRules, at: datetime) -> None:
    """Adds and takes what the rules name; what they do not name stays the roster's."""
    theirs = identity.groups or frozenset()
    groups = set(user.groups.values_list("name", flat=True))
    roles = roles_of(user)
    update_person(
        user=user,
        name=user.name,
        groups=(groups - rules.managed("group")) | rules.given("group", theirs),
        # A role that no playbook has yet, or has retired, is nobody's.
        roles=live_roles((roles - rules.managed("role")) | rules.given("role", theirs)),
        timezone=None,
        actor=None,
        at=at,
    )
