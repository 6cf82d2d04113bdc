from django.urls import path

from enablement.ledger import views

urlpatterns = [
    path(".well-known/enablement-checkpoint-key", views.checkpoint_key, name="checkpoint_key"),
]
