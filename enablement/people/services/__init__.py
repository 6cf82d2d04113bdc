"""Use cases about people: accounts, the roster as a file, tokens."""

from enablement.people.services.accounts import add_person, deactivate, reactivate, update_person
from enablement.people.services.auditors import end_auditor_access, give_auditor_access
from enablement.people.services.tokens import create_token, revoke_token, rotate_token

__all__ = [
    "add_person",
    "create_token",
    "deactivate",
    "end_auditor_access",
    "give_auditor_access",
    "reactivate",
    "revoke_token",
    "rotate_token",
    "update_person",
]
