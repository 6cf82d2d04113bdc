"""What a standard operating procedure says, as it is put: for files, for people, and for the hash."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from enablement.ledger.canonical import canonical, sha256


@dataclass(frozen=True, kw_only=True, slots=True)
class StepSpec:
    """One step. Names are keys of the playbook, "" where the step has none.

    threshold: the confidence below which the person looks at the output. approver: who agrees before the next
    step. task: the action for which the role asks for an approval.
    """

    key: str
    title: str
    text: str
    prompt: str = ""
    tool: str = ""
    threshold: Decimal | None = None
    approver: str = ""
    task: str = ""

    def document(self) -> dict[str, Any]:
        """The threshold as its digits: 0.9 and 0.90 are the same step."""
        bound = None if self.threshold is None else f"{self.threshold.normalize():f}"
        return asdict(self) | {"threshold": bound}


@dataclass(frozen=True, kw_only=True, slots=True)
class SOPSpec:
    """`begins`: what starts the procedure; may be empty."""

    key: str
    role: str
    title: str
    purpose: str
    begins: str = ""
    steps: Sequence[StepSpec]

    @property
    def sha256(self) -> str:
        """Over everything that people go by."""
        named = {name: getattr(self, name) for name in ("key", "role", "title", "purpose", "begins")}
        return sha256(canonical(named | {"steps": [step.document() for step in self.steps]}))
