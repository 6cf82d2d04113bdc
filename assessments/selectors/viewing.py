"""Text of evidence, for the page that shows it."""

from assessments.models import EvidenceFile

#: So much of a text is shown; the download holds all of it.
SHOWN_CHARACTERS = 200_000


def read_text(file: EvidenceFile) -> str:
    """The beginning of a text file. FileNotFoundError where it is no longer stored."""
    with file.file.open("rb") as stored:
        # Four bytes are the most that one character takes.
        content: bytes = stored.read(SHOWN_CHARACTERS * 4)
    return content.decode("utf-8-sig", errors="replace")[:SHOWN_CHARACTERS]
