"""Versions of the tool behind a pool: when one begins, and when somebody declares it material."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from assessments import signals
from assessments.models import ShadowPool, ShadowVersion
from assessments.windows import CARRIES, FRESH_WITHIN
from tracks.errors import Refused
from tracks.facts import Fact
from tracks.people import Person

LONGEST_REASON = 500


def keep_version(*, pool: ShadowPool, at: datetime) -> bool:
    """The locked pool's version as a row; True where it replaces another, so that the tool begins anew."""
    current = ShadowVersion.objects.filter(pool=pool, number=pool.version).first()
    described = (pool.tool_version, pool.model_version)
    if current is not None and (current.tool_version, current.model_version) == described:
        return False
    if current is not None:
        pool.version += 1
        pool.save(update_fields=["version"])
    version = ShadowVersion.objects.create(
        pool=pool,
        number=pool.version,
        tool_version=pool.tool_version,
        model_version=pool.model_version,
        since=at,
        fresh_by=at + FRESH_WITHIN,
        carries_until=at + CARRIES,
    )
    _announce("version_started", version, actor=None, at=at)
    return current is not None


@transaction.atomic
def declare_material(*, pool: ShadowPool, reason: str, actor: Person, at: datetime) -> ShadowVersion:
    """The version in force differs too much: agreement with those before counts no more, from now on.

    A second time changes nothing. Raises ValidationError without a reason; Refused `may_not_declare`,
    `first_version`.
    """
    if not actor.has_perm("assessments.declare_material"):
        raise Refused("may_not_declare", _("Only quality assurance and compliance can declare that."))
    reason = reason.strip()
    if not reason:
        raise ValidationError({"reason": _("Say why the change is material.")}, code="reason_missing")
    pool = ShadowPool.objects.select_for_update(of=("self",)).select_related("track").get(pk=pool.pk)
    version = ShadowVersion.objects.filter(pool=pool, number=pool.version, number__gt=1).first()
    if version is None:
        raise Refused("first_version", _("This is the first version: nobody has agreement with an earlier."))
    if version.material_at is not None:
        return version
    version.material_at, version.material_by = at, actor
    version.material_reason = reason[:LONGEST_REASON]
    version.save(update_fields=["material_at", "material_by", "material_reason"])
    _announce("version_declared_material", version, actor=actor, at=at)
    return version


def _announce(name: str, version: ShadowVersion, *, actor: Person | None, at: datetime) -> None:
    fact = Fact(
        kind=f"assessments.{name}",
        subject=("assessments.ShadowPool", str(version.pool_id)),
        at=at,
        actor_id=actor.pk if actor else None,
        payload={
            "track": version.pool.track.key,
            "pool": version.pool.key,
            "version": version.number,
            "tool_version": version.tool_version,
            "model_version": version.model_version,
            **({"reason": version.material_reason} if version.material_reason else {}),
        },
    )
    getattr(signals, name).send(sender=ShadowVersion, facts=[fact])
