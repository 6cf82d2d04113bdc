"""A governed tool, as small as one can be: summarises a support ticket, behind the gate.

    python3 deploy/example_tool/triage_summarizer.py --port 8001 \
        --gate http://127.0.0.1:8000 [--token-file FILE]

With `--gate` it asks for itself, on every request, whether this person may use it now (with the browser's own
cookies), and stays closed whenever there is no answer. Without it a proxy has to stand in front, as
deploy/nginx.conf and deploy/Caddyfile have it. With a token it also asks whether its output may be used, and
reports what became of it.
Standard library only.
"""

import argparse
import http.client
import json
import sys
from dataclasses import dataclass
from html import escape
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from summarising import MODEL_VERSION, Summary, summarise

TOOL = "triage_summarizer"
SUBJECT = "X-Enablement-Subject"
SECONDS = 3.0
EVENTS = "/events"
MAX_BODY = 50_000
EXAMPLE = (
    "My parcel 4711 was due on Monday.\n"
    "Tracking shows no move since Friday, and I need the parcel by Saturday.\n"
    "Thank you for your help."
)
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}
STYLE = Path(__file__).with_name("style.css").read_bytes()
OUTCOMES = {
    "allow": "You may use it as it is.",
    "review_required": "Look at it yourself before you use it.",
    "approval_required": "Another person has to approve it first.",
    "deny": "Do not use it: the gate refused this output. Work on the ticket without it.",
}


#: What the user says became of the output, and how the product calls it (docs/outcomes.md).
BECAME = {"used": "I used it", "edited": "I changed a little", "reworked": "I wrote it again"}
THANKS = {
    True: "Thank you, that is on record.",
    False: "This could not be reported now; nothing was recorded.",
}


@dataclass(frozen=True)
class Passage:
    """What the gate said: `status` 200 lets the person through; otherwise `body` is what they see."""

    status: int
    subject: str = ""
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"


CLOSED = Passage(
    HTTPStatus.SERVICE_UNAVAILABLE, body=b"The gate does not answer, so this tool is closed. Try again."
)


@dataclass(frozen=True)
class Gate:
    """Asks the product; every failure is a no."""

    address: str
    token: str = ""

    def passage(self, cookies: str, accept: str, path: str) -> Passage:
        headers = {"Cookie": cookies, "Accept": accept, "X-Original-URI": path}
        try:
            response, body = self._ask("GET", f"/access/v1/forward-auth/{TOOL}", headers=headers)
        except (OSError, http.client.HTTPException):
            return CLOSED
        if response.status == HTTPStatus.OK:
            return Passage(HTTPStatus.OK, subject=response.headers.get(SUBJECT, ""))
        if response.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            content_type = response.headers.get("Content-Type", "text/plain")
            return Passage(response.status, body=body, content_type=content_type)
        return CLOSED

    def outcome(self, subject: str, summary: Summary) -> tuple[str, str]:
        """Whether the output may be used, and the decision's id; "deny" where nobody can say."""
        question = {
            "subject": {"type": "user", "id": subject},
            "resource": {"type": "microtool", "id": TOOL},
            "action": {"name": "apply"},
            "context": {
                "confidence": summary.confidence,
                "text": summary.text,
                "prompt": "triage_summarize",
                "model_version": MODEL_VERSION,
            },
        }
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        try:
            _response, body = self._ask("POST", "/access/v1/evaluation", headers, json.dumps(question))
            context = json.loads(body)["context"]
            return str(context["outcome"]), str(context.get("id", ""))
        except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
            return "deny", ""

    def report(self, decision: str, became: str) -> bool:
        """Whether it was taken. The key makes a click that is sent twice one report."""
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Content-Type": "application/json",
            "Idempotency-Key": f"{decision}:{became}",
        }
        try:
            path = f"/access/v1/decisions/{UUID(decision)}/outcome"
            response, _body = self._ask("POST", path, headers, json.dumps({"outcome": became}))
        except (OSError, http.client.HTTPException, ValueError):
            return False
        return response.status in {HTTPStatus.OK, HTTPStatus.CREATED}

    def _ask(
        self, method: str, path: str, headers: dict[str, str], body: str | None = None
    ) -> tuple[http.client.HTTPResponse, bytes]:
        parts = urlsplit(self.address)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(parts.netloc, timeout=SECONDS)
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            return response, response.read()
        finally:
            connection.close()


class Tool(BaseHTTPRequestHandler):
    """GET shows the form, POST the summary as well; a webhook of the product may be pointed at `EVENTS`."""

    gate: Gate | None = None
    server_version = "triage-summarizer"

    def do_GET(self) -> None:
        if self.path == "/style.css":
            self._send(HTTPStatus.OK, STYLE, "text/css")
        else:
            self._answer("")

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > MAX_BODY:
            self._send(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, b"At most 50,000 bytes.", "text/plain")
            return
        if self.path == EVENTS:
            # It asks before every call, and so has nothing to remember.
            self.rfile.read(int(length))
            self._send(HTTPStatus.NO_CONTENT, b"", "text/plain")
            return
        fields = parse_qs(self.rfile.read(int(length)).decode(errors="replace"))
        said = {name: values[0] for name, values in fields.items()}
        self._answer(said.get("ticket", ""), said.get("decision", ""), said.get("became", ""))

    def _answer(self, ticket: str, decision: str = "", became: str = "") -> None:
        passage = self._passage()
        if passage.status != HTTPStatus.OK:
            self._send(passage.status, passage.body, passage.content_type)
            return
        result = self._result(ticket, passage.subject) if ticket.strip() else ""
        if self.gate is not None and self.gate.token and became in BECAME:
            result = f"<p><strong>{THANKS[self.gate.report(decision, became)]}</strong></p>"
        page = PAGE.format(ticket=escape(ticket or EXAMPLE), result=result)
        self._send(HTTPStatus.OK, page.encode(), "text/html; charset=utf-8")

    def _passage(self) -> Passage:
        if self.gate is None:
            return Passage(HTTPStatus.OK, subject=self.headers.get(SUBJECT, ""))
        return self.gate.passage(self.headers.get("Cookie", ""), self.headers.get("Accept", ""), self.path)

    def _result(self, ticket: str, subject: str) -> str:
        summary = summarise(ticket)
        words, form = "", ""
        if self.gate is not None and self.gate.token:
            outcome, decision = self.gate.outcome(subject, summary)
            words = OUTCOMES.get(outcome, OUTCOMES["deny"])
            form = _became(decision) if outcome == "allow" else ""
        quote = f"<blockquote>{escape(summary.text)}</blockquote><p>Confidence: {summary.confidence:.2f}</p>"
        return f"<h2>Summary</h2>{quote}<p><strong>{words}</strong></p>{form}"

    def _send(self, status: int, body: bytes, content_type: str) -> None:
        self.send_response(status)
        for name, value in {
            **HEADERS,
            "Content-Type": content_type,
            "Content-Length": str(len(body)),
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        """Quiet: the gate keeps the record."""


def _became(decision: str) -> str:
    buttons = "".join(
        f'<button name="became" value="{name}">{words}</button> ' for name, words in BECAME.items()
    )
    return (
        f'<form method="post"><input type="hidden" name="decision" value="{escape(decision)}">'
        f"<p>What became of it?</p>{buttons}</form>"
    )


PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Triage summariser</title><link rel="stylesheet" href="/style.css"></head>
<body><main><h1>Triage summariser</h1>
<p>Paste a ticket, get its two most telling sentences. This is an example of a tool behind the gate.</p>
<form method="post"><label for="ticket">Ticket</label>
<textarea id="ticket" name="ticket" rows="8">{ticket}</textarea><button>Summarise</button></form>
{result}</main></body></html>
"""


def main() -> None:
    parser = argparse.ArgumentParser(description="A small governed tool behind the gate.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--gate", default="", help="address of the product, where no proxy asks it")
    parser.add_argument(
        "--token-file",
        type=Path,
        help="a token of scopes access:evaluate and records:write, bound to this tool",
    )
    options = parser.parse_args()
    if options.gate:
        token = options.token_file.read_text().strip() if options.token_file else ""
        Tool.gate = Gate(options.gate.rstrip("/"), token)
    try:
        ThreadingHTTPServer(("127.0.0.1", options.port), Tool).serve_forever()
    except OSError as error:
        sys.exit(f"port {options.port} cannot be used ({error})")
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
