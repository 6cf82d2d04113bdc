from assessments.models.allowance import AttemptAllowance, TimeAllowance
from assessments.models.appeal import Appeal
from assessments.models.attempt import Attempt, AttemptItem, ItemMark
from assessments.models.item_analysis import ItemAnalysis
from assessments.models.question import Question, QuestionBank, QuestionImage, QuestionVersion
from assessments.models.question_upload import QuestionUpload
from assessments.models.quiz import Quiz
from assessments.models.regrade import ItemRegrade, KeyPatch, Regrade
from assessments.models.scenario import (
    CaseDecision,
    Category,
    Complexity,
    Drill,
    Scenario,
    ScenarioSet,
    Verdict,
)
from assessments.models.shadow import OFF_LIMITS, Marks, Route, ShadowCase, ShadowPool, ShadowVersion
from assessments.models.shadow_answers import CaseJudgement, ShadowLook, ShadowSample
from assessments.models.sign_off import SignOff
from assessments.models.submission import EvidenceFile, LabMark, LabReview, Observation, Submission

__all__ = [
    "OFF_LIMITS",
    "Appeal",
    "Attempt",
    "AttemptAllowance",
    "AttemptItem",
    "CaseDecision",
    "CaseJudgement",
    "Category",
    "Complexity",
    "Drill",
    "EvidenceFile",
    "ItemAnalysis",
    "ItemMark",
    "ItemRegrade",
    "KeyPatch",
    "LabMark",
    "LabReview",
    "Marks",
    "Observation",
    "Question",
    "QuestionBank",
    "QuestionImage",
    "QuestionUpload",
    "QuestionVersion",
    "Quiz",
    "Regrade",
    "Route",
    "Scenario",
    "ScenarioSet",
    "ShadowCase",
    "ShadowLook",
    "ShadowPool",
    "ShadowSample",
    "ShadowVersion",
    "SignOff",
    "Submission",
    "TimeAllowance",
    "Verdict",
]
