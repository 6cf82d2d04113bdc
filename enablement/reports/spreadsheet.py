"""Everybody of a cohort as CSV: a line a person, a column a unit.

UTF-8 with a byte order mark, because Excel takes a CSV without one for the machine's old code page; every
other reader skips it. Days are ISO 8601. A cell that a spreadsheet would take for a formula begins with an
apostrophe.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from functools import cache

from django.utils.translation import gettext as _

from enablement.programs.selectors.everybody import Line
from enablement.reports.reading import Reading
from tracks.csv_files import BOM, safe


def as_csv(reading: Reading) -> bytes:
    out = io.StringIO()
    out.write(BOM)
    csv.writer(out).writerows(_lines(reading))
    return out.getvalue().encode()


def _lines(reading: Reading) -> Iterator[list[str]]:
    requirements = reading.board.rows
    heading = [
        _("Name"),
        _("E-mail"),
        _("Mentor"),
        _("Due on"),
        _("Status"),
        _("Requirements met"),
        *(_("Module: %(title)s") % {"title": row.module.title} for row in reading.modules),
        *(f"{row.label} ({row.asked_by})" if row.asked_by else row.label for row in requirements),
    ]
    yield [safe(cell) for cell in heading]
    words = {state: safe(word) for state, word in _words().items()}

    # Many people stand alike: their cells are put into words once.
    @cache
    def units(states: tuple[str, ...]) -> list[str]:
        return [words[state] for state in states]

    @cache
    def shown(there: tuple[str | None, ...]) -> list[str]:
        """Somebody who was never evaluated has nothing there; the columns stay."""
        return [safe(text or "") for text in there]

    for row in reading.people:
        yield [
            *_about(row, reading.mentors.get(row.enrolment_id, ())),
            *units(row.modules),
            *shown(row.there),
        ]


def _about(row: Line, mentors: Sequence[str]) -> list[str]:
    """Every text in it is safe; a number and a day have no sign."""
    return [
        safe(row.name),
        safe(row.email),
        safe("; ".join(mentors)),
        row.due_on.isoformat(),
        safe(row.status),
        str(row.met_count or 0),
    ]


def _words() -> dict[str, str]:
    """The states of a module, translated once a file."""
    return {"met": _("completed"), "waiting": _("under way"), "not-started": _("not started")}
