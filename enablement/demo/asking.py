"""A gateway in the demo: the calls of a day, most of them allowed, and what became of their outputs."""

import random
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from enablement.access.decisions.verdict import Call
from enablement.access.models import Grant
from enablement.access.services import decision_log
from enablement.access.services.decisions import Caller, decide_call
from enablement.access.services.outcomes import Said, report_outcome
from enablement.ledger import services as ledger
from enablement.people.models import User
from enablement.people.models.api_token import Scope
from enablement.people.services import create_token

TOOL = "triage_summarizer"
#: So many calls since so long ago.
CALLS, SINCE = 60, timedelta(hours=26)
#: One call in so many comes from a region that the playbook does not allow.
ABROAD = 12
#: Of the calls that are allowed, all but one in so many are reported on; most outputs are used.
REPORTED = 5
OUTCOMES = ("used", "used", "used", "used", "edited", "edited", "reworked")
SURE = (Decimal("0.97"), Decimal("0.93"), Decimal("0.88"), Decimal("0.79"), Decimal("0.64"))
TEXT = "Order 4711 arrived late; the customer asks when the replacement is sent."


def build(people: Mapping[str, User], *, end: datetime, chance: random.Random) -> None:
    """Who has the tool calls most; who has not yet tries too. Then the ledger is linked and signed."""
    start = end - SINCE
    token, _secret = create_token(
        name="Ticket desk",
        scopes=[Scope.EVALUATE, Scope.RECORDS],
        regions=[],
        microtools=[TOOL],
        actor=None,
        at=start,
    )
    caller = Caller.of_token(token)
    held = Grant.objects.filter(microtool__key=TOOL, state=Grant.State.GRANTED)
    holders = list(User.objects.filter(grants__in=held).order_by("email"))
    others = [person for handle, person in people.items() if handle.startswith("engineer")]
    for number in range(CALLS):
        person = chance.choice(holders if holders and number % 4 else others)
        at = start + number * SINCE / CALLS
        call = _call(person, number, chance)
        made = decide_call(call=call, caller=caller, at=at, request_id=f"demo-{number}")
        if made.verdict.decision and number % REPORTED:
            said = Said(outcome=chance.choice(OUTCOMES), minutes=chance.randint(2, 9), key=f"demo-{number}")
            report_outcome(decision=made.id, said=said, token=token, at=at + timedelta(minutes=10))
    ledger.checkpoint(at=end)
    decision_log.project()


def _call(person: User, number: int, chance: random.Random) -> Call:
    output = number % 3 == 0
    return Call(
        subject=person.email,
        microtool=TOOL,
        action="apply" if output else "invoke",
        region="ap-south-1" if number % ABROAD == ABROAD - 1 else "us-east-1",
        prompt="triage_summarize",
        model="summarizer-small",
        model_version="2026-09",
        confidence=chance.choice(SURE) if output else None,
        text=TEXT if output else None,
    )
