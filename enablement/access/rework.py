"""When so many outputs are reworked that a person's grant is suspended. Whole numbers alone: no rounding."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Count, Max, Q, QuerySet
from django.utils.translation import gettext as _

from enablement.access.models import Grant, GrantHold, Microtool, OutcomeReport


@dataclass(frozen=True, kw_only=True, slots=True)
class ReworkRule:
    """`count` of `of` within `days`: once at least `of` outputs have a reported outcome, that share of them.

    own: the playbook has it for this very tool; else it is the installation's.
    """

    count: int
    of: int
    days: int
    own: bool = False

    @property
    def window(self) -> timedelta:
        return timedelta(days=self.days)

    def broken_by(self, *, reworked: int, reported: int) -> bool:
        """Whether `reworked` of `reported` outputs are at least the share, of enough of them."""
        return reported >= self.of and reworked * self.of >= self.count * reported

    def as_strict_as(self, other: "ReworkRule") -> bool:
        """Whether this one suspends whoever the other does. Of different days, nobody can say."""
        return (
            self.days == other.days and self.of <= other.of and self.count * other.of <= other.count * self.of
        )

    @property
    def sentence(self) -> str:
        """For people who are under it."""
        counted = {"count": self.count, "of": self.of, "days": self.days}
        return (
            _(
                "Closes for a person where %(count)d of %(of)d outputs of the last %(days)d days were "
                "reworked or overturned, or that share of more."
            )
            % counted
        )

    @property
    def words(self) -> str:
        counted = {"count": self.count, "of": self.of, "days": self.days}
        return _("%(count)d of %(of)d within %(days)d days") % counted

    def __str__(self) -> str:
        return self.words if self.own else _("%(rule)s (the default)") % {"rule": self.words}


def default_rule() -> ReworkRule:
    return ReworkRule(count=settings.REWORK_COUNT, of=settings.REWORK_OF, days=settings.REWORK_DAYS)


def own_rule(tool: Microtool) -> ReworkRule | None:
    """What the playbook says for this very tool."""
    if tool.rework_count is None or tool.rework_of is None or tool.rework_days is None:
        return None
    return ReworkRule(count=tool.rework_count, of=tool.rework_of, days=tool.rework_days, own=True)


def rule_of(tool: Microtool) -> ReworkRule:
    return own_rule(tool) or default_rule()


@dataclass(frozen=True, kw_only=True, slots=True)
class Tally:
    """How a person's outputs with a tool fared, of those that the rule looks at."""

    rule: ReworkRule
    reworked: int
    reported: int

    @property
    def breaks(self) -> bool:
        return self.rule.broken_by(reworked=self.reworked, reported=self.reported)


def looked_at(grant: Grant, *, at: datetime) -> QuerySet[OutcomeReport]:
    """The latest reports of what was decided in the rule's window up to `at`.

    By the time of the decision: reports that come late, or all at once, make nobody's last days worse. What
    came before the last lift of a suspension is over.
    """
    return _rated([grant], at=at)


def tally(grant: Grant, *, at: datetime) -> Tally:
    """By the rule in force now. Two queries."""
    return tallies([grant], at=at)[grant.pk]


def tallies(grants: Sequence[Grant], *, at: datetime) -> dict[UUID, Tally]:
    """Two queries for any number of grants, whose tools are read already."""
    counted = {
        (person, tool): (reworked, reported)
        for person, tool, reworked, reported in _rated(grants, at=at)
        .order_by()
        .values_list("person", "microtool")
        .annotate(reworked=Count("pk", filter=Q(outcome__in=OutcomeReport.REWORK)), reported=Count("pk"))
    }
    found = {}
    for grant in grants:
        reworked, reported = counted.get((grant.user_id, grant.microtool_id), (0, 0))
        found[grant.pk] = Tally(rule=rule_of(grant.microtool), reworked=reworked, reported=reported)
    return found


def _rated(grants: Sequence[Grant], *, at: datetime) -> QuerySet[OutcomeReport]:
    lifts = GrantHold.objects.filter(grant__in=grants, lifted_at__lte=at).order_by()
    lifted = dict(lifts.values_list("grant").annotate(last=Max("lifted_at")))
    wanted = Q(pk__in=())
    for grant in grants:
        window = at - rule_of(grant.microtool).window
        since = max(window, lifted.get(grant.pk, window))
        wanted |= Q(person=grant.user_id, microtool=grant.microtool_id, decided_at__gt=since)
    rated = OutcomeReport.objects.uncorrected().filter(outcome__in=OutcomeReport.RATED)
    return rated.filter(wanted, decided_at__lte=at)
