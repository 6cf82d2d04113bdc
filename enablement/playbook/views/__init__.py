from enablement.playbook.views.drafts import apply_draft, draft, upload
from enablement.playbook.views.revisions import archive, overview, revision

__all__ = ["apply_draft", "archive", "draft", "overview", "revision", "upload"]
