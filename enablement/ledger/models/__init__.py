from enablement.ledger.models.entry import LedgerEntry, LedgerLink, link_hash
from enablement.ledger.models.policy_revision import PolicyRevision

__all__ = ["LedgerEntry", "LedgerLink", "PolicyRevision", "link_hash"]
