"""Rows of the readiness page's tables, joined in Python: a template loop per cell costs many times as much.

Every text in them is escaped here.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from enablement.programs.selectors.readiness import ModuleRow, PersonRow, RequirementRow
from enablement.programs.selectors.readiness_queries import Titled
from tracks.templatetags.marks import state_mark

NOBODY = UUID(int=0)


def people_rows(cohort_id: UUID, rows: Sequence[PersonRow]) -> SafeString:
    """A row for each person: name, a state for each module and each requirement, due day, status."""
    address = reverse("cohort_person", args=[cohort_id, NOBODY])
    days = {day: escape(date_format(day, "j M")) for day in {row.due_on for row in rows}}
    marks = _Marks()
    return _join(
        _person(row, address.replace(str(NOBODY), str(row.enrolment_id)), days, marks) for row in rows
    )


class _Marks(dict[str, str]):
    """The beginning of a cell by its state, each looked up once a table."""

    def __missing__(self, state: str) -> str:
        self[state] = f'<td>{state_mark(state)}<span class="sub">'
        return self[state]


def _person(row: PersonRow, address: str, days: Mapping[date, str], marks: _Marks) -> str:
    cells = [f"{marks[state]}</span></td>" for state in row.modules]
    cells += [f"{marks[leaf['state']]}{_count(leaf)}</span></td>" for leaf in row.leaves]
    return (
        f'<tr><th scope="row"><a href="{address}">{escape(row.name)}</a></th>{"".join(cells)}'
        f"<td>{days[row.due_on]}</td>"
        f'<td><span class="state state-{row.state}">{escape(row.status)}</span></td></tr>'
    )


def _count(leaf: Mapping[str, Any]) -> str:
    """How far a requirement is that is counted in many and under way."""
    if leaf["state"] != "waiting" or leaf["total"] is None:
        return ""
    return escape(f" {leaf['done']}/{leaf['total']}")


def requirement_rows(rows: Iterable[RequirementRow]) -> SafeString:
    """A row for each requirement of the gate; what is missing leads to who misses it."""
    needed, now, state = (escape(word) for word in (_("Needed"), _("Now"), _("State")))
    return _join(
        f'<tr><th scope="row">{escape(row.label)}</th><td data-label="{needed}">{escape(row.required)}</td>'
        f'<td class="num" data-label="{now}">{_met(row)}</td>'
        f'<td data-label="{state}">{_state(row.state, get_language())}</td></tr>'
        for row in rows
    )


def _met(row: RequirementRow) -> str:
    told = escape(_("%(met)s of %(total)s") % {"met": row.met, "total": row.total})
    return f'<a href="?missing={row.index}#people">{told}</a>' if row.missing else told


@lru_cache(maxsize=64)
def _state(state: str, language: str) -> str:  # noqa: ARG001  (part of the key)
    return render_to_string("programs/requirement_state.html", {"state": state}).strip()


def module_rows(rows: Iterable[ModuleRow]) -> SafeString:
    """The numbers of the chart of modules."""
    return _join(
        f'<tr><th scope="row">{escape(row.module.title)}</th><td class="num">{row.completed}</td>'
        f'<td class="num">{row.under_way}</td><td class="num">{row.not_started}</td></tr>'
        for row in rows
    )


def people_heads(modules: Iterable[Titled], requirements: Iterable[RequirementRow]) -> SafeString:
    """The heads of the people table's states: modules by number, requirements in short."""
    numbered = ((_("M%(n)s") % {"n": number}, module.title) for number, module in enumerate(modules, start=1))
    named = ((row.short, row.label) for row in requirements)
    return _join(
        f'<th scope="col"><abbr title="{escape(title)}">{escape(short)}</abbr></th>'
        for short, title in (*numbered, *named)
    )


def _join(parts: Iterable[str]) -> SafeString:
    return mark_safe("\n".join(parts))  # noqa: S308  # escaped above
