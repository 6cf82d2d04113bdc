"""A playbook with its content as one .zip: read without trusting names or sizes, and written."""

import io
import stat
import struct
import zipfile
import zlib
from pathlib import PurePosixPath

from enablement.playbook.bundle import (
    CONTENT,
    MAX_FILE_BYTES,
    MAX_YAML_BYTES,
    YAML_NAME,
    Bundle,
    check_totals,
    is_clutter,
    refused,
    text_of,
)
from enablement.playbook.errors import SourceErrors

MAX_ARCHIVE_BYTES = 10_000_000
_EXPECTED = "one playbook (.yaml) and the folder content/"
_ENCRYPTED = 0x1
#: What the library raises for bytes that are no sound archive.
_UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    ArithmeticError,
    EOFError,
    NotImplementedError,
    OSError,
    RuntimeError,
    ValueError,
)
_EPOCH = (1980, 1, 1, 0, 0, 0)


def read_upload(name: str, data: bytes) -> Bundle:
    """A .yaml or a .zip as it was uploaded. Raises SourceErrors."""
    if name.lower().endswith(".zip"):
        return read_archive(name, data)
    if len(data) > MAX_YAML_BYTES:
        raise refused(name, f"the file has {len(data):,} bytes", f"at most {MAX_YAML_BYTES:,}")
    return Bundle(yaml=text_of(data, file=name), file=name)


def read_archive(name: str, data: bytes) -> Bundle:
    """Raises SourceErrors for anything but a plain archive of a playbook and its content."""
    if len(data) > MAX_ARCHIVE_BYTES:
        raise refused(name, f"the archive has {len(data):,} bytes", f"at most {MAX_ARCHIVE_BYTES:,}")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = _members(archive, name)
            check_totals({inside: member.file_size for inside, member in members.items()}, file=name)
            texts = {inside: _text(archive, inside, member) for inside, member in members.items()}
    except SourceErrors:
        raise
    except _UNREADABLE as error:
        raise refused(name, "the archive cannot be read", "a plain .zip without a password") from error
    return _bundle(texts, name)


def write_archive(bundle: Bundle) -> bytes:
    """The same bundle always gives the same bytes."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(YAML_NAME, _EPOCH), bundle.yaml, zipfile.ZIP_DEFLATED)
        for name, text in sorted((bundle.content or {}).items()):
            archive.writestr(zipfile.ZipInfo(f"{CONTENT}{name}", _EPOCH), text, zipfile.ZIP_DEFLATED)
    return target.getvalue()


def _members(archive: zipfile.ZipFile, name: str) -> dict[str, zipfile.ZipInfo]:
    """Files by their path below the archive's only top folder, if it has one."""
    found: dict[str, zipfile.ZipInfo] = {}
    for member in archive.infolist():
        _check_name(member, name)
        if member.is_dir() or is_clutter(member.filename):
            continue
        if member.filename in found:
            raise refused(name, f"{member.filename!a} is in the archive twice", "every file once")
        found[member.filename] = member
    tops = {PurePosixPath(inside).parts[0] for inside in found}
    if len(tops) == 1 and not any("/" not in inside for inside in found):
        return {inside.partition("/")[2]: member for inside, member in found.items()}
    return found


def _check_name(member: zipfile.ZipInfo, name: str) -> None:
    path = PurePosixPath(member.filename)
    mode = member.external_attr >> 16
    if path.is_absolute() or ".." in path.parts or "\\" in member.filename or ":" in member.filename:
        raise refused(name, f"{member.filename!a} leads out of the archive", _EXPECTED)
    if not member.filename.isprintable() or not path.parts:
        raise refused(name, "a file has an unprintable name", _EXPECTED)
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise refused(name, f"{member.filename!a} is not a regular file", "no links")
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise refused(name, f"{member.filename!a} is packed in an unusual way", "a plain .zip")
    if member.flag_bits & _ENCRYPTED:
        raise refused(name, "the archive has a password", "a plain .zip")


def _text(archive: zipfile.ZipFile, inside: str, member: zipfile.ZipInfo) -> str:
    # The size in the archive's directory may lie: read no more than is allowed.
    with archive.open(member) as file:
        data = file.read(MAX_FILE_BYTES + 1)
    if len(data) > MAX_FILE_BYTES:
        raise refused(inside, "the file is too large", f"at most {MAX_FILE_BYTES:,} bytes")
    return text_of(data, file=inside)


def _bundle(texts: dict[str, str], name: str) -> Bundle:
    playbooks = [inside for inside in texts if "/" not in inside and inside.endswith((".yaml", ".yml"))]
    others = [inside for inside in texts if inside not in playbooks and not inside.startswith(CONTENT)]
    if len(playbooks) != 1:
        raise refused(name, f"the archive holds {len(playbooks)} playbooks", _EXPECTED)
    if others:
        raise refused(others[0], "unknown file", _EXPECTED)
    if len(texts[playbooks[0]].encode()) > MAX_YAML_BYTES:
        raise refused(playbooks[0], "the playbook is too large", f"at most {MAX_YAML_BYTES:,} bytes")
    content = {
        inside.removeprefix(CONTENT): text for inside, text in texts.items() if inside.startswith(CONTENT)
    }
    return Bundle(yaml=texts[playbooks[0]], content=content or None, file=playbooks[0])
