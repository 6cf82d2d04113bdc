"""Who answers for a step of an approval: its name is that of a role, else of one of the playbook's owners.

An owner whose address is a mailbox and no person here is stood for by the staff group of the same office.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from enablement.access.decisions import approval_rule
from enablement.access.models import (
    ApprovalDelegation,
    ApprovalRequest,
    ApprovalStep,
    Microtool,
    Policy,
    RoleProfile,
)
from enablement.people.groups import GROUPS
from enablement.people.models import User
from tracks.models import Role, RoleAssignment
from tracks.people import by_email

#: The playbook's word for "another person who holds this role" (DESIGN, rules, playbook).
STEP_ROLES = {"manager_approve": "ops_manager"}
#: Owners as the playbook knows them, with the staff group of the office.
OWNER_GROUPS = {
    "executive_sponsor": "sponsors",
    "program_manager": "program_managers",
    "security_partner": "security",
    "legal_partner": "legal",
}
OWNER_TITLES: dict[str, Promise] = {
    "executive_sponsor": _("Executive sponsor"),
    "program_manager": _("Program manager"),
    "security_partner": _("Security partner"),
    "legal_partner": _("Legal partner"),
}
#: Whom a late request goes to, the first of these that it is not with already.
LADDER = ("program_manager", "executive_sponsor")


@dataclass(frozen=True, kw_only=True, slots=True)
class Seats:
    """The names for which one person may decide, and those of the people they stand in for."""

    own: frozenset[str]
    others: tuple[tuple[User, frozenset[str]], ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class _Offices:
    """How names resolve now: those of live roles, and for each owner either a person or a group."""

    roles: frozenset[str]
    people: dict[str, User]
    groups: dict[str, str]


def role_of(name: str) -> str:
    return STEP_ROLES.get(name, name)


def titles() -> Callable[[str], str]:
    """What people read for the name of a step ("": the user themself). One query for all names."""
    roles = dict(Role.objects.values_list("key", "title"))

    def title(name: str) -> str:
        if not name:
            return _t("The user themself")
        return roles.get(role_of(name)) or str(OWNER_TITLES.get(name, name.replace("_", " ").capitalize()))

    return title


def seats(user: User, *, at: datetime) -> Seats:
    """What this person may decide now; the number of queries does not depend on the number of requests."""
    standing_in = ApprovalDelegation.objects.in_force(at).filter(delegate=user, approver__is_active=True)
    absent: list[User] = [each.approver for each in standing_in.select_related("approver")]
    if absent and not is_staff(user):
        absent = []
    names = _names([user, *absent])
    return Seats(own=names[user.pk], others=tuple((person, names[person.pk]) for person in absent))


def is_staff(user: User) -> bool:
    """Of a staff group: who learns here, or only reads the record for a time, stands in for nobody."""
    return user.groups.filter(name__in=GROUPS).exists()


def may_stand_in(user: User, *, approver: User) -> bool:
    """Staff may; so may whoever answers in their own right for all that this approver is asked."""
    if is_staff(user):
        return True
    names = _names([user, approver])
    return names[approver.pk] <= names[user.pk]


def is_approver(user: User, *, at: datetime) -> bool:
    """Whether there is anything that this person could be asked to decide, not in another's place."""
    rules = Microtool.objects.live().exclude(approval_rule="").values_list("approval_rule", flat=True)
    asked = {approval_rule.parse(rule).approver for rule in rules} | {*STEP_ROLES, *OWNER_GROUPS}
    return bool(asked & seats(user, at=at).own)


def deciding_roles() -> set[str]:
    """The keys of roles whose holders are asked: by a tool's rule, as an owner, or by a request under way."""
    rules = Microtool.objects.live().exclude(approval_rule="").values_list("approval_rule", flat=True)
    policy = Policy.objects.first()
    undecided = ApprovalStep.objects.filter(decision="", request__state__in=ApprovalRequest.UNDECIDED)
    steps = undecided.values_list("approver", "escalated_to")
    names = {
        *STEP_ROLES,
        *OWNER_GROUPS,
        *(policy.owners if policy else ()),
        *(approval_rule.parse(rule).approver for rule in rules),
        *(name for pair in steps for name in pair if name),
    }
    return {role_of(name) for name in names}


def people_for(name: str, *, at: datetime) -> QuerySet[User]:
    """Everybody active who may decide for this name, delegates included."""
    offices = _offices()
    own = _holders(name, offices)
    delegates = ApprovalDelegation.objects.in_force(at).filter(
        approver__in=own, delegate__groups__name__in=GROUPS
    )
    return User.objects.filter(Q(pk__in=own) | Q(pk__in=delegates.values("delegate")), is_active=True)


def next_owner(step: ApprovalStep, *, at: datetime) -> str:
    """To whom this step goes when it is late: an owner for whom somebody other than its subject answers."""
    for name in LADDER:
        if name != step.approver and people_for(name, at=at).exclude(pk=step.subject_id).exists():
            return name
    return ""


def steps_for(user: User, *, at: datetime) -> QuerySet[ApprovalStep]:
    """The steps that this person may decide now: never their own, and never two of one request.

    In another's place, never on a task for which they have to obtain an approval themselves.
    """
    earlier = ApprovalStep.objects.filter(
        request=OuterRef("request"), number__lt=OuterRef("number"), decision=""
    )
    found = seats(user, at=at)
    mine = _named(found.own)
    asks_for = _asks_for(user) if found.others else set()
    for person, names in found.others:
        mine |= (
            _named(names)
            & ~Q(subject=person)
            & Q(~Exists(_decided(by=person)))
            & ~Q(request__workflow_id__in=asks_for)
        )
    return (
        ApprovalStep.objects.filter(
            mine, decision="", request__state__in=ApprovalRequest.UNDECIDED, request__expires_at__gt=at
        )
        .filter(~Exists(earlier), ~Exists(_decided(by=user)))
        .exclude(subject=user)
    )


def visible_to(user: User, *, at: datetime) -> QuerySet[ApprovalRequest]:
    """One's own requests, those in whose chain one stands or has decided, and all for those who govern."""
    if user.has_perm("access.view_grant"):
        return ApprovalRequest.objects.all()
    found = seats(user, at=at)
    names = found.own.union(*(names for _person, names in found.others))
    chain = ApprovalStep.objects.filter(Q(decided_by=user) | _named(names))
    return ApprovalRequest.objects.filter(Q(subject=user) | Q(pk__in=chain.values("request")))


def on_whose_behalf(step: ApprovalStep, user: User, *, at: datetime) -> User | None:
    """Whose delegate decides this step, None where it is the person's own to decide."""
    found = seats(user, at=at)
    asked = {step.approver, step.escalated_to}
    if asked & found.own:
        return None
    deciders = set(step.request.steps.exclude(decision="").values_list("decided_by", "on_behalf_of"))
    busy = {pk for pair in deciders for pk in pair} | {step.subject_id}
    return next((person for person, names in found.others if asked & names and person.pk not in busy), None)


def _decided(*, by: User) -> QuerySet[ApprovalStep]:
    of_request = ApprovalStep.objects.filter(request=OuterRef("request")).exclude(decision="")
    return of_request.filter(Q(decided_by=by) | Q(on_behalf_of=by))


def _asks_for(user: User) -> set[str]:
    """The tasks for which one of this person's roles has to obtain another's approval."""
    held = RoleAssignment.objects.current().filter(user=user, role__retired_at=None)
    profiles = RoleProfile.objects.filter(role__in=held.values("role")).values_list("approvals", flat=True)
    return {task for tasks in profiles for task in tasks}


def _named(names: Collection[str]) -> Q:
    return Q(approver__in=names) | Q(escalated_to__in=names)


def _offices() -> _Offices:
    policy = Policy.objects.first()
    owners: dict[str, str] = policy.owners if policy else {}
    names = {*owners, *OWNER_GROUPS}
    roles = frozenset(Role.objects.live().values_list("key", flat=True))
    found = by_email(owners.values())
    people = {
        name: person
        for name, email in owners.items()
        if (person := found.get(email.strip().lower())) is not None and person.is_active
    }
    unshadowed = {name for name in names if role_of(name) not in roles}
    return _Offices(
        roles=roles,
        people={name: person for name, person in people.items() if name in unshadowed},
        groups={
            name: OWNER_GROUPS[name] for name in unshadowed if name in OWNER_GROUPS and name not in people
        },
    )


def _holders(name: str, offices: _Offices) -> QuerySet[User]:
    people = User.objects.filter(is_active=True)
    if role_of(name) in offices.roles:
        held = RoleAssignment.objects.current().filter(role__key=role_of(name))
        return people.filter(pk__in=held.values("user"))
    if name in offices.people:
        return people.filter(pk=offices.people[name].pk)
    return people.filter(groups__name=offices.groups.get(name, ""))


def _names(users: Iterable[User]) -> dict[UUID, frozenset[str]]:
    """`_holders`, the other way round and for several people at once."""
    offices = _offices()
    ids = [user.pk for user in users]
    names: dict[UUID, set[str]] = {pk: set() for pk in ids}
    held = RoleAssignment.objects.current().filter(user__in=ids, role__retired_at=None)
    for pk, key in held.values_list("user", "role__key"):
        names[pk] |= {key, *(name for name, role in STEP_ROLES.items() if role == key)}
    for name, person in offices.people.items():
        if person.pk in names:
            names[person.pk].add(name)
    members = User.groups.through.objects.filter(
        user__in=ids, group__name__in=set(offices.groups.values())
    ).values_list("user", "group__name")
    for pk, group in members:
        names[pk] |= {name for name, of in offices.groups.items() if of == group}
    return {pk: frozenset(found) for pk, found in names.items()}
