"""CSV files as people make them, and every fault in them by line and column.

Tolerated: a byte order mark, `;` or a tab between the cells, spaces around them, empty lines. Not tolerated:
anything that would have to be guessed.
"""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

if TYPE_CHECKING:
    import _csv

MAX_BYTES = 1024 * 1024
MAX_ROWS = 5000
#: Of files that we write: Excel takes a CSV without one for the machine's old code page, others skip it.
BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"
#: What makes a spreadsheet calculate (OWASP, CSV injection).
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def safe(cell: object) -> str:
    """A cell of a file that we write; an apostrophe stands before what a spreadsheet would calculate."""
    text = str(cell)
    return f"'{text}" if text.startswith(FORMULA) else text


@dataclass(frozen=True, slots=True)
class CsvFault:
    """`line` counts from 1 as an editor does; `column` is the heading, empty where the whole line is
    meant.
    """

    line: int
    column: str
    message: str

    def __str__(self) -> str:
        if self.column:
            return _("Line %(line)s, column “%(column)s”: %(message)s") % {
                "line": self.line,
                "column": self.column,
                "message": self.message,
            }
        return _("Line %(line)s: %(message)s") % {"line": self.line, "message": self.message}


class CsvFaults(Exception):
    """The file cannot be used; nothing was changed. `faults` in the order of the file."""

    def __init__(self, faults: Sequence[CsvFault]) -> None:
        self.faults = sorted(faults, key=lambda fault: fault.line)
        super().__init__("\n".join(str(fault) for fault in self.faults))


@dataclass(frozen=True, slots=True)
class CsvRow:
    """`cells` by heading, without surrounding spaces; a heading that the file lacks is not in it."""

    line: int
    cells: Mapping[str, str]


def read_csv(content: bytes, *, required: Sequence[str], optional: Sequence[str] = ()) -> list[CsvRow]:
    """The rows of a file whose first line names its columns, in any order. CsvFaults says all that is
    wrong.
    """
    lines = io.StringIO(_decoded(content), newline="")
    first = lines.readline()
    lines.seek(0)
    delimiter = max(",;\t", key=first.count)
    rows = _cells(csv.reader(lines, delimiter=delimiter, strict=True))
    heading = next(rows, None)
    if heading is None:
        raise CsvFaults([CsvFault(1, "", _("The file is empty; expected a first line with column names."))])
    names = [cell.lower() for cell in heading[1]]
    _check_heading(heading[0], names, required, optional)
    result, faults = [], []
    for line, cells in rows:
        if len(cells) != len(names):
            message = _("%(found)s cells; expected %(wanted)s, as in the first line.")
            faults.append(CsvFault(line, "", message % {"found": len(cells), "wanted": len(names)}))
            continue
        row = CsvRow(line, dict(zip(names, cells, strict=True)))
        faults += [
            CsvFault(line, name, _("The cell is empty; a value is needed."))
            for name in required
            if not row.cells[name]
        ]
        result.append(row)
        if len(result) > MAX_ROWS:
            message = _("More than %(most)s rows; split the file.") % {"most": MAX_ROWS}
            raise CsvFaults([CsvFault(line, "", message)])
    if faults:
        raise CsvFaults(faults)
    if not result:
        raise CsvFaults([CsvFault(heading[0], "", _("No row follows the column names."))])
    return result


def repeated(rows: Sequence[CsvRow], column: str) -> list[CsvFault]:
    """A fault for each row whose cell, whatever its case, occurred on an earlier line."""
    seen: dict[str, int] = {}
    faults = []
    for row in rows:
        value = row.cells[column].lower()
        if value in seen:
            message = _("“%(value)s” is on line %(line)s already; expected each once.")
            faults.append(CsvFault(row.line, column, message % {"value": value, "line": seen[value]}))
        seen.setdefault(value, row.line)
    return faults


def _decoded(content: bytes) -> str:
    if len(content) > MAX_BYTES:
        message = _("The file has %(size)s bytes; at most %(most)s are read. Split it.")
        raise CsvFaults([CsvFault(1, "", message % {"size": len(content), "most": MAX_BYTES})])
    if b"\x00" in content:
        line = content[: content.index(b"\x00")].count(b"\n") + 1
        raise CsvFaults(
            [CsvFault(line, "", _("Not a text file: it holds a zero byte. Save it as CSV in UTF-8."))]
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        message = _("Not UTF-8; save the file as “CSV UTF-8” and try again.")
        raise CsvFaults([CsvFault(line, "", message)]) from error


def _cells(reader: "_csv.Reader") -> Iterator[tuple[int, list[str]]]:
    """(line on which the row starts, stripped cells), without empty lines."""
    while True:
        start = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            message = _("The quotation marks or line ends do not match (%(error)s).") % {"error": error}
            raise CsvFaults([CsvFault(start, "", message)]) from error
        stripped = [cell.strip() for cell in cells]
        if any(stripped):
            yield start, stripped


def _check_heading(line: int, names: Sequence[str], required: Sequence[str], optional: Sequence[str]) -> None:
    expected = ", ".join([*required, *optional])
    unknown = [name for name in dict.fromkeys(names) if name not in {*required, *optional}]
    faults = [
        CsvFault(line, name, _("This column is unknown; expected %(names)s.") % {"names": expected})
        for name in unknown
    ]
    faults += [
        CsvFault(line, name, _("This column occurs twice."))
        for name in dict.fromkeys(names)
        if names.count(name) > 1
    ]
    faults += [
        CsvFault(line, name, _("This column is missing; expected %(names)s.") % {"names": expected})
        for name in required
        if name not in names
    ]
    if faults:
        raise CsvFaults(faults)
