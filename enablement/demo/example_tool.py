"""The demo's governed tool: where it is, and the token by which it asks and reports."""

import os
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from enablement.people.models import ApiToken
from enablement.people.models.api_token import Scope
from enablement.people.services import create_token, rotate_token

TOOL = "triage_summarizer"
NAME = "Example tool"


def address() -> str:
    """The same host as the product's: the browser's cookies reach both."""
    return f"http://127.0.0.1:{settings.EXAMPLE_TOOL_PORT}/"


def token_file() -> Path:
    """Readable to this account alone; written anew at each start, because the database keeps no secret."""
    at = timezone.now()
    token = ApiToken.objects.live().filter(name=NAME).first()
    if token is None:
        _token, secret = create_token(
            name=NAME,
            scopes=[Scope.EVALUATE, Scope.RECORDS],
            regions=[],
            microtools=[TOOL],
            actor=None,
            at=at,
        )
    else:
        secret = rotate_token(token=token, actor=None, at=at)
    path = Path(settings.VAR_DIR) / "example-tool.token"
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(secret)
    return path
