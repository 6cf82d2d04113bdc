from enablement.access.models.approval import (
    ApprovalComment,
    ApprovalRequest,
    ApprovalStep,
    RequestKey,
)
from enablement.access.models.approval_delegation import ApprovalDelegation
from enablement.access.models.attestation import Attestation
from enablement.access.models.decision_log import DecisionLogMark, DecisionRecord
from enablement.access.models.emergency import EmergencyAccess
from enablement.access.models.gate import FormerGate, Gate, Policy
from enablement.access.models.grant import Grant
from enablement.access.models.grant_warning import GrantWarning
from enablement.access.models.hold import GrantHold
from enablement.access.models.microtool import Microtool, Prompt
from enablement.access.models.outcome import OutcomeReport
from enablement.access.models.prompt_version import PromptVersion
from enablement.access.models.retention import Erasure, LegalHold
from enablement.access.models.role_profile import RoleProfile
from enablement.access.models.ruling import Ruling, RulingModule
from enablement.access.models.sop import SOP, SOPStep
from enablement.access.models.standing import EnrolmentStanding
from enablement.access.models.stop import Stop
from enablement.access.models.waiver import Waiver

__all__ = [
    "SOP",
    "ApprovalComment",
    "ApprovalDelegation",
    "ApprovalRequest",
    "ApprovalStep",
    "Attestation",
    "DecisionLogMark",
    "DecisionRecord",
    "EmergencyAccess",
    "EnrolmentStanding",
    "Erasure",
    "FormerGate",
    "Gate",
    "Grant",
    "GrantHold",
    "GrantWarning",
    "LegalHold",
    "Microtool",
    "OutcomeReport",
    "Policy",
    "Prompt",
    "PromptVersion",
    "RequestKey",
    "RoleProfile",
    "Ruling",
    "RulingModule",
    "SOPStep",
    "Stop",
    "Waiver",
]
