"""The roster as a CSV file: what it would change is shown first, then done, all or nothing.

Columns `email, name` and, if wanted, `roles, groups, timezone, region, line_of_business`. A person in the
file holds, afterwards, exactly the roles and groups of their line, and an empty region or line of business is
no longer on record; a column that the file lacks leaves things as they are, and so does a
person whom the file does not name. Several roles or groups stand in one cell, separated by `;`.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.core.validators import validate_email, validate_slug
from django.db import transaction
from django.utils.translation import gettext as _

from enablement.people.groups import GROUPS
from enablement.people.models import User
from enablement.people.models.user import PLACE_LENGTH
from enablement.people.rules import ensure_manages_roster
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

    @property
    def action(self) -> Action:
        if self.left:
            return Action.LEAVE
        if self.user is None:
            return Action.ADD
        return Action.CHANGE if self.changed else Action.KEEP


def plan(*, content: bytes, actor: User | None) -> list[RosterLine]:
    """What `apply` would do, line by line; changes nothing. CsvFaults names every fault. Four queries."""
    optional = ["roles", "groups", "timezone", *_PLACE, "left"]
    rows = read_csv(content, required=["email", "name"], optional=optional)
    people = by_email(row.cells["email"] for row in rows)
    known_roles = list(Role.objects.live().values_list("key", flat=True))
    held = _Held(list(people.values()))
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
    for line in lines:
        if line.user is None:
            _add(line, actor=actor, at=at)
        elif line.left:
            deactivate(user=line.user, actor=actor, at=at)
        elif line.changed:
            update_person(
                user=line.user,
                name=line.name,
                groups=line.groups,
                roles=line.roles,
                timezone=line.timezone,
                region=line.region,
                line_of_business=line.line_of_business,
                actor=actor,
                at=at,
            )
    return lines


def _add(line: RosterLine, *, actor: User | None, at: datetime) -> None:
    try:
        add_person(
            email=line.email,
            name=line.name,
            groups=line.groups or (),
            roles=line.roles or (),
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
    """What the people whom the file names hold now, by their id. Two queries."""

    def __init__(self, people: Sequence[User]) -> None:
        self.groups = self._grouped(
            Group.objects.filter(user__in=people).order_by("name").values_list("user__pk", "name")
        )
        current = RoleAssignment.objects.current().filter(user__in=people).order_by("role__key")
        self.roles = self._grouped(current.values_list("user_id", "role__key"))

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
    if user is not None and not left:
        changed = [
            column
            for column, new, old in (
                ("name", name, user.name),
                ("roles", roles, held.roles[user.pk]),
                ("groups", groups, held.groups[user.pk]),
                ("timezone", zone or None, user.timezone),
                ("region", region, user.region),
                ("line_of_business", business, user.line_of_business),
            )
            if new is not None and new != old
        ]
    leaves = left and (user is None or user.is_active)
    email = row.cells["email"]
    return RosterLine(
        row.line, email, name, roles, groups, zone or None, region, business, user, changed, leaves
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
        for column in ("roles", "groups", *_PLACE):
            if column in line.changed:
                yield CsvFault(line.line, column, _("You cannot change your own; ask another person."))


def _passes(validator: Callable[[str], None], value: str) -> bool:
    try:
        validator(value)
    except ValidationError:
        return False
    return True
