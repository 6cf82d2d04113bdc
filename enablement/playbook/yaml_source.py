"""YAML 1.2 as plain values that know their line and column.

Only what a playbook needs: mappings with text keys, lists, text, whole numbers, decimals, true/false, null.
No aliases, anchors, tags or second documents; depth and the number of nodes are capped while reading, so that
a small file cannot grow large. Decimals are read from their digits: 0.85 is Decimal("0.85"), never a float.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn, TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, StringMark
from ruamel.yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
    StreamStartEvent,
)
from ruamel.yaml.reader import ReaderError

from enablement.playbook.errors import SourceError, SourceErrors, show

#: The way from the root to a value: keys of mappings and places in lists.
Path: TypeAlias = tuple[str | int, ...]
Value: TypeAlias = Any

MAX_DEPTH = 20
MAX_NODES = 100_000
MAX_NUMBER_LENGTH = 30

# YAML 1.2.2, section 10.3.2 (core schema).
_NULL = re.compile(r"(?:null|Null|NULL|~|)\Z")
_BOOL = re.compile(r"(?:true|True|TRUE|false|False|FALSE)\Z")
_INT = re.compile(r"[-+]?[0-9]+\Z")
_BASED_INT = re.compile(r"0o[0-7]+\Z|0x[0-9a-fA-F]+\Z")
_DECIMAL = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)\Z|\.(?:nan|NaN|NAN)\Z")


@dataclass(frozen=True, slots=True)
class Position:
    """Where a value begins. `inner` is the column of its first character, after an opening quote."""

    line: int
    column: int
    inner: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """A YAML document: its value, and where everything in it stands."""

    file: str
    value: Value
    _values: dict[Path, Position] = field(repr=False)
    _keys: dict[Path, Position] = field(repr=False)

    def __contains__(self, path: object) -> bool:
        return path in self._values

    def position(self, path: Sequence[str | int]) -> Position:
        """Where this value begins; of a value that is missing, where the nearest one around it begins."""
        path = tuple(path)
        while path not in self._values:
            path = path[:-1]
        return self._values[path]

    def error(self, path: Sequence[str | int], message: str, expected: str = "") -> SourceError:
        """A fault of the value at `path`."""
        return self._error(self.position(path), message, expected)

    def key_line(self, path: Sequence[str | int]) -> int:
        """On which line the key stands that ends `path`."""
        return self._keys[tuple(path)].line

    def key_column(self, path: Sequence[str | int]) -> int:
        """In which column the key begins that ends `path`."""
        return self._keys[tuple(path)].column

    def line_after(self, path: Sequence[str | int]) -> int | None:
        """The first line, below that of `path`, on which something begins that is no part of it."""
        path = tuple(path)
        start = self._keys.get(path) or self._values[path]
        places = [
            place.line
            for found in (self._values, self._keys)
            for each, place in found.items()
            if each[: len(path)] != path and place.line > start.line
        ]
        return min(places, default=None)

    def key_error(self, path: Sequence[str | int], message: str, expected: str = "") -> SourceError:
        """A fault of the key that ends `path`, rather than of its value."""
        position = self._keys.get(tuple(path)) or self.position(path)
        return self._error(position, message, expected)

    def inner_error(
        self, path: Sequence[str | int], message: str, *, line: int, column: int, expected: str = ""
    ) -> SourceError:
        """A fault inside a text on one line, `line` and `column` counted from 1 within it."""
        start = self.position(path)
        if line > 1:
            return self._error(start, message, expected)
        return self._error(Position(start.line, start.inner + column - 1, 0), message, expected)

    def block_error(self, path: Sequence[str | int], message: str, *, line: int, column: int) -> SourceError:
        """A fault inside a block text (`|`), `line` and `column` counted from 1 within it."""
        start, key = self.position(path), self._keys.get(tuple(path))
        if key is None or start.inner != start.column:
            return self._error(start, message, "")
        # The block begins on the line after its mark, two characters further in than its key.
        return self._error(Position(start.line + line, key.column + 1 + column, 0), message, "")

    def _error(self, at: Position, message: str, expected: str) -> SourceError:
        return SourceError(file=self.file, line=at.line, column=at.column, message=message, expected=expected)


def decode(data: bytes, *, file: str) -> str:
    """The text of a file. Raises SourceErrors with the place of the first byte that is not UTF-8."""
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line_start = before.rfind(b"\n") + 1
        fault = SourceError(
            file=file,
            line=before.count(b"\n") + 1,
            column=len(before[line_start:].decode()) + 1,
            message=f"the byte 0x{data[error.start]:02x} is not UTF-8",
            expected="a text file in UTF-8",
        )
        raise SourceErrors([fault]) from error


def load(text: str, *, file: str, first_line: int = 1) -> Source:
    """Read one document. Raises SourceErrors with the first fault.

    first_line: the line of `file` on which `text` begins (front matter).
    """
    reader = _Reader(file=file, first_line=first_line)
    text = text.removeprefix("\ufeff")
    try:
        return reader.read(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = " ".join(str(error.problem or error.context).split()).replace(
            r"'\x00'", "the end of the file"
        )
        reader.fail(mark, problem, "YAML 1.2")
    except ReaderError as error:
        before = text[: error.position]
        line_start = before.rfind("\n") + 1
        mark = StringMark("", 0, before.count("\n"), error.position - line_start, None, None)
        reader.fail(mark, f"the character U+{ord(text[error.position]):04X} is not allowed", "printable text")


class _Reader:
    """Builds values from the parser's events, which come one by one: nothing recurses, nothing runs ahead."""

    def __init__(self, *, file: str, first_line: int) -> None:
        self.file = file
        self.first_line = first_line
        self.values: dict[Path, Position] = {}
        self.keys: dict[Path, Position] = {}
        self.nodes = 0

    def read(self, text: str) -> Source:
        events = YAML(typ="safe", pure=True).parse(text)
        root: list[Value] = []
        documents = 0
        for event in events:
            if isinstance(event, DocumentStartEvent):
                documents += 1
                self._check_document(event, documents)
            elif not isinstance(event, StreamStartEvent | DocumentEndEvent | StreamEndEvent):
                root.append(self._node(event, events, path=(), depth=1))
        if not root:
            self.fail(None, "the file is empty", "a mapping of keys to values")
        return Source(file=self.file, value=root[0], _values=self.values, _keys=self.keys)

    def _check_document(self, event: DocumentStartEvent, count: int) -> None:
        if count > 1:
            self.fail(event.start_mark, "a second document begins here", "one document")
        if event.version not in (None, (1, 2)):
            self.fail(event.start_mark, "the %YAML directive asks for another version", "YAML 1.2")
        if event.tags:
            self.fail(event.start_mark, "tags are not allowed", "plain values")

    def _node(self, event: Any, events: Iterator[Any], *, path: Path, depth: int) -> Value:
        """One value; `depth` is bounded, so this recursion is."""
        self._check_node(event, depth)
        self.values[path] = self._position(event)
        if isinstance(event, ScalarEvent):
            return self._scalar(event)
        if isinstance(event, SequenceStartEvent):
            return self._list(events, path, depth)
        return self._mapping(events, path, depth)

    def _check_node(self, event: Any, depth: int) -> None:
        if isinstance(event, AliasEvent):
            self.fail(event.start_mark, "aliases are not allowed", "the value itself")
        if event.anchor is not None:
            self.fail(event.start_mark, "anchors are not allowed", "the value without `&`")
        if event.tag is not None:
            self.fail(event.start_mark, "tags are not allowed", "the value without `!`")
        if depth > MAX_DEPTH:
            self.fail(event.start_mark, f"nested deeper than {MAX_DEPTH} levels", "a flatter document")
        self.nodes += 1
        if self.nodes > MAX_NODES:
            self.fail(event.start_mark, f"more than {MAX_NODES:,} values", "a smaller document")

    def _list(self, events: Iterator[Any], path: Path, depth: int) -> list[Value]:
        items: list[Value] = []
        for event in events:
            if isinstance(event, SequenceEndEvent):
                break
            items.append(self._node(event, events, path=(*path, len(items)), depth=depth + 1))
        return items

    def _mapping(self, events: Iterator[Any], path: Path, depth: int) -> dict[str, Value]:
        found: dict[str, Value] = {}
        for event in events:
            if isinstance(event, MappingEndEvent):
                break
            key = self._key(event, depth)
            if key in found:
                first = self.keys[(*path, key)]
                self.fail(event.start_mark, f"the key {show(key)} is there twice, first in line {first.line}")
            self.keys[(*path, key)] = self._position(event)
            found[key] = self._node(next(events), events, path=(*path, key), depth=depth + 1)
        return found

    def _key(self, event: Any, depth: int) -> str:
        self._check_node(event, depth)
        if not isinstance(event, ScalarEvent):
            self.fail(event.start_mark, "a key is a list or a mapping", "a name")
        if event.implicit[0] and event.value == "<<":
            self.fail(event.start_mark, "merge keys are not allowed", "the keys themselves")
        return str(event.value)

    def _scalar(self, event: ScalarEvent) -> Value:
        text = str(event.value)
        if not event.implicit[0]:  # quoted or a block: always text
            return text
        if _NULL.match(text):
            return None
        if _BOOL.match(text):
            return text.lower() == "true"
        if _NOT_FINITE.match(text):
            self.fail(event.start_mark, f"{text} is not a finite number", "digits, or quotes around text")
        for pattern, convert in _NUMBERS:
            if pattern.match(text):
                return self._number(event, text, convert)
        return text

    def _number(
        self, event: ScalarEvent, text: str, convert: Callable[[str], int | Decimal]
    ) -> int | Decimal:
        try:
            number = convert(text) if len(text) <= MAX_NUMBER_LENGTH else None
        except InvalidOperation:
            number = None
        if number is None or abs(Decimal(number).adjusted()) > MAX_NUMBER_LENGTH:
            self.fail(event.start_mark, "the number is too long", f"at most {MAX_NUMBER_LENGTH} digits")
        return number

    def _position(self, event: Any) -> Position:
        mark = event.start_mark
        quoted = getattr(event, "style", None) in ("'", '"')
        column = mark.column + 1
        return Position(mark.line + self.first_line, column, column + quoted)

    def fail(self, mark: Any, message: str, expected: str = "") -> NoReturn:
        line, column = (mark.line, mark.column) if mark is not None else (0, 0)
        fault = SourceError(
            file=self.file,
            line=line + self.first_line,
            column=column + 1,
            message=message,
            expected=expected,
        )
        raise SourceErrors([fault])


_NUMBERS: tuple[tuple[re.Pattern[str], Callable[[str], int | Decimal]], ...] = (
    (_INT, int),
    (_BASED_INT, lambda text: int(text, 0)),
    (_DECIMAL, Decimal),
)
