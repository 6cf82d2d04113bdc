"""Proposals that another revision has outrun: nobody can approve them any more."""

from datetime import datetime

from enablement.access.services import approvals
from enablement.playbook.models import PlaybookProposal


def end_outdated(*, revision: int, at: datetime) -> None:
    """Another playbook is in force: what still waits was planned against one that no longer is."""
    outrun = PlaybookProposal.objects.waiting().filter(base_number__lt=revision)
    ids = list(outrun.values_list("pk", flat=True))
    PlaybookProposal.objects.filter(pk__in=ids).update(outdated_by=revision)
    approvals.end_changes(request_ids=ids, at=at)
