"""The parts of a GIFT question: what is escaped does not part anything."""

import re
from collections.abc import Iterator

_ESCAPE = re.compile(r"\\([\\:#={}~n])")


def pieces(body: str, marks: str) -> Iterator[tuple[str, int, str]]:
    """(mark, offset, text) of each answer; text before the first mark counts as one of its own."""
    starts = [match.start() for match in re.finditer(rf"\\.|[{marks}]", body, re.DOTALL) if match[0] in marks]
    if body[: starts[0] if starts else None].strip():
        yield "", 0, body[: starts[0] if starts else None]
    for start, end in zip(starts, [*starts, len(body)][1:], strict=True):
        piece = body[start + 1 : end]
        # People write ~= for a right answer too.
        if piece.strip() or body[start] != "~" or body[end : end + 1] != "=":
            yield body[start], start, piece


def find(text: str, wanted: str, start: int = 0) -> int:
    """The first place that is not escaped; -1 where there is none."""
    pattern = re.compile(rf"\\.|{re.escape(wanted)}", re.DOTALL)
    return next((found.start() for found in pattern.finditer(text, start) if found[0] == wanted), -1)


def split(text: str, mark: str) -> list[str]:
    parts, start = [], 0
    while (end := find(text, mark, start)) >= 0:
        parts.append(text[start:end])
        start = end + len(mark)
    return [*parts, text[start:]]


def split_first(text: str, mark: str) -> tuple[str, str, str]:
    end = find(text, mark)
    return (text, "", "") if end < 0 else (text[:end], mark, text[end + len(mark) :])


def split_last(text: str, mark: str) -> tuple[str, str, str]:
    parts = split(text, mark)
    return (text, "", "") if len(parts) == 1 else (mark.join(parts[:-1]), mark, parts[-1])


def unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda found: "\n" if found[1] == "n" else found[1], text)


def one_line(text: str) -> str:
    return " ".join(text.split())
