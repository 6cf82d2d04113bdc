"""How the files of two playbooks differ, line by line: what an approver answers for."""

import difflib
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from enablement.playbook.bundle import CONTENT, YAML_NAME, Bundle

_CONTEXT_LINES = 3
#: So many lines are on a page; all of them are in the file that can be loaded.
MOST_LINES = 600
#: Of a file with more lines, what it was and what it is stand one after the other.
_COMPARED = 20_000


@dataclass(frozen=True, kw_only=True, slots=True)
class DiffLine:
    """`kind`: added, removed, same or place (where in the file the next lines stand)."""

    kind: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class FileDifference:
    """`what`: added, changed or removed. `room`: so many of its lines are on the page; None: all.

    withheld: it may hold answers of a track on which the reader learns, so its lines are not for them.
    """

    name: str
    what: str
    lines: tuple[DiffLine, ...]
    room: int | None = None
    withheld: bool = False

    @property
    def shown(self) -> tuple[DiffLine, ...]:
        return self.lines[: self.room]

    @property
    def left_out(self) -> int:
        return len(self.lines) - len(self.shown)

    @property
    def came(self) -> int:
        return sum(line.kind == "added" for line in self.lines)

    @property
    def went(self) -> int:
        return sum(line.kind == "removed" for line in self.lines)


def differences(old: Bundle, new: Bundle) -> list[FileDifference]:
    """Every file that differs, the playbook first. Both have all their content."""
    before, after = _files(old), _files(new)
    names = sorted(before.keys() | after.keys(), key=lambda name: (name != YAML_NAME, name))
    return [
        FileDifference(
            name=name,
            what="added" if name not in before else "removed" if name not in after else "changed",
            lines=tuple(_compared(before.get(name, ""), after.get(name, ""))),
        )
        for name in names
        if before.get(name) != after.get(name)
    ]


def for_page(found: Sequence[FileDifference]) -> list[FileDifference]:
    """The first lines of them; each says how many it leaves out."""
    shown: list[FileDifference] = []
    room = MOST_LINES
    for each in found:
        shown.append(replace(each, room=room))
        room -= len(shown[-1].shown)
    return shown


def withhold(found: Sequence[FileDifference], *, tracks: Collection[str]) -> list[FileDifference]:
    """The same for somebody who learns on these tracks: nothing correct is seen before it may be."""
    folders = tuple(f"{CONTENT}{track}/" for track in tracks)
    return [
        replace(each, lines=(), withheld=True)
        if each.name.startswith(folders) and not each.name.endswith("/track.yaml")
        else each
        for each in found
    ]


def as_text(found: Sequence[FileDifference]) -> str:
    """All of it as one unified diff."""
    signs = {"added": "+", "removed": "-", "same": " ", "place": ""}
    parts = []
    for each in found:
        old = "/dev/null" if each.what == "added" else f"a/{each.name}"
        new = "/dev/null" if each.what == "removed" else f"b/{each.name}"
        parts += [f"--- {old}", f"+++ {new}", *(f"{signs[line.kind]}{line.text}" for line in each.lines)]
        parts += ["@@ withheld: you learn on this track @@"] if each.withheld else []
    return "".join(f"{part}\n" for part in parts)


def _files(bundle: Bundle) -> dict[str, str]:
    return {YAML_NAME: bundle.yaml} | {
        f"{CONTENT}{name}": text for name, text in (bundle.content or {}).items()
    }


def _compared(before: str, after: str) -> Iterator[DiffLine]:
    old, new = (text.removesuffix("\n").split("\n") if text else [] for text in (before, after))
    if old == new:
        yield DiffLine(kind="place", text="@@ only the end of the last line @@")
    elif len(old) + len(new) > _COMPARED:
        yield DiffLine(kind="place", text=f"@@ -1,{len(old)} +1,{len(new)} @@")
        yield from (DiffLine(kind="removed", text=_visible(line)) for line in old)
        yield from (DiffLine(kind="added", text=_visible(line)) for line in new)
    else:
        lines = difflib.unified_diff(old, new, lineterm="", n=_CONTEXT_LINES)
        next(lines), next(lines)  # The names stand above.
        yield from map(_line, lines)


def _line(line: str) -> DiffLine:
    kind = {"+": "added", "-": "removed", "@": "place"}.get(line[:1], "same")
    return DiffLine(kind=kind, text=line if kind == "place" else _visible(line[1:]))


def _visible(line: str) -> str:
    """What a browser would hide or turn around (bidirectional marks, controls) as its number."""
    if line.isascii() and line.isprintable():
        return line
    return "".join(f"\\u{ord(char):04x}" if _hides(char) else char for char in line)


def _hides(char: str) -> bool:
    kind = unicodedata.category(char)
    return char != "\t" and (kind.startswith("C") or kind in {"Zl", "Zp"})
