"""Rights of tokens: each view names the one scope it wants."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from enablement.people.models import ApiToken

if TYPE_CHECKING:
    # rest_framework.views itself imports this class, as the default of the settings.
    from rest_framework.views import APIView


class HasScope(BasePermission):
    """True for a token that holds `view.required_scope`. A view without one is closed to every token."""

    code = "insufficient_scope"
    message = _("This token does not hold the scope that this address needs.")

    def has_permission(self, request: Request, view: "APIView") -> bool:
        scope = getattr(view, "required_scope", None)
        return isinstance(request.auth, ApiToken) and bool(scope) and scope in request.auth.scopes
