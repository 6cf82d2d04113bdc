"""Who judges a pool: everybody in quality assurance, each appointed to the pool."""

from collections.abc import Iterable
from datetime import datetime
from typing import cast

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from guardian.shortcuts import assign_perm, get_users_with_perms

from assessments import signals
from assessments.models import ShadowPool
from tracks.errors import Refused
from tracks.facts import Fact
from tracks.people import Person

#: One alone could settle everything by their own taste (DESIGN §4).
FEWEST_JUDGES = 2


@transaction.atomic
def appoint_judge(*, pool: ShadowPool, user: Person, actor: Person | None, at: datetime) -> bool:
    """From now on this person judges the pool's cases; False where they did before.

    Refused `not_quality` unless they hold the right to judge cases at all.
    """
    if not user.has_perm("assessments.judge_cases"):
        raise Refused("not_quality", _("%(name)s is not in quality assurance.") % {"name": user.name})
    if ShadowPool.objects.filter(pk=pool.pk).judged_by(user).exists():
        return False
    assign_perm("assessments.judge_pool", user, pool)
    fact = Fact(
        kind="assessments.judge_appointed",
        subject=("assessments.ShadowPool", str(pool.pk)),
        at=at,
        actor_id=actor.pk if actor else None,
        payload={"pool": pool.key, "track": pool.track.key, "judge": str(user.pk)},
    )
    signals.judge_appointed.send(sender=ShadowPool, facts=[fact])
    return True


@transaction.atomic
def appoint_newcomers(*, users: Iterable[Person], at: datetime) -> None:
    """Those of `users` who have joined quality assurance judge every pool in use from now on."""
    pools = list(ShadowPool.objects.live().select_related("track"))
    for user in users:
        if user.is_active and user.has_perm("assessments.judge_cases"):
            for pool in pools:
                appoint_judge(pool=pool, user=user, actor=None, at=at)


def judges_of(pool: ShadowPool) -> QuerySet[Person]:
    """Active people who were appointed to this pool, by name."""
    found = cast(
        "QuerySet[Person]",
        get_users_with_perms(pool, only_with_perms_in=["judge_pool"], with_group_users=True),
    )
    return found.filter(is_active=True).order_by("name")


def quality_assurance() -> list[Person]:
    """Everybody who holds the right to judge cases through a group or by themselves."""
    people = get_user_model().objects.filter(is_active=True)
    right = Q(codename="judge_cases", content_type__app_label="assessments")
    holders = Permission.objects.filter(right)
    found = people.filter(Q(groups__permissions__in=holders) | Q(user_permissions__in=holders))
    return list(found.distinct())
