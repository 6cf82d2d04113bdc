"""The requirement types that access registers itself; each file is one type."""

from enablement.access import registry
from enablement.access.requirements.attestation import PolicyAttested
from enablement.access.requirements.dates import DateReached
from enablement.access.requirements.fitness import ToolFitness
from enablement.access.requirements.labs import LabsSignedOff
from enablement.access.requirements.modules import ModulesCompleted
from enablement.access.requirements.quiz import QuizPassed
from enablement.access.requirements.shadow import ShadowMode
from enablement.access.requirements.supervised import SupervisedDecisions
from enablement.access.requirements.survey import SurveyAnswered


def register_all() -> None:
    for requirement in (
        ModulesCompleted(),
        QuizPassed(),
        LabsSignedOff(),
        ShadowMode(),
        SurveyAnswered(),
        SupervisedDecisions(),
        ToolFitness(),
        PolicyAttested(),
        DateReached(),
    ):
        registry.register(requirement)
