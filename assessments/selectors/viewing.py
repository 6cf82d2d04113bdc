"""Which evidence can be looked at without a download, and its text."""

from enum import StrEnum

from assessments.models import EvidenceFile

#: So much of a text is shown; the download holds all of it.
SHOWN_CHARACTERS = 200_000


class Viewer(StrEnum):
    TEXT = "text"
    IMAGE = "image"
    PDF = "pdf"


# By the type that we found in the content, never by what was claimed; HTML and SVG cannot be kept at all.
_VIEWERS = {
    "text/plain": Viewer.TEXT,
    "text/markdown": Viewer.TEXT,
    "text/csv": Viewer.TEXT,
    "image/png": Viewer.IMAGE,
    "image/jpeg": Viewer.IMAGE,
    "application/pdf": Viewer.PDF,
}


def viewer_of(file: EvidenceFile) -> Viewer | None:
    """None where it can only be downloaded."""
    return _VIEWERS.get(file.content_type)


def read_text(file: EvidenceFile) -> str:
    """The beginning of a text file. FileNotFoundError where it is no longer stored."""
    with file.file.open("rb") as stored:
        # Four bytes are the most that one character takes.
        content: bytes = stored.read(SHOWN_CHARACTERS * 4)
    return content.decode("utf-8-sig", errors="replace")[:SHOWN_CHARACTERS]
