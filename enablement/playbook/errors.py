"""What is wrong with a playbook or its content, and where."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

#: No more faults than these are listed at once.
MOST = 20
LONGEST_VALUE = 60


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceError:
    """One fault in one file. `line` and `column` count characters from 1; `expected` may be empty.

    Written in plain English like a compiler's messages, so that they can be searched for.
    """

    file: str
    line: int
    column: int
    message: str
    expected: str = ""

    def __str__(self) -> str:
        what = f"{self.message}; expected {self.expected}" if self.expected else self.message
        return f"{self.file}:{self.line}:{self.column}: {what}"


class SourceErrors(ValueError):
    """The files cannot be applied. `errors` holds the first twenty faults, by file and place."""

    def __init__(self, errors: Iterable[SourceError]) -> None:
        found = sorted(set(errors), key=lambda error: (error.file, error.line, error.column, error.message))
        self.total = len(found)
        self.errors = tuple(found[:MOST])
        super().__init__("\n".join(str(error) for error in self.errors))

    @property
    def more(self) -> int:
        """How many faults are not listed."""
        return self.total - len(self.errors)


def show(value: object) -> str:
    """A value of a file inside a message: short, on one line, control characters escaped."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    text = "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in text)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"
