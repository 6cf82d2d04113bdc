"""The public key of the checkpoints, for whoever checks an evidence pack."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from enablement.ledger import signing
from enablement.ledger.models.checkpoint import fingerprint


@login_not_required
@require_safe
@never_cache
def checkpoint_key(_request: HttpRequest) -> JsonResponse:
    """Today's key first; `former` ones signed checkpoints before it. Nothing secret, so nobody signs in."""
    current, *former = (_described(key) for key in signing.trusted_keys())
    return JsonResponse({**current, "former": former})


def _described(key: str) -> dict[str, str]:
    return {"algorithm": "Ed25519", "public_key": key, "sha256": fingerprint(key)}
