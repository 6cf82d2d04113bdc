from enablement.playbook.views.drafts import apply_draft, discard, draft, draft_list, upload
from enablement.playbook.views.drafts import difference as draft_difference
from enablement.playbook.views.revisions import archive, in_force, overview, revision
from enablement.playbook.views.revisions import difference as revision_difference

__all__ = [
    "apply_draft",
    "archive",
    "discard",
    "draft",
    "draft_difference",
    "draft_list",
    "in_force",
    "overview",
    "revision",
    "revision_difference",
    "upload",
]
