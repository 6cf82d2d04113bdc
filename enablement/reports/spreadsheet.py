"""Everybody of a cohort as CSV: a line a person, a column a unit.

UTF-8 with a byte order mark, because Excel takes a CSV without one for the machine's old code page; every
other reader skips it. Days are ISO 8601. A cell that a spreadsheet would take for a formula begins with an
apostrophe.
"""

import csv
import io
from collections.abc import Iterator

from django.utils.translation import gettext as _

from enablement.programs.selectors.readiness import PersonRow
from enablement.reports.reading import Reading
from tracks.csv_files import BOM, safe


def as_csv(reading: Reading) -> bytes:
    out = io.StringIO()
    out.write(BOM)
    csv.writer(out).writerows(_lines(reading))
    return out.getvalue().encode()


def _lines(reading: Reading) -> Iterator[list[str]]:
    requirements = reading.board.requirements
    heading = [
        _("Name"),
        _("E-mail"),
        _("Mentor"),
        _("Due on"),
        _("Status"),
        _("Requirements met"),
        *(_("Module: %(title)s") % {"title": row.module.title} for row in reading.modules),
        *(row.label for row in requirements),
    ]
    yield [safe(cell) for cell in heading]
    words = {state: safe(word) for state, word in _words().items()}
    for row in reading.people:
        yield _line(reading, row, words)


def _line(reading: Reading, row: PersonRow, words: dict[str, str]) -> list[str]:
    """Every text in it is safe; a number and a day have no sign."""
    # Somebody who was never evaluated has no leaves; the columns stay.
    blank = [""] * (len(reading.board.requirements) - len(row.leaves))
    return [
        safe(row.name),
        safe(row.email),
        safe("; ".join(reading.mentors.get(row.enrolment_id, ()))),
        row.due_on.isoformat(),
        safe(row.status),
        str(sum(leaf["met"] is True for leaf in row.leaves)),
        *[words[state] for state in row.modules],
        *[safe(leaf["actual"]) for leaf in row.leaves],
        *blank,
    ]


def _words() -> dict[str, str]:
    """The states of a module, translated once a file."""
    return {"met": _("completed"), "waiting": _("under way"), "not-started": _("not started")}
