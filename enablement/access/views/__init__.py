from enablement.access.views.approvals import (
    approval,
    approval_ask,
    approval_comment,
    approval_confirm,
    approval_decide,
    approval_delegate,
    approval_delegate_end,
    approval_list,
    approval_withdraw,
)
from enablement.access.views.governance import access_overview, access_person
from enablement.access.views.tools import my_tools

__all__ = [
    "access_overview",
    "access_person",
    "approval",
    "approval_ask",
    "approval_comment",
    "approval_confirm",
    "approval_decide",
    "approval_delegate",
    "approval_delegate_end",
    "approval_list",
    "approval_withdraw",
    "my_tools",
]
