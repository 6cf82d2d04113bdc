"""Versions of the tools behind shadow mode, and whose agreement carries over to the one in force."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Prefetch

from assessments.models import ShadowLook, ShadowPool, ShadowVersion
from assessments.selectors.shadow import shadow_standings


@dataclass(frozen=True, kw_only=True, slots=True)
class PoolVersions:
    """A pool with its versions, the latest first. carried: whose agreement counts from an earlier version."""

    pool: ShadowPool
    versions: Sequence[ShadowVersion]
    carried: int

    @property
    def current(self) -> ShadowVersion | None:
        return self.versions[0] if self.versions else None

    @property
    def may_be_material(self) -> bool:
        current = self.current
        return current is not None and current.number > 1 and current.material_at is None


def pool_versions(*, at: datetime) -> list[PoolVersions]:
    """Every pool in use. Queries depend on the number of pools, not of people."""
    rows = Prefetch("versions", ShadowVersion.objects.select_related("material_by").order_by("-number"))
    pools = ShadowPool.objects.live().select_related("track").prefetch_related(rows)
    return [
        PoolVersions(pool=pool, versions=list(pool.versions.all()), carried=carried_over(pool=pool, at=at))
        for pool in pools
    ]


def carried_over(*, pool: ShadowPool, at: datetime) -> int:
    """How many people pass now by a look of an earlier version."""
    if pool.version == 1:
        return 0
    people = set(ShadowLook.objects.filter(pool=pool).values_list("learner", flat=True))
    standings = shadow_standings(user_ids=people, pool=pool, at=at)
    return sum(each.passed and each.carry.lapses_at is not None for each in standings.values())
