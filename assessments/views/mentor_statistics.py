"""How the mentors of one's cohorts review: for program managers."""

from decimal import Decimal

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from assessments.charts import Share, intervals
from assessments.selectors.mentor_statistics import ENOUGH, MentorStatistics, mentor_statistics
from assessments.views.signed_in import me


@require_GET
@never_cache
@permission_required("tracks.run_cohorts", raise_exception=True)
def mentors(request: HttpRequest) -> HttpResponse:
    found = mentor_statistics(user=me(request))
    context = {"statistics": found, "chart": _chart(found), "enough": ENOUGH}
    return render(request, "assessments/mentor_statistics.html", context)


def _chart(found: MentorStatistics) -> SafeString | str:
    """First rounds that passed, mentor by mentor, with their intervals, and everybody together as a line."""
    rows = []
    for line in found.mentors:
        rate, interval = line.first_round, line.first_round.interval
        if interval is not None and rate.share is not None:
            text = _("%(hits)d of %(n)d") % {"hits": rate.hits, "n": rate.n}
            rows.append(
                Share(
                    label=str(line.mentor),
                    share=rate.share,
                    lower=interval.lower,
                    upper=interval.upper,
                    text=text,
                )
            )
    if not rows:
        return ""
    return intervals(
        title=_("First rounds signed off, by mentor"),
        description=_("For each mentor the share of first rounds signed off, with its 95 % interval."),
        rows=rows,
        mark=found.overall.share or Decimal(0),
        mark_text=_("all"),
    )
