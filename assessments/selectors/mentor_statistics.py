"""How mentors review in the cohorts that somebody runs: how long it takes, what passes, who signs in rings.

A share is shown with its n and Wilson's 95 % interval, and stands out only where both say something: with few
reviews nobody does (docs/decisions/0055-what-stands-out.md).
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

from django.contrib.auth import get_user_model
from django.db.models import F
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from assessments.models import LabReview, SignOff
from assessments.rings import rings
from assessments.selectors.reviews import review_due_at
from assessments.services.agreement import Interval, wilson
from tracks.models import Cohort
from tracks.people import Person

#: With fewer decided rounds nothing is said to stand out.
ENOUGH = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class Rate:
    """hits of n; interval: Wilson's 95 %, None without a case. others: the same share of everybody else."""

    hits: int
    n: int
    others: "Rate | None" = None

    @property
    def interval(self) -> Interval | None:
        return wilson(successes=self.hits, n=self.n) if self.n else None

    @property
    def share(self) -> Decimal | None:
        return Decimal(self.hits) / self.n if self.n else None

    @property
    def text(self) -> str:
        """Hits of n with the interval in per cent; a dash without a case."""
        interval = self.interval
        if interval is None:
            return "–"  # noqa: RUF001
        return _("%(hits)d of %(n)d (%(lower)s–%(upper)s %%)") % {  # noqa: RUF001
            "hits": self.hits,
            "n": self.n,
            "lower": round(interval.lower * 100),
            "upper": round(interval.upper * 100),
        }

    @property
    def stands_out(self) -> bool:
        """Enough cases here and elsewhere, and intervals that do not meet."""
        here, there = self.interval, self.others.interval if self.others else None
        if here is None or there is None or self.others is None or min(self.n, self.others.n) < ENOUGH:
            return False
        return here.lower > there.upper or here.upper < there.lower


@dataclass(frozen=True, kw_only=True, slots=True)
class MentorLine:
    """One mentor's decided rounds. Times run from handing in to signing off, of what was signed off."""

    mentor: Person
    rounds: int
    signed: int
    median: timedelta | None
    p90: timedelta | None
    first_round: Rate
    later_rounds: Rate
    late: Rate

    @property
    def median_text(self) -> str:
        return _hours(self.median)

    @property
    def p90_text(self) -> str:
        return _hours(self.p90)

    @property
    def stands_out(self) -> list[str]:
        """What differs from the others, in words."""
        found = []
        if self.first_round.stands_out:
            share, others = self.first_round.share, self.first_round.others
            more = others is not None and share is not None and share > (others.share or 0)
            found.append(
                _("Passes more first rounds than others") if more else _("Passes fewer first rounds")
            )
        if (
            self.late.stands_out
            and self.late.others
            and (self.late.share or 0) > (self.late.others.share or 0)
        ):
            found.append(_("Reviews late more often than others"))
        return found


def _hours(time: timedelta | None) -> str:
    if time is None:
        return "–"  # noqa: RUF001
    return _("%(hours)s h") % {"hours": number_format(time.total_seconds() / 3600, 1)}


@dataclass(frozen=True, kw_only=True, slots=True)
class RingLink:
    """One signature of a ring."""

    signer: Person
    learner: Person
    labs: Sequence[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class MentorStatistics:
    mentors: Sequence[MentorLine]
    overall: Rate
    rings: Sequence[Sequence[RingLink]]


@dataclass(frozen=True, slots=True)
class _Decided:
    round: int
    signed: bool
    took: timedelta
    late: bool


def mentor_statistics(*, user: Person) -> MentorStatistics:
    """Of the cohorts that this person runs. Four queries, whatever their size."""
    cohorts = list(Cohort.objects.all().run_by(user).values_list("pk", flat=True))
    rows = (
        LabReview.objects.filter(submission__enrolment__cohort__in=cohorts)
        .select_related("submission__lab", "submission__enrolment__cohort", "reviewer")
        .order_by("reviewer__name", "reviewer__email", "reviewed_at")
    )
    decided: dict[Person, list[_Decided]] = defaultdict(list)
    for review in rows:
        handed_in = review.submission.submitted_at or review.submission.saved_at
        decided[review.reviewer].append(
            _Decided(
                review.submission.round,
                review.verdict == LabReview.Verdict.SIGN_OFF,
                review.reviewed_at - handed_in,
                review.reviewed_at > review_due_at(review.submission),
            )
        )
    everybody = [each for cases in decided.values() for each in cases]
    return MentorStatistics(
        mentors=[_line(mentor, cases, everybody) for mentor, cases in decided.items()],
        overall=_rate(each.signed for each in everybody if each.round == 1),
        rings=_rings(set(cohorts)),
    )


def _line(mentor: Person, cases: Sequence[_Decided], everybody: Sequence[_Decided]) -> MentorLine:
    times = sorted(each.took for each in cases if each.signed)
    others = _without(everybody, cases)
    return MentorLine(
        mentor=mentor,
        rounds=len(cases),
        signed=len(times),
        median=nearest_rank(times, 50),
        p90=nearest_rank(times, 90),
        first_round=_compared(
            [each.signed for each in cases if each.round == 1],
            [each.signed for each in others if each.round == 1],
        ),
        later_rounds=_rate(each.signed for each in cases if each.round > 1),
        late=_compared([each.late for each in cases], [each.late for each in others]),
    )


def _without(everybody: Sequence[_Decided], cases: Sequence[_Decided]) -> list[_Decided]:
    own = {id(each) for each in cases}
    return [each for each in everybody if id(each) not in own]


def nearest_rank(times: Sequence[timedelta], percent: int) -> timedelta | None:
    """The smallest of these (sorted) that at least so many per cent do not exceed; None of none."""
    return times[-(-len(times) * percent // 100) - 1] if times else None


def _rate(outcomes: Iterable[bool]) -> Rate:
    known = list(outcomes)
    return Rate(hits=sum(known), n=len(known))


def _compared(here: Sequence[bool], elsewhere: Sequence[bool]) -> Rate:
    return Rate(hits=sum(here), n=len(here), others=_rate(elsewhere))


def _rings(cohorts: set[object]) -> list[list[RingLink]]:
    """Rings of signatures that stand, as far as one of them was given in these cohorts."""
    labs: dict[tuple[object, object], list[str]] = defaultdict(list)
    ours: set[tuple[object, object]] = set()
    rows = SignOff.objects.open().order_by("signed_at", "pk")
    names = ("learner", "signer", "countersigned_by", "lab__title", "cohort")
    for learner, signer, second, title, cohort in rows.annotate(cohort=F("enrolment__cohort")).values_list(
        *names
    ):
        for signed_by in filter(None, (signer, second)):
            labs[signed_by, learner].append(title)
            if cohort in cohorts:
                ours.add((signed_by, learner))
    found = [list(pairwise([*ring, ring[0]])) for ring in rings(labs)]
    found = [ring for ring in found if ours & set(ring)]
    people = get_user_model().objects.in_bulk({person for ring in found for pair in ring for person in pair})
    return [
        [RingLink(signer=people[one], learner=people[other], labs=labs[one, other]) for one, other in ring]
        for ring in found
    ]
