"""A gateway, as plain as one can be: one token, one question, one request."""

from dataclasses import dataclass
from typing import Any

import httpx

from enablement.demo.cast import DOMAIN
from tests.e2e.stacks import Stack

TOOL = "triage_summarizer"


@dataclass(frozen=True)
class Gateway:
    stack: Stack
    token: str

    def ask(self, handle: str, action: str = "invoke", **context: object) -> dict[str, Any]:
        """May this person use the tool now?"""
        return self._post("evaluation", 200, call(handle, action, **context))

    def request(self, handle: str, action: str, kind: str, **context: object) -> dict[str, Any]:
        """Asks for what a call needs from a person."""
        return self._post("requests", 201, call(handle, action, **context) | {"kind": kind})

    def report(self, decision: str, outcome: str) -> None:
        """Says what became of a decision."""
        self._post(f"decisions/{decision}/outcome", 201, {"outcome": outcome})

    def _post(self, door: str, status: int, body: dict[str, Any]) -> dict[str, Any]:
        answer = httpx.post(
            f"{self.stack.url}/access/v1/{door}",
            json=body,
            headers={"Authorization": f"Bearer {self.token}"},
            verify=False,
        )
        assert answer.status_code == status, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def allows(self, handle: str) -> bool:
        return bool(self.ask(handle)["decision"])

    def unmet(self, handle: str) -> list[str]:
        """The types of what is still missing."""
        return sorted(gate["type"] for gate in self.ask(handle)["context"]["unmet_gates"])


def call(handle: str, action: str, **context: object) -> dict[str, Any]:
    return {
        "subject": {"type": "user", "id": f"{handle}@{DOMAIN}"},
        "resource": {"type": "microtool", "id": TOOL},
        "action": {"name": action},
        "context": {"region": "eu-west-1", "prompt": "triage_summarize", **context},
    }
