"""What the tables say of a call's subject, tool and policy: for one call, and for many at once."""

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import Exists, FilteredRelation, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Lower
from django.urls import reverse

from enablement.access import overlays
from enablement.access.decisions.verdict import Call, Person, PolicyInForce, Tool
from enablement.access.models import EmergencyAccess, Microtool, Policy, Prompt, RoleProfile
from enablement.access.overlays import Place
from enablement.people.models import User
from tracks.models import Role
from tracks.prepared import Prepared

Row = tuple[Any, ...]
NOBODY = UUID(int=0)
POLICY_FIELDS = (
    "revision",
    "regions",
    "yellow_zone_terms",
    "block_on_confidence_lt",
    "manual_review_required",
    "stops",
    "keeps_content",
    "overlays",
    "lines_of_business",
)
TOOL_FIELDS = (
    "key",
    "retired_at",
    "track__key",
    "confidence_threshold",
    "approval_rule",
    "held__state",
    "held__not_after",
    "held__leaves",
    "held__last_used_at",
    "emergency_from",
    "emergency_until",
    *(f"policy_{name}" for name in POLICY_FIELDS),
)
#: What belongs to one person and not to the tool.
_OF_ONE = ("held__", "emergency_")
_PROFILE = "assignment__role__profile"
PERSON_FIELDS = (
    "pk",
    "is_active",
    f"{_PROFILE}__prompts",
    f"{_PROFILE}__approvals",
    f"{_PROFILE}__human_in_loop",
    f"{_PROFILE}__rubric",
    "external_id",
    "email_key",
    "region",
    "line_of_business",
)
_PLACE = slice(PERSON_FIELDS.index("region"), len(PERSON_FIELDS))
_EXTERNAL_ID, _EMAIL = PERSON_FIELDS.index("external_id"), PERSON_FIELDS.index("email_key")


def find_person(subject: str) -> Person | None:
    """By id, by e-mail without regard to case, or by the identity provider's id (which may be a UUID too)."""
    if not subject.strip():
        return None
    pk = _as_uuid(subject)
    if pk is not None:
        return _one(_people_by_id(pk=pk, external_id=subject))
    if "@" in subject:
        return _one(_people_by_email(email=_as_email(subject)))
    return _one(_people_by_external_id(external_id=subject))


def find_people(subjects: Collection[str]) -> dict[str, Person]:
    """`find_person` for many, by subject, in one query."""
    wanted = {subject for subject in subjects if subject.strip()}
    ids = {subject: pk for subject in wanted if (pk := _as_uuid(subject)) is not None}
    emails = {subject: _as_email(subject) for subject in wanted - ids.keys() if "@" in subject}
    found = people_rows(
        Q(pk__in=ids.values()) | Q(external_id__in=wanted - emails.keys()) | Q(email_key__in=emails.values())
    )
    people = {}
    for subject in wanted:
        if subject in emails:
            rows = [row for row in found if row[_EMAIL] == emails[subject]]
        else:
            rows = [row for row in found if row[0] == ids.get(subject) or row[_EXTERNAL_ID] == subject]
        person = _one(rows)
        if person is not None:
            people[subject] = person
    return people


def people_in_order(rows: Iterable[Row]) -> list[Person]:
    """Everybody in these rows of `people_rows`, in the order in which they come."""
    by_person: dict[UUID, list[Row]] = defaultdict(list)
    for row in rows:
        by_person[row[0]].append(row)
    return [_person(own) for own in by_person.values()]


def people_rows(who: Q) -> list[Row]:
    """A row for each person and role that they hold; one row where they hold none."""
    return list(_people(who))


def find_tool(call: Call, person: Person | None) -> tuple[Tool | None, PolicyInForce | None]:
    """The tool as it is for this person, and the policy in force."""
    # Nobody has the id zero, and no prompt an empty name.
    rows = _tools(key=call.microtool, person=person.id if person else NOBODY, prompt=call.prompt or "")
    if not rows:
        return None, policy_in_force()
    row = dict(zip((*TOOL_FIELDS, "holds_prompt"), rows[0], strict=True))
    return _tool(row, holds_prompt=row["holds_prompt"]), _policy_of(row)


@dataclass(frozen=True, kw_only=True, slots=True)
class Shelf:
    """Tools, the grants of some people for them, and the policy in force; read by `find_tools`."""

    policy: PolicyInForce | None
    rows: Mapping[str, Mapping[UUID, Mapping[str, Any]]] = field(default_factory=dict)
    prompts: frozenset[tuple[str, str]] = frozenset()

    @property
    def keys(self) -> list[str]:
        return sorted(self.rows)

    def tool(self, key: str, *, person: Person | None, prompt: str | None) -> Tool | None:
        rows = self.rows.get(key)
        if rows is None:
            return None
        row = rows.get(person.id if person else NOBODY) or (rows[NOBODY])
        return _tool(row, holds_prompt=(prompt, key) in self.prompts)


def find_tools(
    *, people: Collection[Person], prompts: Collection[str], keys: Collection[str] | None = None
) -> Shelf:
    """`find_tool` for many: these tools (None: all of them) as they are for these people. Three queries."""
    user_ids = [person.id for person in people]
    tools = Microtool.objects.all() if keys is None else Microtool.objects.filter(key__in=keys)
    fields = (*TOOL_FIELDS, "held__user_id")
    rows: dict[str, dict[UUID, Mapping[str, Any]]] = defaultdict(dict)
    policy = None
    for values in _with_policy(tools, Q(grants__user__in=user_ids)).values_list(*fields):
        row = dict(zip(fields, values, strict=True))
        policy = policy or _policy_of(row)
        rows[row["key"]][row["held__user_id"] or NOBODY] = row
        nobodys = row | {name: None for name in TOOL_FIELDS if name.startswith(_OF_ONE)}
        rows[row["key"]].setdefault(NOBODY, nobodys)
    held = Prompt.objects.filter(key__in=prompts, retired_at=None, microtool__isnull=False)
    pairs = frozenset(held.values_list("key", "microtool__key"))
    return Shelf(policy=policy or policy_in_force(), rows=rows, prompts=pairs)


def somebody_in(role: Role) -> Person:
    """A person who holds this role and no other, for trying a rule out. One query."""
    fields = ("prompts", "approvals", "human_in_loop", "rubric")
    row = RoleProfile.objects.filter(role=role).values_list(*fields).first()
    return _person([(NOBODY, True, *(row or (None,) * len(fields)), "", "", "", "")])


def policy_in_force() -> PolicyInForce | None:
    stored = Policy.objects.values(*POLICY_FIELDS).first()
    return _policy_of({f"policy_{name}": value for name, value in stored.items()}) if stored else None


def _as_uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _as_email(text: str) -> str:
    return text.strip().lower()


def _one(rows: Sequence[Row]) -> Person | None:
    """Nobody, where the rows are of nobody or of two people."""
    return _person(rows) if len({row[0] for row in rows}) == 1 else None


def _person(rows: Sequence[Row]) -> Person:
    return Person(
        id=rows[0][0],
        is_active=rows[0][1],
        prompts=frozenset(prompt for row in rows for prompt in row[2] or ()),
        approvals=frozenset(action for row in rows for action in row[3] or ()),
        # Without a known profile nothing says that the person may go without a second look.
        human_in_loop=any(row[4] is not False for row in rows),
        rubric=tuple(row[5] for row in rows if row[5]),
        place=Place(*rows[0][_PLACE]),
    )


def _people(who: Q) -> QuerySet[User, Row]:
    return (
        User.objects.annotate(
            email_key=Lower("email"),
            assignment=FilteredRelation("role_assignments", condition=Q(role_assignments__ended_at=None)),
        )
        .filter(who)
        .order_by("pk")
        .values_list(*PERSON_FIELDS)
    )


_people_by_id = Prepared(
    lambda pk, external_id: _people(Q(pk=pk) | Q(external_id=external_id)),
    pk=uuid.UUID(int=1),
    external_id="\0id",
)
_people_by_email = Prepared(lambda email: _people(Q(email_key=email)), email="\0email")
_people_by_external_id = Prepared(lambda external_id: _people(Q(external_id=external_id)), external_id="\0id")


def _with_policy(tools: QuerySet[Microtool], held: Q) -> QuerySet[Microtool]:
    opened = EmergencyAccess.objects.approved().filter(grant=OuterRef("held__pk")).order_by("-ends_at", "pk")
    return tools.annotate(
        held=FilteredRelation("grants", condition=held),
        emergency_from=Subquery(opened.values("starts_at")[:1]),
        emergency_until=Subquery(opened.values("ends_at")[:1]),
        **{f"policy_{name}": Subquery(Policy.objects.values(name)) for name in POLICY_FIELDS},
    ).order_by()


def _one_tool(key: str, person: UUID, prompt: str) -> QuerySet[Microtool, Row]:
    asked = Prompt.objects.filter(microtool=OuterRef("pk"), key=prompt, retired_at=None)
    found = _with_policy(Microtool.objects.filter(key=key), Q(grants__user=person))
    return found.annotate(holds_prompt=Exists(asked)).values_list(*TOOL_FIELDS, "holds_prompt")


_tools = Prepared(_one_tool, key="\0key", person=uuid.UUID(int=1), prompt="\0prompt")


def _tool(row: Mapping[str, Any], *, holds_prompt: bool) -> Tool:
    return Tool(
        key=row["key"],
        retired=row["retired_at"] is not None,
        track_url=reverse("track", args=[row["track__key"]]) if row["track__key"] else "",
        confidence_threshold=row["confidence_threshold"],
        approval_rule=row["approval_rule"],
        holds_prompt=holds_prompt,
        grant_state=row["held__state"],
        grant_not_after=row["held__not_after"],
        grant_leaves=row["held__leaves"] or [],
        grant_last_used_at=row["held__last_used_at"],
        emergency_from=row["emergency_from"],
        emergency_until=row["emergency_until"],
        track=row["track__key"] or "",
    )


def _policy_of(row: Mapping[str, Any]) -> PolicyInForce | None:
    if row["policy_revision"] is None:
        return None
    return PolicyInForce(
        revision=row["policy_revision"],
        regions=frozenset(row["policy_regions"]),
        yellow_zone_terms=row["policy_yellow_zone_terms"],
        block_on_confidence_lt=row["policy_block_on_confidence_lt"],
        manual_review_required=row["policy_manual_review_required"],
        stops=row["policy_stops"],
        keeps_content=row["policy_keeps_content"],
        overlays=overlays.in_force(row["policy_overlays"]),
        lines_of_business=row["policy_lines_of_business"],
    )
