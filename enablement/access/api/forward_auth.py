"""`/access/v1/forward-auth/{microtool}`: for nginx `auth_request`, Caddy and Traefik `forward_auth`.

Any method; 200, 401 or 403, with the decision in `X-Decision-*` headers. Who asks is the person of our own
session cookie, or, for a proxy that signs people in itself, `X-Enablement-Subject` beside an
`X-Enablement-Token` of scope `access:forward`. A subject without such a token is not listened to. What the
proxy says of the original request is recorded and decides nothing; what narrows the question (region, prompt,
model …) stands in the address, which the proxy's configuration fixes.
"""

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from enablement.access.api.door import DecisionUnavailable, recorded
from enablement.access.api.serializers import REASONS, ContextSerializer
from enablement.access.decisions.verdict import Call
from enablement.access.services.decisions import Caller, Decision, decide_call
from enablement.access.services.decisions.deciding import keyed
from enablement.people.api.authentication import find_token
from enablement.people.api.throttling import within_limit
from enablement.people.models.api_token import Scope

SUBJECT, TOKEN = "X-Enablement-Subject", "X-Enablement-Token"
#: What a proxy may say of the original request; its words are kept as keyed hashes.
SEEN = ("X-Original-URI", "X-Original-URL", "X-Original-Method", "X-Forwarded-Uri", "X-Forwarded-Method")


class Refusal(Exception):
    """Nobody to decide about: who asks is unknown (401), or may not ask (403)."""

    def __init__(self, status: int, reason: str, words: str) -> None:
        super().__init__(reason)
        self.status, self.reason, self.words = status, reason, words


@method_decorator([csrf_exempt, login_not_required], name="dispatch")
class ForwardAuthView(View):
    def dispatch(self, request: HttpRequest, *_args: Any, **kwargs: Any) -> HttpResponse:
        """Every method is the same question."""
        try:
            response = _answer(request, kwargs["microtool"])
        except Refusal as refusal:
            response = _page(request, status=refusal.status, words=refusal.words)
            response.headers["X-Decision-Reason"] = refusal.reason
        except DecisionUnavailable as error:
            response = HttpResponse(str(error.detail), status=error.status_code, content_type="text/plain")
        response.headers["Cache-Control"] = "no-store"
        return response


def _answer(request: HttpRequest, microtool: str) -> HttpResponse:
    with recorded():
        caller, subject = _who(request)
        narrowing = ContextSerializer(data=request.GET.dict())
        if not narrowing.is_valid():
            raise Refusal(403, "malformed", _("The proxy asks in a way that we cannot read."))
        decision = decide_call(
            call=Call(subject=subject, microtool=microtool, action="invoke", **narrowing.validated_data),
            caller=caller,
            at=timezone.now(),
            request_id=request.headers.get("X-Request-ID", "")[:200],
            seen={name: keyed(request.headers[name]) for name in SEEN if name in request.headers},
        )
    response = HttpResponse() if decision.verdict.decision else _denied(request, decision)
    response.headers["X-Decision-Id"] = str(decision.id)
    response.headers["X-Decision-Reason"] = decision.verdict.reason
    response.headers["X-Decision-Link"] = settings.SITE_URL + reverse("my_tools")
    if decision.verdict.decision and decision.person is not None:
        response.headers[SUBJECT] = str(decision.person)
    return response


def _who(request: HttpRequest) -> tuple[Caller, str]:
    """Who asks, and about whom."""
    if TOKEN not in request.headers:
        if not request.user.is_authenticated:
            raise Refusal(401, "sign_in", _("Sign in first, then open the tool again."))
        return Caller(label="session"), str(request.user.pk)
    token = find_token(request.headers[TOKEN], at=timezone.now())
    if token is None:
        raise Refusal(401, "invalid_token", _("The proxy's token is unknown or revoked."))
    if Scope.FORWARD not in token.scopes:
        raise Refusal(403, "insufficient_scope", _("The proxy's token may not ask for others."))
    if not within_limit(token):
        raise Refusal(403, "throttled", _("The proxy asks too often; try again in a minute."))
    return Caller.of_token(token), request.headers.get(SUBJECT, "")


def _denied(request: HttpRequest, decision: Decision) -> HttpResponse:
    """What Caddy and Traefik hand on to the person: what is missing, and where to get it."""
    verdict = decision.verdict
    return _page(request, status=403, words=str(REASONS[verdict.reason]), unmet=verdict.unmet)


def _page(request: HttpRequest, *, status: int, words: str, unmet: Any = ()) -> HttpResponse:
    if "text/html" not in request.headers.get("Accept", ""):
        return HttpResponse(words, status=status, content_type="text/plain; charset=utf-8")
    context = {"words": words, "unmet": unmet, "signed_out": status == 401, "site": settings.SITE_URL}  # noqa: PLR2004
    return render(request, "access/forward_denied.html", context, status=status)
