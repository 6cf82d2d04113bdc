"""A gateway, as plain as one can be: one token, one question."""

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

    def ask(self, handle: str) -> dict[str, Any]:
        """May this person use the tool now?"""
        answer = httpx.post(
            f"{self.stack.url}/access/v1/evaluation",
            json={
                "subject": {"type": "user", "id": f"{handle}@{DOMAIN}"},
                "resource": {"type": "microtool", "id": TOOL},
                "action": {"name": "invoke"},
                "context": {"region": "eu-west-1", "prompt": "triage_summarize"},
            },
            headers={"Authorization": f"Bearer {self.token}"},
            verify=False,
        )
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def allows(self, handle: str) -> bool:
        return bool(self.ask(handle)["decision"])

    def unmet(self, handle: str) -> list[str]:
        """The types of what is still missing."""
        return sorted(gate["type"] for gate in self.ask(handle)["context"]["unmet_gates"])
