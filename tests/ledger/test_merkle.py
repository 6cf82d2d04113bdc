"""Merkle trees against the definition in RFC 6962, written down once more as it stands there."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enablement.ledger.merkle import Tree, includes


def mth(leaves):
    """RFC 6962 §2.1, MTH."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0]).digest()
    k = split(len(leaves))
    return sha256(b"\x01" + mth(leaves[:k]) + mth(leaves[k:])).digest()


def path(m, leaves):
    """RFC 6962 §2.1.1, PATH."""
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if m < k:
        return [*path(m, leaves[:k]), mth(leaves[k:])]
    return [*path(m - k, leaves[k:]), mth(leaves[:k])]


def split(n):
    """The largest power of two smaller than n."""
    return 1 << ((n - 1).bit_length() - 1)


LEAVES = [bytes([number]) * 32 for number in range(70)]


@pytest.mark.parametrize("size", range(70))
def test_roots_and_paths_are_those_of_the_rfc(size):
    tree = Tree(LEAVES[:size])
    assert tree.root == mth(LEAVES[:size])
    for index in range(size):
        proof = tree.proof(index)
        assert proof == path(index, LEAVES[:size])
        assert includes(leaf=LEAVES[index], index=index, size=size, proof=proof, root=tree.root)


def test_the_rfcs_own_empty_tree():
    assert Tree([]).root.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@given(size=st.integers(1, 60), data=st.data())
def test_a_proof_that_was_changed_anywhere_does_not_hold(size, data):
    tree = Tree(LEAVES[:size])
    index = data.draw(st.integers(0, size - 1))
    proof = tree.proof(index)
    sound = {"leaf": LEAVES[index], "index": index, "size": size, "proof": proof, "root": tree.root}
    assert not includes(**{**sound, "leaf": LEAVES[(index + 1) % 70]})
    assert not includes(**{**sound, "root": sha256(tree.root).digest()})
    assert not includes(**{**sound, "proof": [*proof, LEAVES[0]]})
    assert not includes(**{**sound, "index": size})
    assert not includes(**{**sound, "index": -1})
    if proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        assert not includes(**{**sound, "proof": [*proof[:at], sha256(proof[at]).digest(), *proof[at + 1 :]]})
        assert not includes(**{**sound, "proof": proof[:-1]})
        other = data.draw(st.integers(0, size - 1).filter(lambda i: i != index))
        assert not includes(**{**sound, "index": other})


def test_no_leaf_of_no_tree():
    assert not includes(leaf=b"", index=0, size=0, proof=[], root=Tree([]).root)
    with pytest.raises(IndexError):
        Tree(LEAVES[:3]).proof(3)
