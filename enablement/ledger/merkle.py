"""Merkle trees as RFC 6962 has them (§2.1), over SHA-256: a root, proofs of inclusion, and their check.

A leaf is hashed behind 0x00 and a node behind 0x01, so that neither can pose as the other.
"""

from collections.abc import Sequence
from hashlib import sha256


def leaf_hash(data: bytes) -> bytes:
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


class Tree:
    """The tree over `leaves` (their data, not hashes), with every level kept: about 64 bytes a leaf."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        self.levels = [[leaf_hash(leaf) for leaf in leaves]]
        while len(self.levels[-1]) > 1:
            self.levels.append(_level_above(self.levels[-1]))

    @property
    def size(self) -> int:
        return len(self.levels[0])

    @property
    def root(self) -> bytes:
        """Of no leaves, SHA-256 of nothing."""
        return self.levels[-1][0] if self.size else sha256(b"").digest()

    def proof(self, index: int) -> list[bytes]:
        """The audit path of the leaf at `index` (from 0): the siblings on the way to the root."""
        if not 0 <= index < self.size:
            raise IndexError(index)
        path = []
        for level in self.levels[:-1]:
            sibling = index ^ 1
            # The last of an odd number has none: it moves up as it is.
            if sibling < len(level):
                path.append(level[sibling])
            index //= 2
        return path


def _level_above(level: Sequence[bytes]) -> list[bytes]:
    above = [node_hash(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
    return [*above, level[-1]] if len(level) % 2 else above


def includes(*, leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether the tree of `size` leaves with this root holds `leaf` at `index` (RFC 9162 §2.1.3.2)."""
    if not 0 <= index < size:
        return False
    last, found = size - 1, leaf_hash(leaf)
    for sibling in proof:
        if last == 0:
            return False
        if index % 2 or index == last:
            found = node_hash(sibling, found)
            while index % 2 == 0 and index:
                index, last = index // 2, last // 2
        else:
            found = node_hash(found, sibling)
        index, last = index // 2, last // 2
    return last == 0 and found == root
