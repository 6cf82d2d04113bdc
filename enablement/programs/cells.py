"""Cells of the people table. They are joined in Python: a template loop per cell costs many times as much."""

from functools import lru_cache
from typing import Any

from django.template.loader import render_to_string
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from enablement.programs.selectors.readiness import PersonRow


def state_cells(row: PersonRow) -> SafeString:
    """The `td`s of one person: a state for each module, then for each requirement of the gate."""
    language = get_language()
    marks = [(_mark(state, language), "") for state in row.modules]
    marks += [(_mark(leaf["state"], language), _count(leaf)) for leaf in row.leaves]
    return format_html_join("", '<td>{}<span class="sub">{}</span></td>', marks)


def _count(leaf: dict[str, Any]) -> str:
    """How far a requirement is that is counted in many and under way."""
    if leaf["state"] != "waiting" or leaf["total"] is None:
        return ""
    return f" {leaf['done']}/{leaf['total']}"


@lru_cache(maxsize=64)
def _mark(state: str, language: str) -> SafeString:  # noqa: ARG001  (the language is part of the key)
    return mark_safe(render_to_string("programs/state_cell.html", {"state": state}))  # noqa: S308
