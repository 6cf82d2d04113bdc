"""How fit a tool is, by quality assurance's judgement of its recorded outputs: its own figure."""

from dataclasses import dataclass

from django.db.models import Count, Q

from assessments.models import ShadowPool
from assessments.services.agreement import Interval, wilson


@dataclass(frozen=True, kw_only=True, slots=True)
class Fitness:
    """Settled live cases of the version in force, and how many of their outputs may be used as they stand.

    Cases whose answer was known beforehand measure people, not the tool; they are not in it.
    """

    settled: int
    usable: int

    @property
    def interval(self) -> Interval | None:
        """Wilson's 95 % interval of usable / settled; None before the first settled case."""
        return wilson(successes=self.usable, n=self.settled) if self.settled else None


def fitness(pool: ShadowPool) -> Fitness:
    """One query."""
    cases = pool.cases.live().filter(version=pool.version, ground_truth=False)
    counts = cases.aggregate(
        settled=Count("pk", filter=Q(settled_at__isnull=False)),
        usable=Count("pk", filter=Q(settled_usable=True)),
    )
    return Fitness(settled=counts["settled"], usable=counts["usable"])
