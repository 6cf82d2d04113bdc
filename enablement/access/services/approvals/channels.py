"""Messages to Slack and Teams: an approval waits for a person. Who asks, which tool, until when, a link.

What the approval is about stays inside: a channel has more readers than approvers.
"""

import json
import urllib.error
import urllib.request
from datetime import UTC
from http import HTTPStatus
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from slack_sdk.models.blocks import HeaderBlock, MarkdownTextObject, PlainTextObject, SectionBlock
from slack_sdk.webhook import WebhookClient

from enablement.access.models import ApprovalRequest
from enablement.access.models.approval import Kind
from enablement.jobs.retry_after import pause_of
from enablement.jobs.services import TryLater
from tracks.errors import Refused

SLACK, TEAMS = "slack", "teams"
#: Seconds that a channel may take to answer.
TIMEOUT = 10
#: Slack refuses a longer header; names are cut to `NAME_MAX`, so that a section stays far below its 3,000.
HEADER_MAX, NAME_MAX = 150, 200
_CARD = "application/vnd.microsoft.card.adaptive"


class _Message(NamedTuple):
    """`due`: UTC, as seconds and as ISO 8601."""

    title: str
    person: str
    tool: str
    due: int
    due_iso: str
    link: str


def channels() -> list[str]:
    """The channels that the settings name."""
    named = {SLACK: settings.SLACK_WEBHOOK_URL, TEAMS: settings.TEAMS_WEBHOOK_URL}
    return [name for name, url in named.items() if url]


def concerns_channels(request: ApprovalRequest, occasion: str) -> bool:
    """A person's own look at an output is their own business, and so is what came of a request."""
    return request.kind == Kind.APPROVAL and occasion in {"asked", "escalated"}


def post(*, request_id: UUID, occasion: str, channel: str) -> int:
    """Send the message, if somebody still has to decide; how many were sent.

    It may come twice after a fault. Raises TryLater where the channel asks for a pause, Refused where it does
    not take the message and will not, and OSError where it cannot be reached: then the job tries again.
    """
    request = ApprovalRequest.objects.select_related("subject", "microtool").get(pk=request_id)
    if not request.is_undecided or channel not in channels():
        return 0
    with translation.override(settings.LANGUAGE_CODE):
        message = _message(request, occasion)
        if channel == SLACK:
            _to_slack(message)
        else:
            _to_teams(message)
    return 1


def _message(request: ApprovalRequest, occasion: str) -> _Message:
    late = occasion == "escalated"
    title = _("An approval is late") if late else _("An approval waits for a person")
    # What is late already ends at its second term.
    due = (request.expires_at if late else request.due_at).astimezone(UTC).replace(microsecond=0)
    return _Message(
        title=title,
        person=Truncator(str(request.subject)).chars(NAME_MAX),
        tool=Truncator(str(request.microtool)).chars(NAME_MAX),
        due=int(due.timestamp()),
        due_iso=due.isoformat().replace("+00:00", "Z"),
        link=f"{settings.SITE_URL}{reverse('approval', args=[request.pk])}",
    )


def _to_slack(message: _Message) -> None:
    """A name cannot mention anybody or lead anywhere: `<`, `>` and `&` are Slack's only marks of that."""
    fallback = f"{message.due_iso[:16].replace('T', ' ')} UTC"
    names = {
        "name": _slack_text(message.person),
        "tool": _slack_text(message.tool),
        "due": f"<!date^{message.due}^{{date_short_pretty}}, {{time}}|{fallback}>",
    }
    asks = _("%(name)s asks for a person's yes to use %(tool)s. Due: %(due)s.") % names
    client = WebhookClient(settings.SLACK_WEBHOOK_URL, timeout=TIMEOUT, retry_handlers=[])
    header = PlainTextObject(text=message.title[:HEADER_MAX], emoji=False)
    link = _("See what it is, and decide")
    answer = client.send(
        text=f"{message.title}: {asks} <{message.link}>",
        blocks=[
            HeaderBlock(text=header),
            SectionBlock(text=MarkdownTextObject(text=f"{asks}\n<{message.link}|{link}>", verbatim=True)),
        ],
        unfurl_links=False,
    )
    waits = {name.lower(): value for name, value in answer.headers.items()}.get("retry-after")
    _settle(_("Slack"), answer.status_code, waits)


def _slack_text(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _to_teams(message: _Message) -> None:
    """An Adaptive Card for a workflow's webhook. Names stand in text runs, which know no Markdown."""
    body = json.dumps(
        {
            "type": "message",
            "attachments": [{"contentType": _CARD, "contentUrl": None, "content": _card(message)}],
        }
    ).encode()
    request = urllib.request.Request(  # noqa: S310 - the address is the operator's
        settings.TEAMS_WEBHOOK_URL, data=body, headers={"Content-Type": "application/json"}, method="POST"
    )
    try:
        with urllib.request.build_opener(_StayHere).open(request, timeout=TIMEOUT) as response:
            status, waits = response.status, None
    except urllib.error.HTTPError as error:
        with error:
            status, waits = error.code, error.headers.get("Retry-After")
    _settle(_("Teams"), status, waits)


def _card(message: _Message) -> dict[str, Any]:
    asks = _("%(name)s asks for a person's yes to use %(tool)s.") % {
        "name": message.person,
        "tool": message.tool,
    }
    due = _("Due: %(due)s") % {
        "due": f"{{{{DATE({message.due_iso},SHORT)}}}}, {{{{TIME({message.due_iso})}}}}"
    }
    return {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [
            {"type": "TextBlock", "text": message.title, "size": "Medium", "weight": "Bolder", "wrap": True},
            {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": asks}]},
            {"type": "TextBlock", "text": due, "isSubtle": True, "wrap": True},
        ],
        "actions": [
            {"type": "Action.OpenUrl", "title": _("See what it is, and decide"), "url": message.link}
        ],
    }


class _StayHere(urllib.request.HTTPRedirectHandler):
    """A redirect is an answer like any other that is not a yes."""

    def redirect_request(self, *_args: Any, **_options: Any) -> None:
        return None


def _settle(name: str, status: int, waits: str | None) -> None:
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return
    if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise TryLater(pause=pause_of(waits, at=timezone.now()))
    message = _("%(name)s did not take the message (%(status)d); check the channel's address.")
    raise Refused("channel", message % {"name": name, "status": status})
