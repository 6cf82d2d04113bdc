"""LiteLLM's custom auth: who calls with a token of your identity provider asks the gate first, every time.

    general_settings:
      custom_auth: litellm_auth.user_api_key_auth

This file lies beside LiteLLM's configuration; deploy/litellm.yaml shows both. It needs nothing that
`litellm[proxy]` does not bring (httpx, PyJWT). LiteLLM calls `user_api_key_auth` in place of its own keys:
the key that a client sends is a JWT of the identity provider. Its signature, issuer, audience and times are
checked here; the person is its subject and nothing else, whatever headers, `user` or `metadata` say.

Every way out but one is a refusal: 401 (not known who calls), 403 (the gate says no, or the request cannot be
judged), 503 (the gate gives no answer in time). Three things of LiteLLM to know (read in 1.108):

- With `allow_requests_on_db_unavailable` it lets requests pass when custom auth raises a connection error of
  httpx, which it takes for its own database's. So nothing but `ProxyException` leaves this file.
- A model in the query string counts before the one in the body, and a body may name others to fall back to.
  So a query string and every field outside `FIELDS` are refused.
- By default it checks nothing after custom auth. So only the routes in `ROUTES` pass; its administration does
  not. Fallbacks in LiteLLM's own configuration come after this question: give them the same tool.

Environment: `ENABLEMENT_URL`, `ENABLEMENT_TOKEN` (`token create litellm --scope access:evaluate`),
`ENABLEMENT_TOOLS` (`MODEL NAME=tool, …`), `ENABLEMENT_REGION` where the tool asks for one;
`SIGN_IN_ISSUER`, `SIGN_IN_AUDIENCE`, `SIGN_IN_KEYS` (the address of the provider's JWKS), and
`SIGN_IN_SUBJECT` if another claim than `sub` names people. What is missing keeps LiteLLM from starting.
"""

import asyncio
import hashlib
import json
import os
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import httpx
import jwt
from fastapi import Request
from litellm.proxy._types import LitellmUserRoles, ProxyException, UserAPIKeyAuth

#: All that one question may take, in seconds.
SECONDS = 2.0
ROUTES = {"/chat/completions", "/v1/chat/completions"}
#: The fields of OpenAI's chat completions. LiteLLM's own (fallbacks, api_base …) are not among them.
FIELDS = frozenset(
    re.findall(
        r"\w+",
        "audio frequency_penalty function_call functions logit_bias logprobs max_completion_tokens "
        "max_tokens messages modalities model n parallel_tool_calls prediction presence_penalty "
        "reasoning_effort response_format seed stop stream stream_options temperature tool_choice tools "
        "top_logprobs top_p user verbosity ",
    )
)
#: Signatures by key pairs alone: a shared secret could be the published key.
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
LEEWAY = 10

_GATE = os.environ["ENABLEMENT_URL"].rstrip("/")
_TOKEN = os.environ["ENABLEMENT_TOKEN"]
_REGION = os.environ.get("ENABLEMENT_REGION", "")
_TOOLS = {
    model.strip(): tool.strip()
    for model, _equals, tool in (pair.rpartition("=") for pair in os.environ["ENABLEMENT_TOOLS"].split(","))
}
_ISSUER, _AUDIENCE = os.environ["SIGN_IN_ISSUER"], os.environ["SIGN_IN_AUDIENCE"]
_SUBJECT = os.environ.get("SIGN_IN_SUBJECT", "sub")
_KEYS = jwt.PyJWKClient(os.environ["SIGN_IN_KEYS"], timeout=SECONDS)
if not all((_GATE, _TOKEN, _ISSUER, _AUDIENCE, *_TOOLS, *_TOOLS.values())):
    raise RuntimeError("litellm_auth: a setting is empty")

Refusal = tuple[HTTPStatus, str]


async def user_api_key_auth(request: Request, api_key: str) -> UserAPIKeyAuth:
    """Raises ProxyException for everything that is not a plain yes."""
    try:
        async with asyncio.timeout(2 * SECONDS):
            found = await _judged(request, api_key)
    except Exception:  # noqa: BLE001  # whatever it was: no answer is a no
        found = (HTTPStatus.SERVICE_UNAVAILABLE, "The gate does not answer; this model is closed meanwhile.")
    if isinstance(found, UserAPIKeyAuth):
        return found
    # Raised out here, so that it carries no cause that LiteLLM could take for a fault of its own.
    status, message = found
    raise ProxyException(message=message, type="auth_error", param="None", code=int(status))


async def _judged(request: Request, api_key: str) -> UserAPIKeyAuth | Refusal:
    model = _model(request, await request.body())
    if model is None:
        return HTTPStatus.FORBIDDEN, "Only plain chat completions with a governed model pass this door."
    subject = await asyncio.to_thread(_subject, api_key)
    if subject is None:
        return HTTPStatus.UNAUTHORIZED, "Sign in again: this token does not say who you are."
    refusal = await _refusal(subject, model)
    if refusal is not None:
        return refusal
    return UserAPIKeyAuth(
        # Names this person in LiteLLM's own records; the token itself is kept nowhere.
        api_key=hashlib.sha256(f"{_ISSUER} {subject}".encode()).hexdigest(),
        user_id=subject,
        user_role=LitellmUserRoles.INTERNAL_USER,
        models=[model],
    )


def _model(request: Request, body: bytes) -> str | None:
    """The governed model of a request that says nothing besides; None for every other request."""
    scope = request.scope
    if scope.get("method") != "POST" or scope["path"] not in ROUTES or scope.get("query_string"):
        return None
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        return None
    try:
        asked = json.loads(body.decode())
    except ValueError:
        return None
    if not isinstance(asked, dict) or not FIELDS.issuperset(asked):
        return None
    model = asked.get("model")
    return model if isinstance(model, str) and model in _TOOLS else None


def _subject(token: str) -> str | None:
    """Whom the identity provider vouches for. Raises where its keys cannot be had."""
    try:
        key = _KEYS.get_signing_key_from_jwt(token)
        claims = jwt.decode(
            token,
            key,
            algorithms=ALGORITHMS,
            issuer=_ISSUER,
            audience=_AUDIENCE,
            leeway=LEEWAY,
            options={"require": ["exp", "iss", "aud", _SUBJECT]},
        )
    except jwt.PyJWKClientConnectionError:
        raise
    except (jwt.PyJWTError, ValueError, TypeError):
        return None
    subject = claims[_SUBJECT]
    if not isinstance(subject, str) or not subject.strip():
        return None
    # An address that nobody has verified is whatever its owner typed.
    return subject if _SUBJECT != "email" or claims.get("email_verified") is True else None


async def _refusal(subject: str, model: str) -> Refusal | None:
    """Why not; None where the gate says a plain yes. Raises where it says nothing that can be understood."""
    context = {"model": model} | ({"region": _REGION} if _REGION else {})
    question = {
        "subject": {"type": "user", "id": subject},
        "resource": {"type": "microtool", "id": _TOOLS[model]},
        "action": {"name": "invoke"},
        "context": context,
    }
    async with asyncio.timeout(SECONDS), httpx.AsyncClient(timeout=SECONDS) as client:
        # No X-Request-ID of the client's: the same id would get the same answer again.
        answer = await client.post(
            f"{_GATE}/access/v1/evaluation", json=question, headers={"Authorization": f"Bearer {_TOKEN}"}
        )
    said = answer.json() if answer.status_code == HTTPStatus.OK else None
    if not isinstance(said, Mapping) or not isinstance(said.get("decision"), bool):
        raise TypeError("not an answer of the gate")
    context = said.get("context")
    if said["decision"] and isinstance(context, Mapping) and context.get("outcome") == "allow":
        return None
    return HTTPStatus.FORBIDDEN, _words(context)


def _words(context: Any) -> str:
    """The gate's own words for the person, with what is missing and where it is done."""
    context = context if isinstance(context, Mapping) else {}
    said = context.get("reason_user")
    lines = [said.get("en") if isinstance(said, Mapping) else None]
    unmet = context.get("unmet_gates")
    lines += [
        f"{gate.get('label') or gate.get('type')}: {gate.get('link')}"
        for gate in (unmet if isinstance(unmet, list) else [])
        if isinstance(gate, Mapping)
    ]
    return "\n".join(line for line in lines if isinstance(line, str)) or "The gate says no."
