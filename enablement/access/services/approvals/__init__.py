"""Requests that a person settles: asking, deciding, what is late, delegates. Using one is the decision's."""

from enablement.access.services.approvals.changing import (
    CHAIN,
    CHANGE_HOURS,
    end_changes,
    ensure_approved,
    propose_change,
    spend_change,
)
from enablement.access.services.approvals.delegating import end_delegation, name_delegate
from enablement.access.services.approvals.idempotency import InProgress, KeyReused, forget_keys, once
from enablement.access.services.approvals.overdue import escalate_and_expire
from enablement.access.services.approvals.requesting import CallDenied, open_request
from enablement.access.services.approvals.settling import approve, cancel, comment, confirm, reject

__all__ = [
    "CHAIN",
    "CHANGE_HOURS",
    "CallDenied",
    "InProgress",
    "KeyReused",
    "approve",
    "cancel",
    "comment",
    "confirm",
    "end_changes",
    "end_delegation",
    "ensure_approved",
    "escalate_and_expire",
    "forget_keys",
    "name_delegate",
    "once",
    "open_request",
    "propose_change",
    "reject",
    "spend_change",
]
