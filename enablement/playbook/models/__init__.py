from enablement.playbook.models.draft import PlaybookDraft

__all__ = ["PlaybookDraft"]
