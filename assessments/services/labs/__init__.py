"""Labs: work handed in round by round, reviewed against a rubric, signed off by a mentor."""

from assessments.services.labs.drafts import hand_in, remove_file, revise, save_draft
from assessments.services.labs.evidence import CheckedFile, check_file
from assessments.services.labs.reviews import claim, release, send_back, sign_off
from assessments.services.labs.withdrawals import void, withdraw_sign_off

__all__ = [
    "CheckedFile",
    "check_file",
    "claim",
    "hand_in",
    "release",
    "remove_file",
    "revise",
    "save_draft",
    "send_back",
    "sign_off",
    "void",
    "withdraw_sign_off",
]
