from enablement.ledger.services.checkpointing import checkpoint
from enablement.ledger.services.linking import link
from enablement.ledger.services.recording import Content, NewEntry, record, record_many
from enablement.ledger.services.revising import add_revision
from enablement.ledger.services.verifying import Break, Report, verify

__all__ = [
    "Break",
    "Content",
    "NewEntry",
    "Report",
    "add_revision",
    "checkpoint",
    "link",
    "record",
    "record_many",
    "verify",
]
