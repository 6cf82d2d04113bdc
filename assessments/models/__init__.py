from assessments.models.attempt import Attempt, AttemptAllowance, AttemptItem
from assessments.models.question import Question, QuestionBank, QuestionVersion
from assessments.models.quiz import Quiz
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
    "CaseJudgement",
    "EvidenceFile",
    "LabReview",
    "Question",
    "QuestionBank",
    "QuestionVersion",
    "Quiz",
    "Route",
    "ShadowCase",
    "ShadowLook",
    "ShadowPool",
    "ShadowSample",
    "SignOff",
    "Submission",
]
