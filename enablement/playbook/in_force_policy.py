"""What the tables hold of the policy and its overlays, as comparable values (see `in_force`)."""

from collections.abc import Iterator, Mapping
from typing import Any

from enablement.access.models import Policy
from enablement.playbook import gating
from enablement.playbook.phrases import phrase
from enablement.playbook.plan import Condition, Item, Lines
from enablement.playbook.titles import humanised

_FOR_WHOM = {
    "regions": "regions",
    "lines": "lines of business",
    "risks": "risk tolerance",
    "tracks": "tracks",
}
_ASKED_BY_OVERLAYS = (
    "allowed_regions",
    "confidence_threshold",
    "block_on_confidence_lt",
    "yellow_zone_terms",
    "manual_review_required",
    "human_in_loop",
    "approvals",
    "approval_rule",
)


def policy() -> Iterator[tuple[Item, Mapping[str, Any]]]:
    """What holds for every call, the lines of business, and each overlay."""
    stored = Policy.objects.first()
    if stored is not None:
        yield (
            Item("policy", ""),
            {
                "regions": stored.regions,
                "yellow_zone_terms": stored.yellow_zone_terms,
                "block_on_confidence_lt": stored.block_on_confidence_lt,
                "manual_review_required": stored.manual_review_required,
                "keeps_content": stored.keeps_content,
                "retention_days": stored.retention_days,
                **{f"owners.{name}": email for name, email in stored.owners.items()},
                **{f"slo.{name}": value for name, value in stored.slo.items()},
            },
        )
        for line, risk in stored.lines_of_business.items():
            yield Item("line of business", line), {"risk_tolerance": risk}
        for overlay in stored.overlays:
            yield Item("overlay", overlay["key"]), _overlay(overlay)


def _overlay(stored: Mapping[str, Any]) -> dict[str, Any]:
    """For whom, and what it asks, line by line, so that a plan says what came and what went."""
    asked = {name: stored[name] for name in _ASKED_BY_OVERLAYS if stored[name]}
    people = {words: stored[name] for name, words in _FOR_WHOM.items() if stored[name]}
    return {
        "title": stored["title"],
        "reason": stored["reason"],
        "for": Lines(f"for {words}: {', '.join(keys)}" for words, keys in people.items()),
        "asks": Lines(
            (
                *(Condition(gating.words(node), phrase(node)) for node in stored["conditions"]),
                *(f"{humanised(name)}: {_spoken(value)}" for name, value in asked.items()),
            )
        ),
    }


def _spoken(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(value)
    return "yes" if value is True else str(value)
