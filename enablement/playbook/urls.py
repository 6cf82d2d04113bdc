from django.urls import path

from enablement.playbook import views
from enablement.playbook.views import gates, proposals, rulings, sops

urlpatterns = [
    path("rulings/<uuid:pk>/propose/", rulings.propose, name="ruling_propose"),
    path("rulings/roles/<str:role>/propose/", rulings.propose_new, name="ruling_add"),
    path("prompts/<str:key>/promote/", sops.promote_prompt, name="sop_promote"),
    path("playbooks/", views.overview, name="playbooks"),
    path("playbooks/upload/", views.upload, name="playbook_upload"),
    path("playbooks/gates/<str:track>/", gates.gate, name="playbook_gate"),
    path("playbooks/overlays/<str:key>/", gates.overlay, name="playbook_overlay"),
    path("playbooks/drafts/", views.draft_list, name="playbook_drafts"),
    path("playbooks/drafts/<uuid:pk>/discard/", views.discard, name="playbook_discard"),
    path("playbooks/drafts/<uuid:pk>/", views.draft, name="playbook_draft"),
    path("playbooks/drafts/<uuid:pk>/difference/", views.draft_difference, name="playbook_draft_diff"),
    path("playbooks/drafts/<uuid:pk>/apply/", views.apply_draft, name="playbook_apply"),
    path("playbooks/proposals/", proposals.proposal_list, name="playbook_proposals"),
    path("playbooks/proposals/<uuid:pk>/", proposals.proposal, name="playbook_proposal"),
    path("playbooks/proposals/<uuid:pk>/difference/", proposals.difference, name="playbook_proposal_diff"),
    path("playbooks/proposals/<uuid:pk>/decide/", proposals.decide, name="playbook_proposal_decide"),
    path("playbooks/proposals/<uuid:pk>/comment/", proposals.comment, name="playbook_proposal_comment"),
    path("playbooks/in-force/", views.in_force, name="playbook_in_force"),
    path("playbooks/<int:number>/", views.revision, name="playbook_revision"),
    path("playbooks/<int:number>/difference/", views.revision_difference, name="playbook_revision_diff"),
    path("playbooks/<int:number>/archive/", views.archive, name="playbook_archive"),
]
