"""Reads that others may rely on; what only our own pages show stays in the modules."""

from assessments.selectors.labs import SignedOff, sign_offs_of_labs, signed_off_labs
from assessments.selectors.quizzes import QuizResult, latest_passes, quiz_results
from assessments.selectors.scenarios import SupervisedStanding, supervised_standings
from assessments.selectors.shadow import ShadowStanding, shadow_standings

__all__ = [
    "QuizResult",
    "ShadowStanding",
    "SignedOff",
    "SupervisedStanding",
    "latest_passes",
    "quiz_results",
    "shadow_standings",
    "sign_offs_of_labs",
    "signed_off_labs",
    "supervised_standings",
]
