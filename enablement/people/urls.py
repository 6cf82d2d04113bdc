from django.urls import path

from enablement.people.views import auditors, rights, roster, tokens

urlpatterns = [
    path("roster/", roster.people, name="roster"),
    path("roster/upload/", roster.upload, name="roster_upload"),
    path("roster/rights/", rights.waiting, name="rights"),
    path("roster/rights/<uuid:pk>/", rights.right, name="right"),
    path("roster/rights/<uuid:pk>/confirm/", rights.confirm, name="right_confirm"),
    path("roster/rights/<uuid:pk>/turn-down/", rights.turn_down, name="right_turn_down"),
    path("roster/<uuid:pk>/", roster.person, name="roster_person"),
    path("roster/<uuid:pk>/deactivate/", roster.leave, name="roster_deactivate"),
    path("roster/<uuid:pk>/reactivate/", roster.come_back, name="roster_reactivate"),
    path("auditors/", auditors.auditors, name="auditors"),
    path("auditors/<uuid:pk>/end/", auditors.auditor_end, name="auditor_end"),
    path("tokens/", tokens.tokens, name="tokens"),
    path("tokens/new/", tokens.create, name="token_new"),
    path("tokens/<uuid:pk>/rotate/", tokens.rotate, name="token_rotate"),
    path("tokens/<uuid:pk>/revoke/", tokens.revoke, name="token_revoke"),
]
