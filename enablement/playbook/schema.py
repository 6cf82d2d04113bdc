"""The format of a playbook: what may stand in the YAML file (docs/playbooks.md explains it to authors)."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from django.utils.text import slugify
from pydantic import BeforeValidator, Field, StrictBool, StrictInt, StrictStr, model_validator

from enablement.access.models.gate import RETENTION_DAYS
from enablement.access.models.microtool import REWORK_DAYS_MAX, REWORK_OF_MAX
from enablement.playbook.fields import (
    Clock,
    Email,
    Hours,
    Line,
    Minutes,
    Name,
    Share,
    Slug,
    Strict,
    Switch,
    refuse,
)

RiskTolerance = Literal["low", "medium", "high"]
#: The playbook's window for completing a track: 92 % within 14 days (slo.training_completion).
DUE_DAYS = 14
MAX_DUE_DAYS = 365


def _version(value: Any) -> str:
    """`version: 1.2` is read as a decimal that kept its digits; 1.10 stays 1.10."""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal) or not str(value).strip():
        raise refuse("not a version", "one like 1.2")
    return str(value)


class Owners(Strict):
    executive_sponsor: Email | None = None
    program_manager: Email | None = None
    security_partner: Email | None = None
    legal_partner: Email | None = None

    def named(self) -> dict[str, str]:
        return {name: email for name, email in self if email is not None}


class Regions(Strict):
    allowed: list[Slug] = Field(min_length=1)
    data_residency: Line = "enforced"
    pii_redaction: StrictBool = True


class ServiceLevels(Strict):
    training_completion: Share | None = None
    adoption_rate: Share | None = None
    exception_clearance_hours: Hours | None = None
    approval_hours: Hours | None = None


class Role(Strict):
    name: Name
    prompts: list[Slug] = []
    approvals: list[Slug] = []
    human_in_loop: StrictBool = False


class Rbac(Strict):
    roles: list[Role] = Field(min_length=1)


class Module(Strict):
    name: Line
    id: Slug | None = None
    was: Slug | None = None
    duration_min: Minutes
    outcomes: list[Line] = []

    @property
    def key(self) -> str:
        return self.id or slugify(self.name)


class ReworkRule(Strict):
    """Of `days` days, `reworked` of every `of` outputs, once at least `of` were reported, suspend."""

    reworked: Annotated[StrictInt, Field(ge=1, le=REWORK_OF_MAX)]
    of: Annotated[StrictInt, Field(ge=1, le=REWORK_OF_MAX)]
    days: Annotated[StrictInt, Field(ge=1, le=REWORK_DAYS_MAX)]

    @model_validator(mode="after")
    def _is_a_share(self) -> Self:
        if self.reworked > self.of:
            raise refuse(f"{self.reworked} of {self.of} cannot be", "no more reworked than reported")
        return self


class Microtool(Strict):
    name: Slug
    product: StrictStr = ""
    confidence_threshold: Share | None = None
    approval_rule: StrictStr = ""
    manual_grant: StrictBool = False
    rework_rule: ReworkRule | None = None
    prompts: list[Slug] = []


class Track(Strict):
    """`gating_conditions` as it stands in the file; `gating` brings it into the form of a gate.

    gating_immediate: what changes of it binds at once whoever holds the tools (decision 116).
    """

    id: Slug
    role: Name | None = None
    due_days: Annotated[StrictInt, Field(ge=1, le=MAX_DUE_DAYS)] = DUE_DAYS
    kpis: list[Line] = []
    modules: list[Module] = Field(min_length=1)
    microtools: list[Microtool] = []
    gating_conditions: Any = None
    gating_immediate: StrictBool = False


class LineOfBusiness(Strict):
    """What people may work for; its risk tolerance is what overlays may go by."""

    id: Slug
    risk_tolerance: RiskTolerance


class OverlayFor(Strict):
    """Whom an overlay is for: all that is given has to fit."""

    regions: list[Slug] = []
    lines_of_business: list[Slug] = []
    risk_tolerance: list[RiskTolerance] = []


class Overlay(Strict):
    """What holds besides, for some people; it may only tighten (`overlay_checks`)."""

    id: Slug
    title: Line | None = None
    reason: Line
    people: Annotated[OverlayFor, Field(alias="for")]
    tracks: list[Slug] = []
    gating_conditions: Any = None
    allowed_regions: Annotated[list[Slug], Field(min_length=1)] | None = None
    confidence_threshold: Share | None = None
    block_on_confidence_lt: Share | None = None
    yellow_zone_terms: list[Line] = []
    manual_review_required: StrictBool | None = None
    human_in_loop: StrictBool | None = None
    approvals: list[Slug] = []
    approval_rule: StrictStr = ""

    @property
    def conditions(self) -> list[Any]:
        """Its requirements, once they have been checked."""
        if self.gating_conditions is None:
            return []
        given = self.gating_conditions
        return [plain(node) for node in (given if isinstance(given, list) else [given])]

    def covers(self, track: Track) -> bool:
        return not self.tracks or track.id in self.tracks


class AuditTrail(Strict):
    store: Line
    retention_days: Annotated[StrictInt, Field(ge=1, le=36_500)]


class Observability(Strict):
    prompt_logging: Switch = "enabled"
    model_versions: StrictBool = True
    audit_trail: AuditTrail | None = None

    @property
    def keeps_content(self) -> bool:
        return self.prompt_logging == "enabled"

    @property
    def retention_days(self) -> int:
        return self.audit_trail.retention_days if self.audit_trail else RETENTION_DAYS


class WorkflowChanges(Strict):
    steps: list[Slug] = Field(min_length=1)
    sla_hours: Hours


class Approvals(Strict):
    workflow_changes: WorkflowChanges | None = None


class RiskThresholds(Strict):
    yellow_zone_terms: list[Line]
    block_on_confidence_lt: Share
    manual_review_required: StrictBool


class Communication(Strict):
    channels: list[Line] = []
    daily_brief_time_utc: Clock | None = None


class AdoptionReporting(Strict):
    sink: Line
    fields: list[Slug] = Field(min_length=1)


class PlaybookFile(Strict):
    """The whole file. What nothing reads yet is checked all the same and kept in the revision."""

    version: Annotated[str, BeforeValidator(_version)]
    owners: Owners
    regions: Regions
    slo: ServiceLevels = ServiceLevels()
    rbac: Rbac
    training_tracks: list[Track] = Field(min_length=1)
    observability: Observability = Observability()
    approvals: Approvals = Approvals()
    risk_thresholds: RiskThresholds
    communication: Communication = Communication()
    adoption_reporting: AdoptionReporting | None = None
    lines_of_business: list[LineOfBusiness] = []
    overlays: list[Overlay] = []

    @property
    def role_names(self) -> list[str]:
        return [role.name for role in self.rbac.roles]

    def role_of(self, track: Track) -> str | None:
        """The role that the track names, else the longest declared one that its id begins with."""
        if track.role is not None:
            return track.role
        fitting = [
            name
            for name in self.role_names
            if track.id == name or track.id.startswith((f"{name}_", f"{name}-"))
        ]
        return max(fitting, key=len, default=None)


def gate_tree(conditions: Any) -> dict[str, Any]:
    """The gate of a track: a list is `all_of`; without conditions, all its modules.

    Decimals become text, because the tree is stored as JSON and must not turn into floats.
    """
    if conditions is None:
        return {"all_of": [{"type": "modules_completed"}]}
    if isinstance(conditions, list):
        conditions = {"all_of": conditions}
    tree: dict[str, Any] = plain(conditions)
    return tree


def plain(value: Any) -> Any:
    """The value with decimals as their digits, fit for JSON."""
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return format(value, "f") if isinstance(value, Decimal) else value
