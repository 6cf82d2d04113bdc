"""Cells of the people table. They are joined in Python: a template loop per cell costs many times as much."""

from typing import Any

from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from enablement.programs.selectors.readiness import PersonRow
from tracks.templatetags.marks import state_mark


def state_cells(row: PersonRow) -> SafeString:
    """The `td`s of one person: a state for each module, then for each requirement of the gate."""
    marks = [(state_mark(state), "") for state in row.modules]
    marks += [(state_mark(leaf["state"]), _count(leaf)) for leaf in row.leaves]
    return format_html_join("", '<td>{}<span class="sub">{}</span></td>', marks)


def _count(leaf: dict[str, Any]) -> str:
    """How far a requirement is that is counted in many and under way."""
    if leaf["state"] != "waiting" or leaf["total"] is None:
        return ""
    return f" {leaf['done']}/{leaf['total']}"
