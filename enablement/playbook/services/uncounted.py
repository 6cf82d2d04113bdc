"""What a plan cannot count: whose calls are answered otherwise by other thresholds, words, rules or regions.

It depends on the confidence, the words and the region of calls that are still to come; of those that were
made, the log knows who made them with which tool.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import ngettext

from enablement.access.models import DecisionRecord, Microtool
from enablement.playbook.plan import Condition, Item

Items = Mapping[Item, Mapping[str, Any]]
#: How far back calls are looked at.
LOOKED_BACK = timedelta(days=30)
_OF_POLICY = {
    "regions": _lazy("the regions of calls (where people work is counted)"),
    "yellow_zone_terms": _lazy("the yellow-zone words"),
    "block_on_confidence_lt": _lazy("the confidence below which outputs are blocked"),
    "manual_review_required": _lazy("whether the yellow zone is looked at"),
}
_OF_TOOL = {
    "confidence_threshold": _lazy("the threshold of %(tool)s"),
    "approval_rule": _lazy("the approval rule of %(tool)s"),
}


def uncounted(*, before: Items, after: Items, at: datetime) -> tuple[str, ...]:
    """In sentences: of what, and how many people called these tools lately. Two queries; none for nothing."""
    both = sorted(before.keys() & after.keys())
    everywhere = [*_policy(both, before, after), *_overlays(before, after)]
    tools = {
        item.name: [
            words for name, words in _OF_TOOL.items() if before[item].get(name) != after[item].get(name)
        ]
        for item in both
        if item.kind == "microtool"
    }
    changed = {key for key, fields in tools.items() if fields}
    if not (everywhere or changed):
        return ()
    titles = dict(Microtool.objects.filter(retired_at=None).values_list("key", "title"))
    reasons = [
        *everywhere,
        *(words % {"tool": titles.get(key, key)} for key in sorted(changed) for words in tools[key]),
    ]
    said = _("Not counted: whose calls will be answered otherwise because of %(reasons)s.")
    asked = titles if everywhere else {key: title for key, title in titles.items() if key in changed}
    return said % {"reasons": ", ".join(map(str, reasons))}, _called(asked, at)


def _policy(both: list[Item], before: Items, after: Items) -> Iterator[str]:
    policy = Item("policy", "")
    for name, words in _OF_POLICY.items() if policy in both else ():
        if before[policy].get(name) != after[policy].get(name):
            yield str(words)


def _overlays(before: Items, after: Items) -> Iterator[str]:
    for item in sorted(before.keys() | after.keys()):
        old, new = before.get(item, {}), after.get(item, {})
        if item.kind == "overlay" and (old or new) and _of_calls(old) != _of_calls(new):
            yield _("what “%(overlay)s” asks of calls") % {"overlay": (new or old)["title"]}


def _of_calls(values: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """What an overlay asks of calls, and of whom; what has to be shown is counted."""
    asks = [line for line in values.get("asks", ()) if not isinstance(line, Condition)]
    return asks, list(values.get("for", ())) if asks else []


def _called(tools: Mapping[str, str], at: datetime) -> str:
    lately = DecisionRecord.objects.filter(at__gte=at - LOOKED_BACK, microtool__in=tools)
    rows = lately.order_by().values("microtool").annotate(people=Count("person", distinct=True))
    counts = dict(rows.values_list("microtool", "people"))
    told = [
        ngettext("%(tool)s by %(n)d person", "%(tool)s by %(n)d people", counts[key])
        % {"tool": title, "n": counts[key]}
        for key, title in sorted(tools.items(), key=lambda pair: pair[1])
        if counts.get(key)
    ]
    if not told:
        return _("Nobody called these tools in the last %(days)d days.") % {"days": LOOKED_BACK.days}
    return _("Called in the last %(days)d days: %(tools)s.") % {
        "days": LOOKED_BACK.days,
        "tools": ", ".join(told),
    }
