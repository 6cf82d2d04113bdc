from assessments.models.allowance import AttemptAllowance, TimeAllowance
from assessments.models.attempt import Attempt, AttemptItem, ItemMark
from assessments.models.question import Question, QuestionBank, QuestionVersion
from assessments.models.quiz import Quiz
from assessments.models.scenario import (
    CaseDecision,
    Category,
    Complexity,
    Drill,
    Scenario,
    ScenarioSet,
    Verdict,
)
from assessments.models.shadow import (
    OFF_LIMITS,
    CaseJudgement,
    Route,
    ShadowCase,
    ShadowLook,
    ShadowPool,
    ShadowSample,
)
from assessments.models.sign_off import SignOff
from assessments.models.submission import EvidenceFile, LabReview, Submission

__all__ = [
    "OFF_LIMITS",
    "Attempt",
    "AttemptAllowance",
    "AttemptItem",
    "CaseDecision",
    "CaseJudgement",
    "Category",
    "Complexity",
    "Drill",
    "EvidenceFile",
    "ItemMark",
    "LabReview",
    "Question",
    "QuestionBank",
    "QuestionVersion",
    "Quiz",
    "Route",
    "Scenario",
    "ScenarioSet",
    "ShadowCase",
    "ShadowLook",
    "ShadowPool",
    "ShadowSample",
    "SignOff",
    "Submission",
    "TimeAllowance",
    "Verdict",
]
