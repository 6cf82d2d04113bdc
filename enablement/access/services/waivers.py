"""Waivers: one person proposes, another approves, neither of them the person concerned."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from enablement.access import gates, selectors
from enablement.access.models import Gate, Waiver
from enablement.access.models.waiver import LONGEST
from enablement.access.services.control.rights import ensure_another, ensure_controls
from enablement.access.signals import waiver_changed, waiver_proposed
from enablement.people.models import User
from tracks.errors import Refused
from tracks.facts import Fact
from tracks.models import Enrolment


def waivable(*, enrolment: Enrolment, at: datetime) -> dict[str, str]:
    """The requirements of this person's gate that are not met: identity and words, in their order."""
    gate = Gate.objects.filter(track=enrolment.track_id).first()
    standing = selectors.standings(enrolments=[enrolment], at=at).get(enrolment.pk)
    if gate is None or standing is None:
        return {}
    nodes = gates.leaf_nodes(gate.tree)
    allowed = {gates.identity(node) for node in gates.waivable_nodes(gate.tree)}
    pairs = ((gates.identity(node), leaf) for node, leaf in zip(nodes, standing.leaves, strict=True))
    return {key: f"{leaf.label}: {leaf.required}" for key, leaf in pairs if not leaf.met and key in allowed}


@transaction.atomic
def propose(
    *, enrolment: Enrolment, requirement: str, reason: str, ends_at: datetime, actor: User, at: datetime
) -> Waiver:
    """Nothing changes until another person approves.

    Raises Refused `own_access`, `not_waivable` or `proposed`, ValidationError for the end or no reason.
    """
    ensure_controls(actor, about=enrolment.user)
    words = waivable(enrolment=enrolment, at=at).get(requirement)
    if words is None:
        raise Refused("not_waivable", _("That requirement is met, or is none of this person's."))
    if not at < ends_at <= at + LONGEST:
        raise ValidationError({"ends_at": [_("Choose a day within the next 90 days.")]}, code="ends_at")
    same = Waiver.objects.open().filter(user=enrolment.user, track=enrolment.track, requirement=requirement)
    if same.filter(ends_at__gt=at).exists():
        raise Refused("proposed", _("There is a waiver for this already."))
    made = Waiver(
        user=enrolment.user,
        track=enrolment.track,
        requirement=requirement,
        label=words[:300],
        reason=reason.strip(),
        proposed_by=actor,
        proposed_at=at,
        ends_at=ends_at,
    )
    made.full_clean()
    made.save()
    waiver_proposed.send(sender=Waiver, facts=[_fact("proposed", made, actor=actor, at=at)])
    return made


@transaction.atomic
def approve(*, waiver: Waiver, actor: User, at: datetime) -> Waiver:
    """From now on it counts. Raises Refused `own_access`, `same_person`, or `over`."""
    waiver = _locked(waiver)
    ensure_controls(actor, about=waiver.user)
    if waiver.approved_at is not None or waiver.ended_at is not None or waiver.ends_at <= at:
        raise Refused("over", _("This waiver has been approved already, or is over."))
    ensure_another(
        actor, waiver.proposed_by, message=_("Another person than who proposed it has to approve.")
    )
    waiver.approved_by, waiver.approved_at = actor, at
    waiver.full_clean()
    waiver.save(update_fields=["approved_by", "approved_at"])
    waiver_changed.send(sender=Waiver, facts=[_fact("approved", waiver, actor=actor, at=at)])
    return waiver


@transaction.atomic
def end(*, waiver: Waiver, actor: User, at: datetime, reason: str = "") -> Waiver:
    """Turned down or withdrawn before it was approved, or ended early: one person is enough to close.

    Raises Refused `over`, ValidationError (`reason`) where another's proposal is turned down without one.
    """
    waiver = _locked(waiver)
    ensure_controls(actor, about=waiver.user)
    if waiver.ended_at is not None or waiver.ends_at <= at:
        raise Refused("over", _("This waiver is over already."))
    reason = reason.strip()
    if waiver.is_turned_down_by(actor) and not reason:
        raise ValidationError({"reason": [_("Say why, so that they know what to do now.")]}, code="required")
    waiver.ended_by, waiver.ended_at, waiver.end_reason = actor, at, reason
    waiver.full_clean()
    waiver.save(update_fields=["ended_by", "ended_at", "end_reason"])
    waiver_changed.send(sender=Waiver, facts=[_fact("ended", waiver, actor=actor, at=at)])
    return waiver


def _locked(waiver: Waiver) -> Waiver:
    rows = Waiver.objects.select_for_update(of=("self",)).select_related("user", "proposed_by", "track")
    return rows.get(pk=waiver.pk)


def _fact(what: str, waiver: Waiver, *, actor: User, at: datetime) -> Fact:
    return Fact(
        kind=f"access.waiver_{what}",
        subject=("access.Waiver", str(waiver.pk)),
        at=at,
        actor_id=actor.pk,
        learner_id=waiver.user_id,
        payload={
            "track": waiver.track.key,
            "requirement": waiver.requirement,
            "ends_at": waiver.ends_at,
        },
    )
