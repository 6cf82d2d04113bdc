"""Decisions on calls: what the tables say, the rules, the record. Nothing is cached; unrecorded, there is no
decision.
"""

from enablement.access.services.decisions.deciding import (
    Caller,
    Decision,
    Judged,
    Semantic,
    consider,
    decide_call,
    decide_calls,
)
from enablement.access.services.decisions.searching import (
    Page,
    StaleToken,
    search_actions,
    search_resources,
    search_subjects,
)

__all__ = [
    "Caller",
    "Decision",
    "Judged",
    "Page",
    "Semantic",
    "StaleToken",
    "consider",
    "decide_call",
    "decide_calls",
    "search_actions",
    "search_resources",
    "search_subjects",
]
