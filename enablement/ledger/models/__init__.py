from enablement.ledger.models.checkpoint import LedgerCheckpoint
from enablement.ledger.models.content import LedgerContent
from enablement.ledger.models.entry import LedgerEntry, LedgerLink
from enablement.ledger.models.policy_revision import PolicyRevision

__all__ = ["LedgerCheckpoint", "LedgerContent", "LedgerEntry", "LedgerLink", "PolicyRevision"]
