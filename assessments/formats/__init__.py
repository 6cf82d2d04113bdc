"""Question files of other systems: GIFT, Moodle XML and QTI 3.

A reader makes `Item`s, the neutral form of all formats; `mapping` makes them questions of ours and lists what
does not fit. Writers go the other way and list what the format does not hold.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from assessments.formats import gift_reader, gift_writer, moodle_xml, qti_export, qti_package
from assessments.formats.mapping import mapped
from assessments.formats.parsed import Fault, Parsed, Source
from assessments.question_specs import ImageSpec, QuestionSpec


class Format(StrEnum):
    GIFT = "gift"
    MOODLE_XML = "moodle-xml"
    QTI3 = "qti3"


#: What each format is called.
LABELS: Mapping[str, str] = {Format.GIFT: "GIFT", Format.MOODLE_XML: "Moodle XML", Format.QTI3: "QTI 3"}
WRITTEN = (Format.GIFT, Format.QTI3)
_ZIP = b"PK\x03\x04"
_HEAD = 4096


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """A file to hand out, and what of the questions it does not hold."""

    data: bytes
    media_type: str
    suffix: str
    faults: tuple[Fault, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Reader:
    """silent: what the format never says of a question, so that the bank keeps its own."""

    read: Callable[[bytes], Source]
    silent: frozenset[str]


_READERS: Mapping[Format, _Reader] = {
    Format.GIFT: _Reader(
        read=gift_reader.read,
        silent=frozenset({"lesson", "difficulty", "unit", "case_sensitive", "images"}),
    ),
    Format.MOODLE_XML: _Reader(read=moodle_xml.read, silent=frozenset({"lesson", "difficulty"})),
    Format.QTI3: _Reader(read=qti_package.read, silent=frozenset({"lesson"})),
}


def recognised(data: bytes) -> Format:
    """The format of a file, by what is in it."""
    if data.startswith(_ZIP):
        return Format.QTI3
    head = data[:_HEAD].replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    if not head.startswith(b"<"):
        return Format.GIFT
    return Format.MOODLE_XML if b"<quiz" in head else Format.QTI3


def read(data: bytes, *, written_as: Format | None = None) -> Parsed:
    """The questions of a file and every fault. Raises Unreadable where nothing of it can be read."""
    reader = _READERS[written_as or recognised(data)]
    return mapped(reader.read(data), silent=reader.silent)


def write(
    questions: Iterable[QuestionSpec],
    *,
    written_as: Format,
    picture: Callable[[ImageSpec], bytes],
) -> Written:
    """These questions as a file. picture: the content of an image."""
    if written_as is Format.GIFT:
        data, faults = gift_writer.write(questions)
        return Written(data=data, media_type="text/plain; charset=utf-8", suffix="gift", faults=faults)
    data, faults = qti_export.write(questions, picture=picture)
    return Written(data=data, media_type="application/zip", suffix="zip", faults=faults)
