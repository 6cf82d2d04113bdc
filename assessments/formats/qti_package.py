"""QTI 3.0 files as they come: one item as XML, or a content package (ZIP with imsmanifest.xml)."""

import io
import posixpath
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from urllib.parse import unquote

from django.utils.translation import gettext as _

from assessments.formats.parsed import (
    MAX_BYTES,
    MAX_QUESTIONS,
    Fault,
    Image,
    Item,
    Source,
    Unmappable,
    Unreadable,
    check_size,
)
from assessments.formats.qti_reader import read_item
from assessments.formats.xml_source import Node, read_xml

MANIFEST = "imsmanifest.xml"
ITEM_TYPE = "imsqti_item_xmlv3p0"
MAX_FILES = 12_000
DIFFICULTIES = {"very easy": 1, "easy": 1, "medium": 2, "difficult": 3, "very difficult": 3}
_ZIP = b"PK\x03\x04"
_ENCRYPTED = 0x1
#: What the library raises for bytes that are no sound archive.
_UNSOUND = (
    *(zipfile.BadZipFile, zlib.error, struct.error, ArithmeticError, EOFError),
    *(NotImplementedError, OSError, RuntimeError, ValueError),
)


def read(data: bytes) -> Source:
    """The items of a package, or the one item of a file. Raises Unreadable."""
    check_size(data)
    return _package(data) if data.startswith(_ZIP) else _single(data)


def _single(data: bytes) -> Source:
    root = read_xml(data)
    try:
        return Source(items=(read_item(root),))
    except Unmappable as error:
        return Source(faults=(_fault(error, root, ""),))


def _package(data: bytes) -> Source:
    files = _files(data)
    if MANIFEST not in files:
        raise _unsound(
            _("The package has no imsmanifest.xml at its top."), _("Export it again as a QTI package.")
        )
    manifest = read_xml(files[MANIFEST], file=MANIFEST)
    items: list[Item] = []
    faults: list[Fault] = []
    seen: set[str] = set()
    for resource in manifest.every("resource"):
        kind, href = resource.get("type"), posixpath.normpath(unquote(resource.get("href")))
        if not kind.startswith("imsqti_") or kind.startswith("imsqti_stimulus"):
            continue
        if len(items) + len(faults) >= MAX_QUESTIONS:
            what = _("The package holds more than %(most)s items; the rest is left out.") % {
                "most": MAX_QUESTIONS
            }
            faults.append(Fault(line=resource.line, file=MANIFEST, what=what, mend=_("Split it.")))
            break
        if href in seen:
            twice = Unmappable(_("Its file is listed twice."), _("List it once."))
            faults.append(_fault(twice, resource, MANIFEST))
            continue
        seen.add(href)
        try:
            items.append(_resource(resource, kind, href, files))
        except Unmappable as error:
            faults.append(_fault(error, resource, href if error.line else MANIFEST))
        except Unreadable as error:
            faults.append(error.fault)
    return Source(items=tuple(items), faults=tuple(faults))


def _resource(resource: Node, kind: str, href: str, files: Mapping[str, bytes]) -> Item:
    if kind != ITEM_TYPE:
        raise Unmappable(
            _("It is of the type “%(kind)s”, not an item of QTI 3; its order and its rules are not read.")
            % {"kind": kind[:40]},
            _("Build the quiz from the questions here."),
        )
    if href not in files:
        raise Unmappable(_("The file %(name)s is not in the package.") % {"name": href[:80]}, _("Add it."))
    root = read_xml(files[href], file=href)
    item = read_item(root)
    metadata = resource.first("metadata") or resource
    keywords = [text for node in metadata.every("keyword") for text in _strings(node)]
    levels = [node.text_of("value").lower() for node in metadata.every("difficulty")]
    return replace(
        item,
        file=href,
        tags=tuple(keywords),
        difficulty=next((DIFFICULTIES[level] for level in levels if level in DIFFICULTIES), None),
        images=tuple(_images(root, posixpath.dirname(href), files)),
    )


def _strings(node: Node) -> Iterator[str]:
    found = [child.text.strip() for child in node.every("string", "langstring")]
    yield from found or [node.text.strip()]


def _images(root: Node, folder: str, files: Mapping[str, bytes]) -> Iterator[Image]:
    for node in root.every("img"):
        source = node.get("src")
        path = posixpath.normpath(posixpath.join(folder, unquote(source)))
        if path in files:
            yield Image(name=unquote(source), data=files[path], alt=node.get("alt"))


def _files(data: bytes) -> dict[str, bytes]:
    """The files by their path. Nothing is trusted: neither names, nor sizes, nor how many there are."""
    found: dict[str, bytes] = {}
    left = MAX_BYTES
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            if len(members) > MAX_FILES:
                raise _unsound(
                    _("The package has more than %(most)s files.") % {"most": f"{MAX_FILES:,}"},
                    _("Split it."),
                )
            for member in members:
                _check_member(member)
                if member.is_dir():
                    continue
                with archive.open(member) as file:
                    content = file.read(left + 1)
                left -= len(content)
                if left < 0:
                    raise _unsound(
                        _("Unpacked, the package has more than %(most)s bytes.") % {"most": f"{MAX_BYTES:,}"},
                        _("Split it, or make its pictures smaller."),
                    )
                found[member.filename] = content
    except _UNSOUND as error:
        raise _unsound(
            _("The archive cannot be read."), _("Send a plain .zip without a password.")
        ) from error
    return found


def _check_member(member: zipfile.ZipInfo) -> None:
    name, mode = member.filename, member.external_attr >> 16
    parts = name.split("/")
    if name.startswith("/") or ".." in parts or "\\" in name or ":" in parts[0] or not name.isprintable():
        raise _unsound(
            _("The file name %(name)s leads out of the package.") % {"name": ascii(name)[:80]},
            _("Rename it."),
        )
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR) or member.flag_bits & _ENCRYPTED:
        raise _unsound(
            _("%(name)s is a link, or has a password.") % {"name": ascii(name)[:80]}, _("Send a plain .zip.")
        )


def _unsound(what: str, mend: str) -> Unreadable:
    return Unreadable(Fault(line=0, what=what, mend=mend))


def _fault(error: Unmappable, node: Node, file: str) -> Fault:
    return Fault(
        line=error.line or node.line,
        column=error.column,
        file=file,
        title=node.get("title") or node.get("identifier"),
        what=error.what,
        mend=error.mend,
    )
