"""Rows of the readiness page's tables, joined in Python: a template loop per cell costs many times as much.

Every text in them is escaped here.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Any
from urllib.parse import quote
from uuid import UUID

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from enablement.access.overlays import REGION
from enablement.programs.selectors.readiness import ModuleRow, PersonRow, RequirementRow
from enablement.programs.selectors.readiness_queries import Titled
from tracks.templatetags.marks import state_mark

NOBODY = UUID(int=0)


def people_rows(
    cohort_id: UUID, rows: Sequence[PersonRow], requirements: Sequence[RequirementRow]
) -> SafeString:
    """A row for each person: name, a state for each module and each requirement, due day, status."""
    address = reverse("cohort_person", args=[cohort_id, NOBODY])
    days = {day: escape(date_format(day, "j M")) for day in {row.due_on for row in rows}}
    cells = _Cells([row.key for row in requirements])
    return _join(
        _person(row, address.replace(str(NOBODY), str(row.enrolment_id)), days, cells) for row in rows
    )


class _Marks(dict[str, str]):
    """The beginning of a cell by its state, each looked up once a table."""

    def __missing__(self, state: str) -> str:
        self[state] = f'<td>{state_mark(state)}<span class="sub">'
        return self[state]


class _Cells:
    """The cells of the states of a table's people. keys: of its requirements."""

    def __init__(self, keys: Sequence[int | str]) -> None:
        self._gate = [key for key in keys if isinstance(key, int)]
        self._demanded = [key for key in keys if isinstance(key, str)]
        self._marks = _Marks()
        self._not_asked = f'<td><span class="sub">{escape(_("not asked"))}</span></td>'

    def of(self, row: PersonRow) -> str:
        parts = [f"{self._marks[state]}</span></td>" for state in row.modules]
        parts += [self._leaf(leaf) for leaf in row.leaves or [_NOTHING] * len(self._gate)]
        parts += [self._more(row, key) for key in self._demanded]
        return "".join(parts)

    def _leaf(self, leaf: Mapping[str, Any]) -> str:
        return f"{self._marks[leaf['state']]}{_count(leaf)}</span></td>"

    def _more(self, row: PersonRow, key: str) -> str:
        if key in row.demanded:
            return self._leaf(row.demanded[key])
        if not row.leaves:
            return self._leaf(_NOTHING)
        return self._leaf(_FITS) if key == REGION else self._not_asked


#: Before anything has been evaluated; and who works where the tools may be used, or nobody knows where.
_NOTHING: Mapping[str, Any] = {"state": "not-started"}
_FITS: Mapping[str, Any] = {"state": "met"}


def _person(row: PersonRow, address: str, days: Mapping[date, str], cells: _Cells) -> str:
    return (
        f'<tr><th scope="row"><a href="{address}">{escape(row.name)}</a></th>{cells.of(row)}'
        f"<td>{days[row.due_on]}</td>"
        f'<td><span class="state state-{row.state}">{escape(row.status)}</span></td></tr>'
    )


def _count(leaf: Mapping[str, Any]) -> str:
    """How far a requirement is that is counted in many and under way."""
    if leaf["state"] != "waiting" or leaf["total"] is None:
        return ""
    return escape(f" {leaf['done']}/{leaf['total']}")


def requirement_rows(rows: Iterable[RequirementRow]) -> SafeString:
    """A row for each requirement; what is missing leads to who misses it."""
    needed, now, state = (escape(word) for word in (_("Needed"), _("Now"), _("State")))
    return _join(
        f'<tr><th scope="row"><div>{escape(row.label)}{_asked_by(row)}</div></th>'
        f'<td data-label="{needed}">{escape(row.required)}</td>'
        f'<td class="num" data-label="{now}">{_met(row)}</td>'
        f'<td data-label="{state}">{_state(row.state, get_language())}</td></tr>'
        for row in rows
    )


def _asked_by(row: RequirementRow) -> str:
    if not row.asked_by:
        return ""
    told = escape(_("Only where “%(overlay)s” holds") % {"overlay": row.asked_by})
    return f'<p class="sub">{told}</p>'


def _met(row: RequirementRow) -> str:
    told = escape(_("%(met)s of %(total)s") % {"met": row.met, "total": row.total})
    return f'<a href="?missing={quote(str(row.key))}#people">{told}</a>' if row.missing else told


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
    named = ((row.short, _full(row)) for row in requirements)
    return _join(
        f'<th scope="col"><abbr title="{escape(title)}">{escape(short)}</abbr></th>'
        for short, title in (*numbered, *named)
    )


def _full(row: RequirementRow) -> str:
    return f"{row.label} ({row.asked_by})" if row.asked_by else row.label


def _join(parts: Iterable[str]) -> SafeString:
    return mark_safe("\n".join(parts))  # noqa: S308  # escaped above
