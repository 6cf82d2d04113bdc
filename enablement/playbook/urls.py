from django.urls import path

from enablement.playbook import views

urlpatterns = [
    path("playbooks/", views.overview, name="playbooks"),
    path("playbooks/upload/", views.upload, name="playbook_upload"),
    path("playbooks/drafts/<uuid:pk>/", views.draft, name="playbook_draft"),
    path("playbooks/drafts/<uuid:pk>/apply/", views.apply_draft, name="playbook_apply"),
    path("playbooks/in-force/", views.in_force, name="playbook_in_force"),
    path("playbooks/<int:number>/", views.revision, name="playbook_revision"),
    path("playbooks/<int:number>/archive/", views.archive, name="playbook_archive"),
]
