"""Evidence: which files may come in, and the hash that a sign-off is bound to."""

import hashlib
import unicodedata
import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, BinaryIO

import rfc8785
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from assessments.models import EvidenceFile, Observation, Submission
from assessments.models.submission import random_name
from tracks.models import Lab

if TYPE_CHECKING:
    from django.core.files import File

_LONGEST_NAME = 150
_TEXT_CONTROLS = frozenset(b"\t\n\r\f\x1b")


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckedFile:
    """A file that passed `check_file`; content_type and sha256 are what we found, not what was claimed."""

    file: "File[bytes]"
    name: str
    size: int
    content_type: str
    sha256: str


def check_file(file: "File[bytes]", *, lab: Lab | None = None) -> CheckedFile:
    """The file, ready to be kept. ValidationError, naming it, for a wrong type, size or content.

    lab: whose file types it has to be of as well.
    """
    name = _clean_name(file.name or "")
    suffix = PurePath(name).suffix.lower()
    if lab is not None:
        ensure_types(lab, [name])
    if suffix not in _KINDS:
        raise _wrong(
            name, _("this type cannot be kept; use %(types)s.") % {"types": ", ".join(sorted(_KINDS))}
        )
    if not file.size:
        raise _wrong(name, _("it is empty."))
    if file.size > settings.EVIDENCE_MAX_BYTES:
        limit = filesizeformat(settings.EVIDENCE_MAX_BYTES)
        raise _wrong(name, _("it is larger than %(limit)s.") % {"limit": limit})
    content_type, looks_right = _KINDS[suffix]
    file.seek(0)
    if not looks_right(file):  # type: ignore[arg-type]
        raise _wrong(name, _("its content is not what “%(suffix)s” says.") % {"suffix": suffix})
    return CheckedFile(
        file=file, name=name, size=file.size, content_type=content_type, sha256=_sha256(file.chunks())
    )


def ensure_types(lab: Lab, names: Iterable[str]) -> None:
    """ValidationError (`files`), naming it, for a file whose type this lab does not take."""
    wrong = [name for name in names if lab.file_types and _type_of(name) not in lab.file_types]
    if wrong:
        message = _("%(names)s: this lab takes files of type %(types)s.")
        shown = {"names": ", ".join(wrong), "types": ", ".join(lab.file_types)}
        raise ValidationError({"files": message % shown}, code="evidence_type")


def _type_of(name: str) -> str:
    return PurePath(name).suffix.lower().removeprefix(".")


def content_hash(
    *, text: str, link: str, file_hashes: Iterable[str], observations: Iterable[Mapping[str, str]] = ()
) -> str:
    """SHA-256 (hex) of the evidence as canonical JSON (RFC 8785); the order of its parts does not matter."""
    content: dict[str, Any] = {"text": text, "link": link, "files": sorted(file_hashes)}
    if seen := sorted(observations, key=rfc8785.dumps):
        content["observations"] = seen
    return hashlib.sha256(rfc8785.dumps(content)).hexdigest()


def record_hash(submission: Submission) -> str:
    """The evidence's hash by what is on record, without reading the files."""
    return _hash_of(submission, [file.sha256 for file in submission.files.all()])


def _hash_of(submission: Submission, file_hashes: Iterable[str]) -> str:
    return content_hash(
        text=submission.text,
        link=submission.link,
        file_hashes=file_hashes,
        observations=[_seen(each) for each in submission.observations.all()],
    )


def _seen(case: Observation) -> dict[str, str]:
    return {
        "day": case.happened_on.isoformat(),
        "what": case.what,
        "outcome": case.outcome,
        "note": case.note,
        "observer": str(case.observer_id),
    }


def swapped_files(submission: Submission) -> tuple[list[EvidenceFile], list[EvidenceFile]]:
    """Those whose stored content is not what was handed in, and those that are missing."""
    swapped, missing = [], []
    for evidence in submission.files.all():
        try:
            with evidence.file.open("rb") as file:
                if _sha256(file.chunks()) != evidence.sha256:
                    swapped.append(evidence)
        except FileNotFoundError:
            missing.append(evidence)
    return swapped, missing


def stored_hash(submission: Submission) -> str:
    """The evidence's hash as it is stored now, read from the files themselves; "" where a file is missing."""
    hashes = []
    for evidence in submission.files.all():
        try:
            with evidence.file.open("rb") as file:
                hashes.append(_sha256(file.chunks()))
        except FileNotFoundError:
            return ""
    return _hash_of(submission, hashes)


def store(files: Iterable[CheckedFile]) -> list[str]:
    """Keep them all, under names that say nothing; where one cannot be kept, none is left behind."""
    names: list[str] = []
    try:
        for checked in files:
            names.append(random_name())
            names[-1] = default_storage.save(names[-1], checked.file)
    except BaseException:
        for name in names:
            default_storage.delete(name)
        raise
    return names


def delete_unused(name: str) -> None:
    """Remove a stored file that no round refers to any more."""
    if not EvidenceFile.objects.filter(file=name).exists():
        default_storage.delete(name)


def _wrong(name: str, problem: str) -> ValidationError:
    return ValidationError(
        _("%(name)s: %(problem)s") % {"name": name or _("a file without a name"), "problem": problem},
        code="evidence_file",
    )


def _clean_name(name: str) -> str:
    """The last part of a path, without control or formatting characters, short enough to keep."""
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rsplit("/", 1)[-1]
    kept = "".join(character for character in last if unicodedata.category(character)[0] != "C").strip(" .")
    suffix = PurePath(kept).suffix
    return kept if len(kept) <= _LONGEST_NAME else kept[: _LONGEST_NAME - len(suffix)] + suffix


def _sha256(chunks: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for chunk in chunks:
        digest.update(chunk)
    return digest.hexdigest()


def _starts_with(signature: bytes) -> Callable[[BinaryIO], bool]:
    return lambda file: file.read(len(signature)) == signature


def _is_text(file: BinaryIO) -> bool:
    """UTF-8, and no control characters but those of plain text."""
    content = file.read()
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    controls = {byte for byte in content if byte < ord(" ")}
    return controls <= _TEXT_CONTROLS


def _is_office(folder: str) -> Callable[[BinaryIO], bool]:
    """An Office Open XML package with this part, and without macros; only its table of contents is read."""

    def looks_right(file: BinaryIO) -> bool:
        try:
            with zipfile.ZipFile(file) as package:
                names = package.namelist()
        except (zipfile.BadZipFile, NotImplementedError, ValueError):
            return False
        return (
            "[Content_Types].xml" in names
            and any(name.startswith(folder) for name in names)
            and not any(name.lower().endswith("vbaproject.bin") for name in names)
        )

    return looks_right


_OFFICE = "application/vnd.openxmlformats-officedocument"
_KINDS: dict[str, tuple[str, Callable[[BinaryIO], bool]]] = {
    ".txt": ("text/plain", _is_text),
    ".md": ("text/markdown", _is_text),
    ".csv": ("text/csv", _is_text),
    ".pdf": ("application/pdf", _starts_with(b"%PDF-")),
    ".png": ("image/png", _starts_with(b"\x89PNG\r\n\x1a\n")),
    ".jpg": ("image/jpeg", _starts_with(b"\xff\xd8\xff")),
    ".jpeg": ("image/jpeg", _starts_with(b"\xff\xd8\xff")),
    ".docx": (f"{_OFFICE}.wordprocessingml.document", _is_office("word/")),
    ".xlsx": (f"{_OFFICE}.spreadsheetml.sheet", _is_office("xl/")),
}
#: What file pickers offer; the check above decides.
ACCEPT = ",".join(sorted(_KINDS))
