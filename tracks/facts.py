"""What a service announces when it has changed a state.

A signal carries a batch: `signal.send(sender=Model, facts=[Fact(...), ...])`, inside the transaction of the
change. The lower apps know nothing of who listens; the composition root turns facts into gates and ledger
entries.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, kw_only=True, slots=True)
class Fact:
    """One thing that happened.

    kind: dotted, past tense, stable ("assessments.lab_signed_off").
    subject: what it happened to, as (model label, primary key as text).
    actor_id: who did it; None where the system did (a deadline passed).
    learner_id: whose proof it touches; None where nobody's gates depend on it.
    payload: JSON-ready values (numbers as int, decimals and times as text), no personal content.
    program: the name of the program that did it, where no person did.
    """

    kind: str
    subject: tuple[str, str]
    at: datetime
    actor_id: UUID | None
    learner_id: UUID | None = None
    payload: Mapping[str, Any] = field(default_factory=dict)
    program: str = ""
