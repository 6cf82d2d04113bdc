"""The roster as a CSV file: what it would change is shown first, then done, all or nothing.

Columns `email, name` and, if wanted, `roles, groups, timezone, region, line_of_business`. A person in the
file holds, afterwards, exactly the roles and groups of their line, and an empty region or line of business is
no longer on record; a column that the file lacks leaves things as they are, and so does a
person whom the file does not name. Several roles or groups stand in one cell, separated by `;`.

Where a person and not a command brings the file, rights to decide about others (`people.deciding`) are not
given: they wait for a second person, and everything else is done.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.core.validators import validate_email, validate_slug
from django.db import transaction
from django.utils.translation import gettext as _

from enablement.people.deciding import Right, deciding_roles
from enablement.people.groups import GROUPS
from enablement.people.models import RightRequest, User
from enablement.people.models.user import PLACE_LENGTH
from enablement.people.rules import ensure_manages_roster
from enablement.people.services import rights
from enablement.people.services.accounts import add_person, deactivate, update_person
from tracks.csv_files import CsvFault, CsvFaults, CsvRow, read_csv, repeated
from tracks.models import Role, RoleAssignment
from tracks.people import by_email
from tracks.zones import validate_zone

#: What overlays of a playbook go by.
_PLACE = ("region", "line_of_business")
_NAME_LENGTH = 200
_EMAIL_LENGTH = 254
_YES = "yes"


class Action(StrEnum):
    ADD = "add"
    CHANGE = "change"
    KEEP = "keep"
    LEAVE = "leave"


@dataclass(frozen=True, slots=True)
class RosterLine:
    """One person of the file. `roles` … `line_of_business` None: the file lacks the column.

    `changed`: the columns that differ at once. `waits`: rights that a second person has to confirm first.
    `left`: the file says that they have left, and their account is still open.
    """

    line: int
    email: str
    name: str
    roles: Sequence[str] | None
    groups: Sequence[str] | None
    timezone: str | None
    region: str | None
    line_of_business: str | None
    user: User | None
    changed: Sequence[str] = field(default=())
    left: bool = False
    waits: Sequence[Right] = field(default=())

    @property
    def roles_now(self) -> Sequence[str] | None:
        """The roles that the person holds when the file has been applied."""
        return _without(self.roles, self.waits, RightRequest.Kind.ROLE)

    @property
    def groups_now(self) -> Sequence[str] | None:
        return _without(self.groups, self.waits, RightRequest.Kind.GROUP)

    @property
    def action(self) -> Action:
        if self.left:
            return Action.LEAVE
        if self.user is None:
            return Action.ADD
        return Action.CHANGE if self.changed else Action.KEEP


def plan(*, content: bytes, actor: User | None) -> list[RosterLine]:
    """What `apply` would do, line by line; changes nothing. CsvFaults names every fault. The number
    of queries does not depend on that of lines.
    """
    optional = ["roles", "groups", "timezone", *_PLACE, "left"]
    rows = read_csv(content, required=["email", "name"], optional=optional)
    people = by_email(row.cells["email"] for row in rows)
    known_roles = list(Role.objects.live().values_list("key", flat=True))
    held = _Held(list(people.values()), guarded=actor is not None)
    faults = repeated(rows, "email")
    lines = []
    for row in rows:
        line = _line(row, people.get(row.cells["email"].lower()), held)
        faults += [*_cell_faults(line, known_roles), *_left_faults(row, line, actor)]
        if not row.cells.get("left"):
            faults += _person_faults(line, actor)
        lines.append(line)
    if faults:
        raise CsvFaults(faults)
    return lines


@transaction.atomic
def apply(*, content: bytes, actor: User | None, at: datetime) -> list[RosterLine]:
    """Adds and changes everyone in the file, or nobody (CsvFaults)."""
    ensure_manages_roster(actor)
    lines = plan(content=content, actor=actor)
    wanted: dict[User, Sequence[Right]] = {}
    for line in lines:
        person = line.user
        if person is None:
            person = _add(line, actor=actor, at=at)
        elif line.left:
            deactivate(user=person, actor=actor, at=at)
        elif line.changed:
            update_person(
                user=person,
                name=line.name,
                groups=line.groups_now,
                roles=line.roles_now,
                timezone=line.timezone,
                region=line.region,
                line_of_business=line.line_of_business,
                actor=actor,
                at=at,
            )
        if line.waits:
            wanted[person] = line.waits
    rights.withdraw(rights=_settled(lines, given=actor is None), actor=actor, at=at)
    if actor is not None:
        rights.ask(wanted=wanted, actor=actor, at=at)
    return lines


def _settled(lines: Iterable[RosterLine], *, given: bool) -> list[RightRequest]:
    """What waits for people of the file, though their line does not name it, or has `given` it by now."""
    named = {line.user.pk: line for line in lines if line.user is not None}
    settled = []
    for waiting in RightRequest.objects.open().filter(person__in=named):
        line = named[waiting.person_id]
        names = line.groups if waiting.kind == RightRequest.Kind.GROUP else line.roles
        if names is not None and (given or waiting.name not in names):
            settled.append(waiting)
    return settled


def _without(names: Sequence[str] | None, waits: Collection[Right], kind: str) -> Sequence[str] | None:
    return names if names is None else [name for name in names if Right(kind, name) not in waits]


def _add(line: RosterLine, *, actor: User | None, at: datetime) -> User:
    try:
        return add_person(
            email=line.email,
            name=line.name,
            groups=line.groups_now or (),
            roles=line.roles_now or (),
            timezone=line.timezone or "UTC",
            region=line.region or "",
            line_of_business=line.line_of_business or "",
            actor=actor,
            at=at,
        )
    except ValidationError as error:
        # The line was sound when it was planned; another upload has added the person since.
        raise CsvFaults([CsvFault(line.line, "email", " ".join(error.messages))]) from error


class _Held:
    """What the people whom the file names hold now, by their id. Two queries, and those of `deciding`.

    `guarded`: what decides about others waits.
    """

    def __init__(self, people: Sequence[User], *, guarded: bool) -> None:
        self.guarded = guarded
        self.deciding = deciding_roles() if guarded else frozenset()
        self.groups = self._grouped(
            Group.objects.filter(user__in=people).order_by("name").values_list("user__pk", "name")
        )
        current = RoleAssignment.objects.current().filter(user__in=people).order_by("role__key")
        self.roles = self._grouped(current.values_list("user_id", "role__key"))

    def waits(
        self, user: User | None, *, roles: Sequence[str] | None, groups: Sequence[str] | None
    ) -> list[Right]:
        """What of these the person does not hold, and one person alone does not give."""
        if not self.guarded:
            return []
        held_groups = self.groups[user.pk] if user else ()
        held_roles = self.roles[user.pk] if user else ()
        return [
            *(
                Right(RightRequest.Kind.GROUP, name)
                for name in groups or ()
                if name in GROUPS and name not in held_groups
            ),
            *(
                Right(RightRequest.Kind.ROLE, key)
                for key in roles or ()
                if key in self.deciding and key not in held_roles
            ),
        ]

    @staticmethod
    def _grouped(pairs: Iterable[tuple[UUID, str]]) -> dict[UUID, list[str]]:
        grouped: dict[UUID, list[str]] = defaultdict(list)
        for user_id, name in pairs:
            grouped[user_id].append(name)
        return grouped


def _line(row: CsvRow, user: User | None, held: _Held) -> RosterLine:
    name, zone = row.cells["name"], row.cells.get("timezone")
    roles, groups = _names(row, "roles"), _names(row, "groups")
    region, business = (row.cells.get(column) for column in _PLACE)
    changed = []
    left = row.cells.get("left", "").lower() == _YES
    waits = [] if left else held.waits(user, roles=roles, groups=groups)
    if user is not None and not left:
        changed = [
            column
            for column, new, old in (
                ("name", name, user.name),
                ("roles", _without(roles, waits, RightRequest.Kind.ROLE), held.roles[user.pk]),
                ("groups", _without(groups, waits, RightRequest.Kind.GROUP), held.groups[user.pk]),
                ("timezone", zone or None, user.timezone),
                ("region", region, user.region),
                ("line_of_business", business, user.line_of_business),
            )
            if new is not None and new != old
        ]
    leaves = left and (user is None or user.is_active)
    email = row.cells["email"]
    return RosterLine(
        row.line, email, name, roles, groups, zone or None, region, business, user, changed, leaves, waits
    )


def _names(row: CsvRow, column: str) -> list[str] | None:
    if column not in row.cells:
        return None
    return sorted({name.strip() for name in row.cells[column].split(";") if name.strip()})


def _cell_faults(line: RosterLine, known_roles: Sequence[str]) -> Iterator[CsvFault]:
    """Faults that the file has by itself."""
    if not _passes(validate_email, line.email):
        yield CsvFault(line.line, "email", _("“%(value)s” is not an e-mail address.") % {"value": line.email})
    lengths = (
        ("email", line.email, _EMAIL_LENGTH),
        ("name", line.name, _NAME_LENGTH),
        ("region", line.region or "", PLACE_LENGTH),
        ("line_of_business", line.line_of_business or "", PLACE_LENGTH),
    )
    for column, value, most in lengths:
        if len(value) > most:
            yield CsvFault(line.line, column, _("Longer than %(most)s characters.") % {"most": most})
    if line.timezone is not None and not _passes(validate_zone, line.timezone):
        message = _("“%(zone)s” is not a time zone; expected a name such as Europe/Berlin.")
        yield CsvFault(line.line, "timezone", message % {"zone": line.timezone})
    for column, key in zip(_PLACE, (line.region, line.line_of_business), strict=True):
        if key and not _passes(validate_slug, key):
            message = _("“%(value)s” is not a key; expected letters, digits, hyphens or underscores.")
            yield CsvFault(line.line, column, message % {"value": key})
    for column, names, known in (("roles", line.roles, known_roles), ("groups", line.groups, list(GROUPS))):
        for name in names or ():
            if name not in known:
                message = _("“%(name)s” is unknown; expected %(known)s.")
                yield CsvFault(line.line, column, message % {"name": name, "known": ", ".join(known)})


def _left_faults(row: CsvRow, line: RosterLine, actor: User | None) -> Iterator[CsvFault]:
    """Whoever has left before may be named again: the file of a staff system lists them for months."""
    said = row.cells.get("left", "").lower()
    if said not in {"", _YES}:
        message = _("“%(value)s” is neither yes nor empty.") % {"value": said}
        yield CsvFault(line.line, "left", message)
    elif said and line.user is None:
        yield CsvFault(line.line, "left", _("Nobody has this address, so nobody can have left."))
    elif said and line.user == actor:
        yield CsvFault(line.line, "left", _("You cannot deactivate yourself; ask another person."))


def _person_faults(line: RosterLine, actor: User | None) -> Iterator[CsvFault]:
    """Faults by whom the line is about."""
    if line.user is None:
        return
    if not line.user.is_active:
        message = _("%(person)s has left; reactivate them on their page first.")
        yield CsvFault(line.line, "email", message % {"person": line.user})
    elif line.user == actor:
        asked = {f"{right.kind}s" for right in line.waits}
        for column in ("roles", "groups", *_PLACE):
            if column in line.changed or column in asked:
                yield CsvFault(line.line, column, _("You cannot change your own; ask another person."))


def _passes(validator: Callable[[str], None], value: str) -> bool:
    try:
        validator(value)
    except ValidationError:
        return False
    return True
