"""Who somebody is, as the organisation's identity provider says."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """`issuer` and `subject` name a person for good; `alias` is what gateways call them ("" for nothing).

    `groups`: the provider's, None where it named none at all; `email_verified` is its own word.
    """

    issuer: str
    subject: str
    alias: str
    email: str
    email_verified: bool
    name: str
    groups: frozenset[str] | None
