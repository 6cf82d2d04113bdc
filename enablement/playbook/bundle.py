"""A playbook as it travels: the YAML text, and its content files by name."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from enablement.ledger.canonical import canonical, sha256
from enablement.playbook.errors import SourceError, SourceErrors
from enablement.playbook.yaml_source import decode

#: The name of the playbook inside a bundle, whatever its file is called.
YAML_NAME = "playbook.yaml"
CONTENT = "content/"
MAX_YAML_BYTES = 1_000_000
MAX_FILE_BYTES = 5_000_000
MAX_TOTAL_BYTES = 20_000_000
MAX_FILES = 2_000
MAX_NAME = 300
#: What file managers leave behind.
CLUTTER = ("__MACOSX", "Thumbs.db", "desktop.ini")


@dataclass(frozen=True, kw_only=True, slots=True)
class Bundle:
    """`content` by name relative to `content/`; None where the playbook came without that folder.

    file: what the playbook is called in messages.
    """

    yaml: str
    content: Mapping[str, str] | None = None
    file: str = field(default=YAML_NAME, compare=False)

    def document(self) -> str:
        """What a revision keeps: the canonical JSON of all files by name. Its SHA-256 covers every byte."""
        files = {YAML_NAME: self.yaml}
        files |= {f"{CONTENT}{name}": text for name, text in (self.content or {}).items()}
        return canonical(files)

    @property
    def sha256(self) -> str:
        return sha256(self.document())

    @classmethod
    def of_document(cls, document: str) -> Self:
        files: dict[str, str] = json.loads(document)
        yaml = files.pop(YAML_NAME)
        return cls(yaml=yaml, content={name.removeprefix(CONTENT): text for name, text in files.items()})


def read_bundle(path: Path) -> Bundle:
    """The playbook at `path`, with the folder `content/` beside it, if there is one.

    Raises SourceErrors for a file that is too large, not text in UTF-8, or a link; OSError where one cannot
    be read.
    """
    yaml = text_of(_read(path, path.name, MAX_YAML_BYTES), file=path.name)
    folder = path.parent / CONTENT
    if not folder.is_dir():
        return Bundle(yaml=yaml, file=path.name)
    return Bundle(yaml=yaml, content=_read_folder(folder), file=path.name)


def text_of(data: bytes, *, file: str) -> str:
    text = decode(data, file=file)
    if (place := text.find("\x00")) >= 0:
        line_start = text.rfind("\n", 0, place) + 1
        raise SourceErrors(
            [
                SourceError(
                    file=file,
                    line=text.count("\n", 0, place) + 1,
                    column=place - line_start + 1,
                    message="the character U+0000 is not allowed",
                    expected="printable text",
                )
            ]
        )
    return text


def refused(file: str, message: str, expected: str = "") -> SourceErrors:
    """A fault of a file as a whole."""
    return SourceErrors([SourceError(file=file, line=1, column=1, message=message, expected=expected)])


def is_clutter(name: str) -> bool:
    """Whether a file is none of the author's: hidden, or left behind by a file manager."""
    return any(part.startswith(".") or part in CLUTTER for part in name.split("/"))


def check_totals(sizes: Mapping[str, int], *, file: str) -> None:
    """Refuse content that is too large, before it is read."""
    if len(sizes) > MAX_FILES:
        raise refused(file, f"{len(sizes)} files", f"at most {MAX_FILES:,}")
    for name, size in sizes.items():
        limit = MAX_YAML_BYTES if name == YAML_NAME else MAX_FILE_BYTES
        if size > limit:
            raise refused(name, f"the file has {size:,} bytes", f"at most {limit:,}")
        if len(name) > MAX_NAME:
            raise refused(name[:MAX_NAME], "the file's name is too long", f"at most {MAX_NAME} characters")
    if (total := sum(sizes.values())) > MAX_TOTAL_BYTES:
        raise refused(file, f"{total:,} bytes in all", f"at most {MAX_TOTAL_BYTES:,}")


def _read_folder(folder: Path) -> dict[str, str]:
    paths: dict[str, Path] = {}
    for root, folders, files in os.walk(folder, followlinks=False):
        for entry in [*folders, *files]:
            path = Path(root, entry)
            name = CONTENT + path.relative_to(folder).as_posix()
            if is_clutter(name):
                continue
            if path.is_symlink() or not (path.is_dir() or path.is_file()):
                raise refused(name, "not a regular file", "a file, not a link to one")
            if path.is_file():
                paths[name] = path
        folders[:] = [entry for entry in folders if not is_clutter(entry)]
        check_totals({name: path.stat().st_size for name, path in paths.items()}, file=CONTENT)
    return {
        name.removeprefix(CONTENT): text_of(_read(path, name, MAX_FILE_BYTES), file=name)
        for name, path in sorted(paths.items())
    }


def _read(path: Path, name: str, limit: int) -> bytes:
    with path.open("rb") as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise refused(name, f"the file has more than {limit:,} bytes", f"at most {limit:,}")
    return data
