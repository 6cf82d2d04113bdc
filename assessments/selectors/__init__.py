"""Reads that others may rely on; what only our own pages show stays in the modules."""

from assessments.selectors.labs import signed_off_labs
from assessments.selectors.quizzes import QuizResult, quiz_results
from assessments.selectors.scenarios import SupervisedStanding, supervised_standings
from assessments.selectors.shadow import ShadowStanding, shadow_standings

__all__ = [
    "QuizResult",
    "ShadowStanding",
    "SupervisedStanding",
    "quiz_results",
    "shadow_standings",
    "signed_off_labs",
    "supervised_standings",
]
