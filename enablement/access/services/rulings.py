"""Rulings follow the rubrics in force; authors answer for the modules that a change may have outdated."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from enablement.access.decisions.approval_rule import parse
from enablement.access.models import Prompt, RoleProfile, Ruling, RulingModule
from enablement.access.signals import ruling_changed
from enablement.people.models import User
from tracks.errors import Refused
from tracks.facts import Fact
from tracks.models import Module, Role

Key = tuple[int, str]
#: From the mildest to the strictest; an activity stands on one of them (the playbook refuses two).
LINES = ("automate", "yellow_zone", "avoid")
MANAGER = "manager_approve"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Wording:
    """What a ruling says, as its columns have it."""

    line: str
    text: str
    reason: str
    prompt: str
    confidence_threshold: Decimal | None
    approval_rule: str
    approvers: tuple[str, ...]

    @classmethod
    def of(cls, ruling: Ruling) -> "_Wording":
        values = {name: getattr(ruling, name) for name in cls.__slots__}
        return cls(**values | {"approvers": tuple(ruling.approvers)})

    def columns(self) -> dict[str, Any]:
        values = {name: getattr(self, name) for name in self.__slots__}
        return values | {"approvers": list(self.approvers)}


@transaction.atomic
def follow(*, revision: int, actor: User | None, at: datetime) -> None:
    """Make a ruling of each line of the rubrics that is new or says something else, and end those that went.

    Runs where a playbook is applied, after its tables are written. A constant number of queries.
    """
    wanted, taught = _wanted()
    held = {
        (ruling.role_id, ruling.workflow): ruling
        for ruling in Ruling.objects.in_force().select_for_update(of=("self",)).select_related("role")
    }
    roles = Role.objects.in_bulk([role for role, _workflow in wanted])
    known = set(Ruling.objects.values_list("role", flat=True).distinct())
    ended = [
        ruling for key, ruling in held.items() if key not in wanted or _Wording.of(ruling) != wanted[key]
    ]
    made = [
        Ruling(
            role=roles[key[0]],
            workflow=key[1],
            **wording.columns(),
            policy_revision=revision,
            effective_from=at,
            changed_at=at if key[0] in known else None,
            supersedes=held.get(key),
            made_by=actor,
        )
        for key, wording in wanted.items()
        if key not in held or _Wording.of(held[key]) != wording
    ]
    gone = [ruling.pk for ruling in ended if (ruling.role_id, ruling.workflow) not in wanted]
    Ruling.objects.filter(pk__in=[ruling.pk for ruling in ended]).update(effective_until=at)
    Ruling.objects.filter(pk__in=gone).update(changed_at=at)
    RulingModule.objects.filter(ruling__in=gone).update(
        flagged_at=at, cleared_at=None, cleared_by=None, note=""
    )
    Ruling.objects.bulk_create(made)
    _teach(made, held, taught)
    _announce(made, ended, revision=revision, actor=actor, at=at)


def _teach(made: Iterable[Ruling], held: Mapping[Key, Ruling], taught: Mapping[Key, set[int]]) -> None:
    """Link what is in force to its modules; those of a changed ruling may be out of date."""
    fresh = {(ruling.role_id, ruling.workflow): ruling for ruling in made}
    in_force = {key: ruling for key, ruling in held.items() if key in taught} | fresh
    links: dict[Any, set[int]] = defaultdict(set)
    rows = RulingModule.objects.filter(ruling__in=[ruling.pk for ruling in in_force.values()])
    stale = []
    of = {ruling.pk: key for key, ruling in in_force.items()}
    for pk, ruling, module in rows.values_list("pk", "ruling", "module"):
        links[ruling].add(module)
        if module not in taught[of[ruling]]:
            stale.append(pk)
    RulingModule.objects.filter(pk__in=stale).delete()
    RulingModule.objects.bulk_create(
        RulingModule(ruling=ruling, module_id=module, flagged_at=ruling.changed_at if key in fresh else None)
        for key, ruling in in_force.items()
        for module in sorted(taught[key] - links[ruling.pk])
    )


def _wanted() -> tuple[dict[Key, _Wording], dict[Key, set[int]]]:
    """What the rubrics say, and the modules that teach it, by role and activity."""
    prompts = {
        prompt.key: prompt for prompt in Prompt.objects.filter(retired_at=None).select_related("microtool")
    }
    by_path, by_outcome = _modules()
    wanted: dict[Key, _Wording] = {}
    taught: dict[Key, set[int]] = {}
    for profile in RoleProfile.objects.select_related("role").order_by("pk"):
        for line in LINES:
            for activity in profile.rubric.get(line, ()):
                key = (profile.role_id, activity["key"])
                wanted[key] = _wording(profile, line, activity, prompts.get(activity.get("prompt", "")))
                named = {by_path[path] for path in activity.get("taught_in", ()) if path in by_path}
                shown = by_outcome.get((profile.role_id, activity.get("prompt", "")), set())
                taught[key] = named or shown
    return wanted, taught


def _wording(profile: RoleProfile, line: str, activity: Mapping[str, Any], prompt: Prompt | None) -> _Wording:
    tool = prompt.microtool if prompt else None
    rule = tool.approval_rule if tool else ""
    approvers = {parse(rule).approver} if rule else set()
    if {activity["key"], activity.get("prompt")} & set(profile.approvals):
        approvers.add(MANAGER)
    return _Wording(
        line=line,
        text=activity["text"],
        reason=activity["why"],
        prompt=activity.get("prompt", ""),
        confidence_threshold=tool.confidence_threshold if tool else None,
        approval_rule=rule,
        approvers=tuple(sorted(approvers)),
    )


def _modules() -> tuple[dict[str, int], dict[Key, set[int]]]:
    """Live modules by `track/module`, and by role and outcome (an outcome that names a prompt teaches it)."""
    by_path: dict[str, int] = {}
    by_outcome: dict[Key, set[int]] = defaultdict(set)
    rows = Module.objects.live().filter(track__retired_at=None).select_related("track")
    for module in rows:
        by_path[f"{module.track.key}/{module.key}"] = module.pk
        for outcome in module.outcomes:
            by_outcome[module.track.role_id, outcome].add(module.pk)
    return by_path, by_outcome


def _announce(
    made: Iterable[Ruling], ended: Iterable[Ruling], *, revision: int, actor: User | None, at: datetime
) -> None:
    followed = {ruling.supersedes_id for ruling in made}
    facts = [_fact("access.ruling_made", ruling, actor=actor, at=at, revision=revision) for ruling in made]
    facts += [
        _fact("access.ruling_ended", ruling, actor=actor, at=at, revision=revision)
        for ruling in ended
        if ruling.pk not in followed
    ]
    if facts:
        ruling_changed.send(sender=Ruling, facts=facts)


def _fact(kind: str, ruling: Ruling, *, actor: User | None, at: datetime, revision: int) -> Fact:
    return Fact(
        kind=kind,
        subject=("access.ruling", str(ruling.pk)),
        at=at,
        actor_id=actor.pk if actor else None,
        payload={
            "role": ruling.role.key,
            "workflow": ruling.workflow,
            "line": ruling.line,
            "supersedes": str(ruling.supersedes_id or ""),
            "policy_revision": revision,
        },
    )


@transaction.atomic
def clear_flag(*, link: RulingModule, note: str, actor: User, at: datetime) -> RulingModule:
    """An author has looked: the module teaches the ruling as it is now. Refused `cleared`."""
    if not actor.has_perm("access.answer_ruling_flags"):
        raise PermissionDenied(_("You may not say that a module is up to date."))
    link = RulingModule.objects.select_for_update(of=("self",)).get(pk=link.pk)
    if link.flagged_at is None or link.cleared_at is not None:
        raise Refused("cleared", _("Somebody has looked at this module already."))
    link.cleared_at, link.cleared_by, link.note = at, actor, note.strip()
    link.full_clean()
    link.save()
    fact = Fact(
        kind="access.ruling_module_confirmed",
        subject=("access.ruling", str(link.ruling_id)),
        at=at,
        actor_id=actor.pk,
        payload={"module": str(link.module_id)},
    )
    ruling_changed.send(sender=Ruling, facts=[fact])
    return link
