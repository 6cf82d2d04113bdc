"""Cells of the people table. They are joined in Python: a template loop per cell costs many times as much."""

from functools import lru_cache

from django.template.loader import render_to_string
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from enablement.programs.selectors.readiness import PersonRow


def state_cells(row: PersonRow) -> SafeString:
    """The `td`s of one person: a state for each module, then for each requirement of the gate."""
    marks = [*row.modules, *(leaf["state"] for leaf in row.leaves)]
    return format_html_join("", "<td>{}</td>", ((_mark(state, get_language()),) for state in marks))


@lru_cache(maxsize=64)
def _mark(state: str, language: str) -> SafeString:  # noqa: ARG001  (the language is part of the key)
    return mark_safe(render_to_string("programs/state_cell.html", {"state": state}))  # noqa: S308
