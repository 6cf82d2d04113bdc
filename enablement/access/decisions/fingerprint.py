"""The fingerprint of a call: what an approval or a review is bound to, beside its subject.

SHA-256 of the canonical JSON (RFC 8785) of `{"action", "confidence", "microtool", "prompt", "text",
"workflow_id"}`, null for what the call does not say; the confidence is text, its digits without trailing
zeros. Region and model are not part of it: the token and the policy decide on regions, and what a person has
approved is these words, whichever model wrote them.
"""

from decimal import Decimal

from enablement.access.decisions.verdict import Call
from enablement.ledger.canonical import canonical, sha256


def fingerprint(call: Call) -> str | None:
    """64 hexadecimal digits; None where the call holds text that has no canonical form (half a character)."""
    said = {
        "action": call.action,
        "confidence": None if call.confidence is None else digits(call.confidence),
        "microtool": call.microtool,
        "prompt": call.prompt,
        "text": call.text,
        "workflow_id": call.workflow_id,
    }
    try:
        return sha256(canonical(said))
    except ValueError:
        return None


def digits(confidence: Decimal) -> str:
    """0.90 and 0.9 are one confidence."""
    return format(confidence.normalize() + 0, "f")
