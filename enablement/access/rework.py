"""When so many outputs are reworked that a person's grant is suspended. Whole numbers alone: no rounding."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, Max, Q, QuerySet
from django.utils.translation import gettext as _

from enablement.access.models import Grant, Microtool, OutcomeReport


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
    since = at - rule_of(grant.microtool).window
    lifted = grant.holds.filter(lifted_at__lte=at).aggregate(last=Max("lifted_at"))["last"]
    if lifted is not None:
        since = max(since, lifted)
    return OutcomeReport.objects.of_grant(grant).filter(decided_at__gt=since, decided_at__lte=at)


def tally(grant: Grant, *, at: datetime) -> Tally:
    """By the rule in force now. Two queries."""
    counted = looked_at(grant, at=at).aggregate(
        reported=Count("pk"), reworked=Count("pk", filter=Q(outcome__in=OutcomeReport.REWORK))
    )
    return Tally(rule=rule_of(grant.microtool), reworked=counted["reworked"], reported=counted["reported"])
