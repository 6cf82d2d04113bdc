"""Plan, apply and export: a plan is an apply that is undone, so the two cannot differ."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from enablement.access.models import Grant, Microtool, Policy
from enablement.access.services import grants, keeping, rulings
from enablement.ledger import selectors as ledger_selectors
from enablement.ledger import services as ledger
from enablement.ledger.models import PolicyRevision
from enablement.people.models import User
from enablement.playbook import in_force
from enablement.playbook.bundle import Bundle, read_bundle
from enablement.playbook.loosening import State, loosened
from enablement.playbook.plan import CHANGE, KINDS, Change, Effect, Item, Kept, Person, Plan, compare
from enablement.playbook.reading import Reading, read
from enablement.playbook.rules import ensure_authors
from enablement.playbook.services import bank_edits, calls, outrun, prompt_edits, uncounted
from enablement.playbook.services.writing import write
from enablement.playbook.titles import humanised
from tracks.errors import Refused
from tracks.models import Enrolment

CAUSE = "playbook.applied"
#: Kinds of items whose change moves nobody's grants.
_WITHOUT_GATES = frozenset({"role", "prompt", "procedure", "policy", "section", "document", "judge"})
_ON_EVERY_TRACK = frozenset({"line of business", "overlay"})
Holders = dict[str, set[UUID]]
Check = Callable[[Plan, Bundle], None]


class NeedsApproval(Exception):
    """Nothing was changed: `plan` loosens what is in force. `bundle`: the playbook with all its content."""

    def __init__(self, found: Plan, bundle: Bundle) -> None:
        super().__init__("the plan loosens what is in force")
        self.plan = found
        self.bundle = bundle


@dataclass(frozen=True, kw_only=True, slots=True)
class Applied:
    """`revision` is the one in force now; `new` is False where there was nothing to do."""

    plan: Plan
    revision: PolicyRevision
    new: bool


def current_bundle() -> Bundle | None:
    """The playbook in force, with its content."""
    revision = ledger_selectors.current_revision()
    return Bundle.of_document(revision.document) if revision else None


def current_number() -> int:
    """0 before the first playbook."""
    revision = ledger_selectors.current_revision()
    return revision.number if revision else 0


def plan(*, bundle: Bundle, at: datetime) -> Plan:
    """What applying this now would do; nothing is kept. Raises SourceErrors, and Refused as `apply` does."""
    base_number, old = current_number(), current_bundle()
    reading = _read(bundle, old)
    with transaction.atomic():
        _begin(base_number)
        found = _carry_out(reading, old, base_number, actor=None, at=at)
        transaction.set_rollback(True)
    return found


def apply(*, bundle: Bundle, base_number: int, actor: User | None, at: datetime, note: str = "") -> Applied:
    """Put a playbook in force as the next revision, where one person may: the first, and one that tightens.

    Raises NeedsApproval where it loosens what is in force, and as `put_in_force` does.
    """
    return put_in_force(
        bundle=bundle, base_number=base_number, actor=actor, at=at, note=note, check=_ensure_tightens
    )


def put_in_force(
    *,
    bundle: Bundle,
    base_number: int,
    actor: User | None,
    at: datetime,
    note: str = "",
    check: Check = lambda _plan, _bundle: None,
) -> Applied:
    """In one transaction, as the next revision; without a change, no revision. Whoever calls it answers for
    the approvals: `check` sees the plan when nothing can change any more, and raises to undo all of it.

    base_number: the revision that its plan was made against. Raises SourceErrors for a playbook that is not
    sound; Refused "stale_base" where another revision is in force by now, "content_refused" where a table
    refuses a part.
    """
    ensure_authors(actor)
    old = current_bundle()
    reading = _read(bundle, old)
    with transaction.atomic():
        _begin(base_number)
        if current_bundle() != old:
            raise Refused("stale_base", _("Another playbook was put in force at this moment. Plan again."))
        found = _carry_out(reading, old, base_number, actor=actor, at=at, note=note)
        check(found, reading.bundle)
        if found:
            outrun.end_outdated(revision=base_number + 1, at=at)
        else:
            transaction.set_rollback(True)
    revision = ledger_selectors.current_revision()
    if revision is None:
        raise Refused("nothing_in_force", _("No playbook is in force."))
    return Applied(plan=found, revision=revision, new=bool(found))


def apply_file(
    *, path: Path, actor: User | None, at: datetime, base_number: int | None = None, note: str = ""
) -> Applied:
    """`apply` for a file with the folder `content/` beside it; without a base, onto what is in force."""
    bundle = read_bundle(path)
    base = current_number() if base_number is None else base_number
    return apply(bundle=bundle, base_number=base, actor=actor, at=at, note=note)


def _ensure_tightens(found: Plan, bundle: Bundle) -> None:
    if found.loosens:
        raise NeedsApproval(found, bundle)


def _read(bundle: Bundle, old: Bundle | None) -> Reading:
    """A playbook without content keeps what is in force, questions edited in the browser included."""
    return read(bundle, in_force=prompt_edits.with_edits(old) if old and bundle.content is None else old)


def whole(bundle: Bundle) -> Bundle:
    """With the content that it keeps, as it would be in force. Raises SourceErrors."""
    return _read(bundle, current_bundle()).bundle


def export(*, at: datetime) -> Bundle:
    """The playbook in force, comments and all, with the questions as they were edited in the browser.

    Raises Refused "nothing_in_force" before the first playbook, and "in_force_differs" where the tables no
    longer say what the current revision says: somebody changed them by hand.
    """
    bundle = current_bundle()
    if bundle is None:
        raise Refused("nothing_in_force", _("No playbook is in force yet."))
    edited = prompt_edits.with_edits(bundle)
    # Who judges may be appointed by hand, a QA owner may have joined since, and edited files read otherwise.
    expected = {"judge"} if edited is bundle else {"judge", "document"}
    differing = [change for change in plan(bundle=edited, at=at).changes if change.item.kind not in expected]
    if differing:
        raise Refused(
            "in_force_differs",
            _(
                "What is in force differs from revision %(number)d: %(items)s. It was changed outside of a "
                "playbook; apply the playbook again to bring it back."
            )
            % {
                "number": current_number(),
                "items": ", ".join(f"{change.action} {change.item}" for change in differing),
            },
        )
    return edited


def _begin(base_number: int) -> None:
    """One apply at a time, and only onto the revision that the plan was made against.

    Everybody's enrolment is held first, as every fact holds its own before anything else: content and grants
    are locked afterwards, so a fact and an apply at once wait for each other instead of deadlocking.
    """
    Policy.objects.select_for_update().first()
    list(Enrolment.objects.live().select_for_update().order_by("pk").values_list("pk", flat=True))
    current = current_number()
    if base_number != current:
        raise Refused(
            "stale_base",
            _(
                "Revision %(current)d is in force, and this plan was made against revision %(base)d. "
                "Look at the plan again, then apply."
            )
            % {"current": current, "base": base_number},
        )


def _carry_out(
    reading: Reading,
    old: Bundle | None,
    base_number: int,
    *,
    actor: User | None,
    at: datetime,
    note: str = "",
) -> Plan:
    """Write, compare, number, re-evaluate; the caller keeps it or undoes it. `old`: the bundle in force."""
    before = State(items=in_force.snapshot() | in_force.sections(old), gates=in_force.gates())
    holders, edits, prompts = _holders(at), bank_edits.edits(), prompt_edits.edits()
    rules = calls.rules()
    _write(reading, revision=base_number + 1, at=at)
    after = State(items=in_force.snapshot() | in_force.sections(reading.bundle), gates=in_force.gates())
    changes = compare(before.items, after.items)
    if not changes and (old is None or old.document() != reading.bundle.document()):
        wording = ("only comments, order, layout or files that are left out",)
        changes = (Change(action=CHANGE, item=Item("document", ""), details=wording),)
    found = Plan(
        base_number=base_number,
        sha256=reading.bundle.sha256,
        changes=changes,
        notes=reading.notes,
        warnings=(*bank_edits.undone(edits), *prompt_edits.undone(prompts)),
        gaps=reading.gaps,
    )
    if changes:
        revision = ledger.add_revision(
            document=reading.bundle.document(),
            note=note,
            base_number=base_number or None,
            actor=actor,
            at=at,
        )
        rulings.follow(revision=revision.number, actor=actor, at=at)
        everybody = _concerns_everybody(changes, before.items, after.items)
        later = _reevaluate(changes, everybody=everybody, actor=actor, at=at)
        now = _holders(at, later=later)
        kept = keeping.kept_since(revision=revision.number, at=at)
        effects = _effects(holders, now, kept)
        left_out = _uncounted(before, after, base_number, at)
        found = replace(
            found,
            effects=effects,
            calls=calls.moved(before=rules, after=calls.rules(), holders=holders, now=now),
            loosens=_loosened(before, after, effects) if base_number else (),
            notes=(*reading.notes, *left_out),
            uncounted=left_out,
        )
        _record(found, revision, actor=actor, at=at)
    return found


def _uncounted(before: State, after: State, base_number: int, at: datetime) -> tuple[str, ...]:
    return uncounted.uncounted(before=before.items, after=after.items, at=at) if base_number else ()


def _loosened(before: State, after: State, effects: tuple[Effect, ...]) -> tuple[str, ...]:
    """What loosens; and where somebody gains a tool, something does, whatever the comparison says."""
    found = loosened(before, after)
    gaining = [effect.tool for effect in effects if effect.gain]
    return found or tuple(_("%(tool)s: somebody gains access") % {"tool": humanised(key)} for key in gaining)


def _write(reading: Reading, *, revision: int, at: datetime) -> None:
    try:
        write(reading, revision=revision, at=at)
    except ValidationError as error:
        raise Refused("content_refused", " ".join(error.messages)) from error
    except IntegrityError as error:
        message = _(
            "The database refused a part; another playbook may be applied at this moment. Plan again."
        )
        raise Refused("database_refused", message) from error


def _concerns_everybody(
    changes: tuple[Change, ...], before: Mapping[Item, Any], after: Mapping[Item, Any]
) -> bool:
    """Whether regions, overlays or what they go by have changed: these hold on every track."""
    policy = Item("policy", "")
    regions = [sides.get(policy, {}).get("regions") for sides in (before, after)]
    return regions[0] != regions[1] or any(change.item.kind in _ON_EVERY_TRACK for change in changes)


def _reevaluate(
    changes: tuple[Change, ...], *, everybody: bool, actor: User | None, at: datetime
) -> Collection[grants.Key]:
    """Everybody who learns or holds something where tracks, gates or tools have changed, or overlays.

    Returns for whom which tool a job will open after this.
    """
    if not everybody and all(change.item.kind in _WITHOUT_GATES for change in changes):
        return ()
    tracks = {change.item.name.partition("/")[0] for change in changes if change.item.kind != "microtool"}
    tools = {change.item.name for change in changes if change.item.kind == "microtool"}
    learners = Enrolment.objects.live().filter(Q(track__key__in=tracks) | Q(track__microtools__key__in=tools))
    holders = Grant.objects.filter(Q(microtool__key__in=tools) | Q(microtool__track__key__in=tracks))
    if everybody:
        learners, holders = Enrolment.objects.live(), Grant.objects.all()
    user_ids = {*learners.values_list("user_id", flat=True), *holders.values_list("user_id", flat=True)}
    actor_id = actor.pk if actor else None
    return grants.reevaluate(user_ids=user_ids, cause=CAUSE, actor_id=actor_id, at=at).later


def _holders(at: datetime, *, later: Collection[grants.Key] = ()) -> Holders:
    """Who may use which tool now, or as soon as the job for `later` has run."""
    found: Holders = {}
    keys = dict(Microtool.objects.filter(manual_grant=False).values_list("pk", "key")) if later else {}
    for user, pk in later:
        if pk in keys:
            found.setdefault(keys[pk], set()).add(user)
    for tool, user in Grant.objects.live(at=at).values_list("microtool__key", "user_id"):
        found.setdefault(tool, set()).add(user)
    return found


def _effects(
    before: Mapping[str, set[UUID]],
    after: Mapping[str, set[UUID]],
    kept: Mapping[str, Mapping[UUID, datetime]],
) -> tuple[Effect, ...]:
    moved = {
        tool: (
            after.get(tool, set()) - before.get(tool, set()),
            before.get(tool, set()) - after.get(tool, set()),
        )
        for tool in sorted(before.keys() | after.keys())
    }
    ids = {user for gain, lose in moved.values() for user in gain | lose}
    ids |= {user for people in kept.values() for user in people}
    rows = User.objects.filter(pk__in=ids).order_by("name", "email").values_list("pk", "name", "email")
    people = {pk: Person(name, email) for pk, name, email in rows}
    titles = dict(Microtool.objects.filter(key__in=moved).values_list("key", "title"))
    return tuple(
        Effect(
            tool=tool,
            gain=tuple(person for pk, person in people.items() if pk in gain),
            lose=tuple(person for pk, person in people.items() if pk in lose),
            title=titles.get(tool, ""),
            keep=tuple(
                Kept(person, kept[tool][pk]) for pk, person in people.items() if pk in kept.get(tool, {})
            ),
        )
        for tool, (gain, lose) in moved.items()
        if gain or lose or tool in kept
    )


def _record(found: Plan, revision: PolicyRevision, *, actor: User | None, at: datetime) -> None:
    # Judges are named by their address, and their appointment is an entry of its own.
    kinds: dict[str, Any] = {
        kind: names
        for kind in KINDS
        if kind != "judge"
        if (names := [f"{c.action} {c.item.name}".strip() for c in found.changes if c.item.kind == kind])
    }
    ledger.record(
        kind=CAUSE,
        subject=("ledger.policyrevision", str(revision.number)),
        actor=actor,
        at=at,
        payload={
            "sha256": revision.sha256,
            "base": found.base_number,
            "changes": kinds,
            "gain": {effect.tool: len(effect.gain) for effect in found.effects},
            "lose": {effect.tool: len(effect.lose) for effect in found.effects},
            "stops": {call.what: len(call.stops) for call in found.calls if call.stops},
            "lets_in": {call.what: len(call.lets_in) for call in found.calls if call.lets_in},
            "keep": {effect.tool: len(effect.keep) for effect in found.effects if effect.keep},
            "gaps": found.gaps,
        },
        policy_revision=revision.number,
    )
