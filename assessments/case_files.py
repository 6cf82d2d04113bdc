"""Shadow cases in files, as quality assurance makes them: CSV or JSONL, and every fault in them by line.

Columns of the CSV and keys of a JSON line are the same: `COLUMNS`. The optional ones may be left out.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

from django.utils.translation import gettext as _

from assessments.pool_specs import CaseSpec
from tracks.csv_files import MAX_BYTES, MAX_ROWS, CsvFault, CsvFaults, read_csv

REQUIRED = (
    "key", "category", "complexity", "yellow_zone", "channel", "subject", "body", "output", "confidence",
    "decision", "usable", "reason",
)  # fmt: skip
OPTIONAL = ("model_version", "prompt", "ground_truth")
COLUMNS = (*REQUIRED, *OPTIONAL)
_TRUTHS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_BOOLEANS = ("yellow_zone", "usable", "ground_truth")


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseLine:
    """One case of a file; `line` counts from 1 as an editor does."""

    line: int
    spec: CaseSpec


def read_case_file(content: bytes) -> list[CaseLine]:
    """The cases of a file; JSONL where its first sign is a brace, else CSV. CsvFaults names every fault."""
    faults: list[CsvFault] = []
    lines: list[CaseLine] = []
    for number, cells in _rows(content, faults):
        found = list(_cell_faults(number, cells))
        if not found:
            spec = _spec(cells)
            found = [
                CsvFault(
                    number, "", _("The case “%(key)s”: %(problem)s") % {"key": spec.key, "problem": problem}
                )
                for problem in spec.problems()
            ]
            lines.append(CaseLine(line=number, spec=spec))
        faults += found
    if faults:
        raise CsvFaults(faults)
    return lines


def _rows(content: bytes, faults: list[CsvFault]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    if content.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{"):
        yield from _json_rows(content, faults)
        return
    for row in read_csv(content, required=REQUIRED, optional=OPTIONAL):
        yield row.line, row.cells


def _json_rows(content: bytes, faults: list[CsvFault]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    if len(content) > MAX_BYTES:
        message = _("The file has %(size)s bytes; at most %(most)s are read. Split it.")
        raise CsvFaults([CsvFault(1, "", message % {"size": len(content), "most": MAX_BYTES})])
    for number, line in enumerate(content.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        if not line.strip():
            continue
        if number > MAX_ROWS:
            message = _("More than %(most)s rows; split the file.") % {"most": MAX_ROWS}
            raise CsvFaults([CsvFault(number, "", message)])
        try:
            yield number, _object(line)
        except UnicodeDecodeError:
            faults.append(CsvFault(number, "", _("Not UTF-8.")))
        except (ValueError, ArithmeticError, RecursionError) as error:
            faults.append(CsvFault(number, "", _("Not a JSON object: %(error)s") % {"error": error}))


def _object(line: bytes) -> Mapping[str, Any]:
    found = json.loads(
        line.decode(), parse_float=Decimal, parse_constant=_refuse, object_pairs_hook=_without_doubles
    )
    if isinstance(found, dict):
        return found
    raise ValueError(_("expected one object, in braces"))


def _refuse(constant: str) -> NoReturn:
    raise ValueError(_("%(constant)s is not a number") % {"constant": constant})


def _without_doubles(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError(_("a key is there twice"))
    return found


def _cell_faults(line: int, cells: Mapping[str, Any]) -> Iterator[CsvFault]:
    """What keeps a row from being read as a case."""
    unknown = _("This column is unknown; expected %(names)s.") % {"names": ", ".join(COLUMNS)}
    yield from (CsvFault(line, name, unknown) for name in cells if name not in COLUMNS)
    for name in COLUMNS:
        value = cells.get(name)
        if value not in ("", None):
            if problem := _value_problem(name, value):
                yield CsvFault(line, name, problem)
        elif name in REQUIRED:
            yield CsvFault(line, name, _("The cell is empty; a value is needed."))


def _value_problem(name: str, value: object) -> str:
    """What is wrong with a value; empty where nothing is."""
    if isinstance(value, str) and not _is_storable(value):
        return _("It holds a character that cannot be stored.")
    if name in _BOOLEANS:
        return "" if _truth(value) is not None else _("Expected true or false.")
    if name == "confidence":
        return "" if _number(value) is not None else _("Expected a number from 0 to 1.")
    return "" if isinstance(value, str) else _("Expected a text.")


def _is_storable(text: str) -> bool:
    """Neither a zero nor half of a surrogate pair, which JSON can spell and no database keeps."""
    return not any(sign == "\0" or "\ud800" <= sign <= "\udfff" for sign in text)


def _truth(value: object) -> bool | None:
    return value if isinstance(value, bool) else _TRUTHS.get(str(value).lower())


def _number(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        return None
    try:
        return Decimal(value)
    except InvalidOperation:
        return None


def _spec(cells: Mapping[str, Any]) -> CaseSpec:
    # A form sends every line end as CR LF; the same case has the same hash either way.
    texts = {
        name: cells[name].replace("\r\n", "\n").strip()
        for name in REQUIRED
        if name not in (*_BOOLEANS, "confidence")
    }
    return CaseSpec(
        **texts,
        yellow_zone=bool(_truth(cells["yellow_zone"])),
        usable=bool(_truth(cells["usable"])),
        confidence=_number(cells["confidence"]) or Decimal(0),
        model_version=(cells.get("model_version") or "").strip(),
        prompt_key=(cells.get("prompt") or "").strip(),
        ground_truth=bool(_truth(cells.get("ground_truth") or "false")),
    )
