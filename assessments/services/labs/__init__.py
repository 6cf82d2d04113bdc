"""Labs: work handed in round by round, reviewed against a rubric, signed off by a mentor."""

from assessments.services.labs.claims import claim, release
from assessments.services.labs.countersigning import countersign
from assessments.services.labs.drafts import hand_in, remove_file, revise, save_draft
from assessments.services.labs.evidence import CheckedFile, check_file
from assessments.services.labs.observing import record_case, remove_case
from assessments.services.labs.reviews import send_back, sign_off, sign_off_many
from assessments.services.labs.second_marks import mark
from assessments.services.labs.watch import void_changed
from assessments.services.labs.withdrawals import void, withdraw_sign_off

__all__ = [
    "CheckedFile",
    "check_file",
    "claim",
    "countersign",
    "hand_in",
    "mark",
    "record_case",
    "release",
    "remove_case",
    "remove_file",
    "revise",
    "save_draft",
    "send_back",
    "sign_off",
    "sign_off_many",
    "void",
    "void_changed",
    "withdraw_sign_off",
]
