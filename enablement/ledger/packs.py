"""Evidence packs checked without the database: files, signatures, chain, proofs.

A pack is a BagIt bag (RFC 8493) in a ZIP. Beside what BagIt asks for it has
- `signature.json`: our signature over the SHA-256 of the bag's manifest and of its description;
- `data/ledger/keys.json`, `checkpoints.jsonl`, `entries.jsonl`: see `enablement.ledger.proofs`.
"""

import hashlib
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

from enablement.ledger import signing
from enablement.ledger.canonical import canonical
from enablement.ledger.merkle import includes
from enablement.ledger.models import LedgerCheckpoint
from enablement.ledger.models.checkpoint import fingerprint
from enablement.ledger.proofs import from_json

MANIFEST, TAG_MANIFEST, BAG_INFO = "manifest-sha256.txt", "tagmanifest-sha256.txt", "bag-info.txt"
SIGNATURE = "signature.json"
KEYS = "data/ledger/keys.json"
CHECKPOINTS = "data/ledger/checkpoints.jsonl"
ENTRIES = "data/ledger/entries.jsonl"
#: A file of a pack that unpacks to more than this is none of ours.
MOST_BYTES = 4 * 1024**3
BLOCK = 1024 * 1024
UNREADABLE = (
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    zipfile.BadZipFile,
    NotImplementedError,
    OSError,
)


class BadPack(Exception):
    """The first thing that does not fit."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PackReport:
    """A sound pack. `key`: SHA-256 of the public key that signed it, to compare with the published one."""

    files: int
    entries: int
    checkpoints: int
    key: str


def statement(*, manifest: bytes, bag_info: bytes) -> str:
    """What a pack's signature is over."""
    digests = {MANIFEST: manifest, BAG_INFO: bag_info}
    return canonical({name: hashlib.sha256(data).hexdigest() for name, data in digests.items()})


def verify_pack(path: Path, *, key: str = "") -> PackReport:
    """Raises BadPack. `key`: the public key, or its SHA-256, that has to have signed everything."""
    try:
        with zipfile.ZipFile(path) as archive:
            return _verify(_Bag(archive), expected=key)
    except UNREADABLE as error:
        raise BadPack(f"the pack cannot be read: {error}") from error


class _Bag:
    """The files of a bag by their names inside it; a bag has one folder at the top."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive
        infos = [info for info in archive.infolist() if not info.is_dir()]
        tops = {PurePosixPath(info.filename).parts[0] for info in infos}
        if len(tops) != 1 or any(".." in PurePosixPath(info.filename).parts for info in infos):
            raise BadPack("the pack has to hold one folder")
        if sum(info.file_size for info in infos) > MOST_BYTES:
            raise BadPack("the pack unpacks to more than 4 GiB")
        self.files = {info.filename.split("/", 1)[1]: info for info in infos}
        if len(self.files) != len(infos):
            raise BadPack("a file is in the pack twice")

    def read(self, name: str) -> bytes:
        if name not in self.files:
            raise BadPack(f"{name} is missing")
        return self.archive.read(self.files[name])

    def sha256(self, name: str) -> str:
        digest = hashlib.sha256()
        with self.archive.open(self.files[name]) as file:
            while block := file.read(BLOCK):
                digest.update(block)
        return digest.hexdigest()

    def lines(self, name: str) -> Iterator[dict[str, Any]]:
        if name not in self.files:
            raise BadPack(f"{name} is missing")
        with self.archive.open(self.files[name]) as file:
            for line in file:
                yield json.loads(line)


def _verify(bag: _Bag, *, expected: str) -> PackReport:
    _check_manifest(bag, MANIFEST, {name for name in bag.files if name.startswith("data/")})
    tags = {name for name in bag.files if not name.startswith("data/") and name != TAG_MANIFEST}
    _check_manifest(bag, TAG_MANIFEST, tags)
    keys = json.loads(bag.read(KEYS))
    current, trusted = keys["public_key"], [keys["public_key"], *keys["former"]]
    if expected and expected not in {current, fingerprint(current)}:
        raise BadPack("the pack was signed with another key than the one that was given")
    signed = statement(manifest=bag.read(MANIFEST), bag_info=bag.read(BAG_INFO))
    signature = json.loads(bag.read(SIGNATURE))["signature"]
    if not signing.is_signed(signed, signature=signature, key=current):
        raise BadPack(f"{SIGNATURE}: the signature does not fit the manifest")
    checkpoints = _checkpoints(bag, trusted)
    return PackReport(
        files=len(bag.files),
        entries=_check_entries(bag, checkpoints),
        checkpoints=len(checkpoints),
        key=fingerprint(current),
    )


def _check_manifest(bag: _Bag, manifest: str, names: set[str]) -> None:
    """Every file is listed and is what it was; nothing is listed that is not there."""
    listed: dict[str, str] = {}
    for line in bag.read(manifest).decode().splitlines():
        digest, _space, name = line.partition(" ")
        listed[name.strip()] = digest
    for name in sorted(names | listed.keys()):
        if name not in listed:
            raise BadPack(f"{name} is not in {manifest}")
        if name not in bag.files:
            raise BadPack(f"{name} is missing")
        if bag.sha256(name) != listed[name]:
            raise BadPack(f"{name} was altered: its SHA-256 is not that of {manifest}")


def _checkpoints(bag: _Bag, trusted: list[str]) -> dict[int, LedgerCheckpoint]:
    found: dict[int, LedgerCheckpoint] = {}
    for said in bag.lines(CHECKPOINTS):
        checkpoint = LedgerCheckpoint(**{**said, "made_at": datetime.fromisoformat(said["made_at"])})
        where = f"checkpoint {checkpoint.number}"
        if checkpoint.public_key not in trusted:
            raise BadPack(f"{where} is signed with a key that the pack does not name")
        text = checkpoint.statement()
        if not signing.is_signed(text, signature=checkpoint.signature, key=checkpoint.public_key):
            raise BadPack(f"{where} was altered: the signature does not fit")
        before = found.get(checkpoint.number - 1)
        if before and (checkpoint.previous, checkpoint.first) != (before.digest(), before.last + 1):
            raise BadPack(f"{where} does not follow the one before")
        found[checkpoint.number] = checkpoint
    return found


def _check_entries(bag: _Bag, checkpoints: dict[int, LedgerCheckpoint]) -> int:
    """How many there are; in their order, each as it was linked, each held by a checkpoint."""
    count, position, previous = 0, 0, ""
    for said in bag.lines(ENTRIES):
        link = from_json(said)
        where = f"position {link.position}, entry {link.entry.pk}"
        if link.entry.digest() != link.entry.sha256:
            raise BadPack(f"{where}: the entry was altered")
        if link.digest(entry_sha256=link.entry.sha256) != link.hash:
            raise BadPack(f"{where}: the link was altered")
        if link.position <= position:
            raise BadPack(f"{where}: out of order")
        if link.position == position + 1 and previous and link.previous_hash != previous:
            raise BadPack(f"{where}: it does not follow the one before")
        checkpoint = checkpoints[said["checkpoint"]]
        held = includes(
            leaf=bytes.fromhex(link.hash),
            index=link.position - checkpoint.first,
            size=checkpoint.last - checkpoint.first + 1,
            proof=[bytes.fromhex(node) for node in said["proof"]],
            root=bytes.fromhex(checkpoint.root),
        )
        if not held:
            raise BadPack(f"{where}: checkpoint {checkpoint.number} does not hold it")
        count, position, previous = count + 1, link.position, link.hash
    return count
