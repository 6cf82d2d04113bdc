from enablement.playbook.views.drafts import apply_draft, draft, upload
from enablement.playbook.views.revisions import archive, in_force, overview, revision

__all__ = ["apply_draft", "archive", "draft", "in_force", "overview", "revision", "upload"]
