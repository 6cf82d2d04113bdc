from enablement.playbook.models.draft import PlaybookDraft
from enablement.playbook.models.proposal import PlaybookProposal

__all__ = ["PlaybookDraft", "PlaybookProposal"]
