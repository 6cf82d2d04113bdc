"""Proof that every checkpoint is ours and says what the chain says."""

from enablement.ledger import signing
from enablement.ledger.canonical import GENESIS
from enablement.ledger.merkle import Tree
from enablement.ledger.models import LedgerCheckpoint
from enablement.ledger.services.checkpointing import link_hashes

#: What reading a row raises whose columns hold something else than they should.
UNREADABLE = (AttributeError, TypeError, ValueError)


def check_checkpoints() -> tuple[int, str]:
    """How many checkpoints are sound, in their order; what is wrong with the next one ("" for nothing)."""
    previous: LedgerCheckpoint | None = None
    number = 0
    keys = signing.trusted_keys()
    checkpoints = LedgerCheckpoint.objects.order_by("number").iterator(chunk_size=1)
    while True:
        try:
            checkpoint = next(checkpoints, None)
            if checkpoint is None:
                return number, ""
            problem = _problem(checkpoint, previous, keys=keys)
        except UNREADABLE:
            problem = "a column was altered and cannot be read"
        if problem:
            return number, problem
        previous, number = checkpoint, number + 1


def _problem(checkpoint: LedgerCheckpoint, previous: LedgerCheckpoint | None, *, keys: list[str]) -> str:
    number, first = (previous.number + 1, previous.last + 1) if previous else (1, 1)
    if checkpoint.number != number:
        return "it is missing"
    if checkpoint.public_key not in keys:
        return "it was altered, or signed with a key that is not ours"
    statement = checkpoint.statement()
    if not signing.is_signed(statement, signature=checkpoint.signature, key=checkpoint.public_key):
        return "it was altered: the signature does not fit"
    if checkpoint.first != first or checkpoint.previous != (previous.digest() if previous else GENESIS):
        return "it does not follow the one before"
    hashes = link_hashes(checkpoint.first, checkpoint.last)
    if len(hashes) != checkpoint.last - checkpoint.first + 1:
        return f"links that it holds are gone: {len(hashes)} are left from position {checkpoint.first}"
    if Tree([bytes.fromhex(text) for text in hashes]).root.hex() != checkpoint.root:
        return "the chain says something else than what was signed"
    return "" if hashes[-1] == checkpoint.head else "its head is not that of the chain"
