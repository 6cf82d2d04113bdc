"""What may stand in each kind of content file (docs/playbooks.md explains it to authors)."""

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field, StrictBool, StrictInt, StrictStr

from assessments.models.quiz import MAX_PAGE_SIZE
from enablement.playbook.content.questions import QuestionFile
from enablement.playbook.fields import Line, Minutes, Moment, Name, Number, Slug, Strict, Text, Threshold
from tracks.rubric import MAX_FILES, MAX_OBSERVED, LabRules

Demand = Literal["required", "optional", "none"]
Points = Annotated[StrictInt, Field(ge=0, le=1000)]


class TrackFile(Strict):
    """`microtools`: what people call a tool of the track, by its name in the playbook."""

    title: Line
    summary: Text
    microtools: dict[Slug, Line] = {}


class Activity(Strict):
    """`taught_in`: `track/module`, by their keys; left out, the modules whose outcomes name the prompt."""

    key: Slug
    text: Text
    why: Text
    prompt: Slug | None = None
    taught_in: list[Line] = []


class RoleText(Strict):
    """One role's rubric: what to automate, what needs a person's look, what to avoid."""

    title: Line
    description: Text
    automate: list[Activity] = []
    yellow_zone: list[Activity] = []
    avoid: list[Activity] = []

    def rubric(self) -> dict[str, list[dict[str, Any]]]:
        lines = {"automate": self.automate, "yellow_zone": self.yellow_zone, "avoid": self.avoid}
        return {
            line: [activity.model_dump(exclude_defaults=True) for activity in activities]
            for line, activities in lines.items()
        }


class PromptText(Strict):
    """A prompt's approved wording. `variables`: what to fill in at each `{{ name }}` of its text."""

    title: Line
    owner: Name | None = None
    model_hint: StrictStr = ""
    changelog: Line
    variables: dict[Slug, Line] = {}
    text: Text


class SOPStepFile(Strict):
    """`threshold`: the confidence below which the person looks; at least the tool's own."""

    key: Slug
    title: Line
    text: Text
    prompt: Slug | None = None
    tool: Slug | None = None
    threshold: Threshold | None = None
    approver: Name | None = None
    task: Slug | None = None


class SOPFile(Strict):
    """A standard operating procedure. `begins`: what starts it."""

    title: Line
    role: Name
    purpose: Text
    begins: Line | None = None
    steps: list[SOPStepFile] = Field(min_length=1)


class LessonHead(Strict):
    """`major`: raised where a change is for new enrolments only."""

    title: Line
    kind: Literal["text", "checklist", "case_study", "runbook", "template", "poster"] = "text"
    minutes: Minutes
    major: Annotated[StrictInt, Field(ge=1, le=1000)] | None = None


class Level(Strict):
    points: Points
    title: Line
    description: Text


class Criterion(Strict):
    key: Slug
    title: Line
    minimum: Points = 0
    weight: Annotated[StrictInt, Field(ge=1, le=20)] = 1
    levels: list[Level]

    def as_rubric(self) -> dict[str, Any]:
        """As labs keep it; a weight of 1 is left out."""
        return self.model_dump(exclude={"weight"} if self.weight == 1 else None)


class Evidence(Strict):
    """`file_types`: endings that are taken; none named, all that can be kept."""

    text: Demand = "none"
    link: Demand = "none"
    file: Demand = "none"
    file_types: list[Literal["csv", "docx", "jpeg", "jpg", "md", "pdf", "png", "txt", "xlsx"]] = []
    min_files: Annotated[StrictInt, Field(ge=1, le=MAX_FILES)] = 1
    max_files: Annotated[StrictInt, Field(ge=1, le=MAX_FILES)] = MAX_FILES

    def demands(self) -> dict[str, str]:
        return {"text": self.text, "link": self.link, "file": self.file}


class SecondMarker(Strict):
    """Two people mark; up to `tolerance` points apart `counts` says whose marks count, else a third does."""

    tolerance: Points = 0
    counts: Literal["mean", "first"] = "mean"


class LabHead(Strict):
    title: Line
    minutes: Minutes
    evidence: Evidence
    pass_points: Points | None = None
    rubric: list[Criterion] = []
    observed_cases: Annotated[StrictInt, Field(ge=0, le=MAX_OBSERVED)] = 0
    second_marker: SecondMarker | None = None
    countersigned: StrictBool = False
    review_days: Annotated[StrictInt, Field(ge=1, le=30)] = 2

    def rules(self) -> LabRules:
        marker = self.second_marker
        return LabRules(
            file_types=self.evidence.file_types,
            min_files=self.evidence.min_files,
            max_files=self.evidence.max_files,
            observed_cases=self.observed_cases,
            second_marker=marker is not None,
            tolerance=marker.tolerance if marker else 0,
            settle=marker.counts if marker else "mean",
            countersigned=self.countersigned,
            review_days=self.review_days,
        )


class SectionFile(Strict):
    """Fixed `questions` by key, `draw` by `tag`, or both."""

    title: Line
    tag: Slug | Literal[""] = ""
    draw: Annotated[StrictInt, Field(ge=0, le=200)] = 0
    questions: list[Slug] = []


class QuizFile(Strict):
    key: Slug
    title: Line
    intro: StrictStr = ""
    time_limit_min: Minutes
    threshold: Threshold
    max_attempts: Annotated[StrictInt, Field(ge=1, le=100)] = 3
    cooldown_hours: Annotated[StrictInt, Field(ge=0, le=90 * 24)] = 24
    feedback: Literal["after_each", "after_submit", "after_close", "after_pass", "never"] = "after_submit"
    opens_at: Moment | None = None
    closes_at: Moment | None = None
    page_size: Annotated[StrictInt, Field(ge=1, le=MAX_PAGE_SIZE)] = 5
    shuffle_questions: StrictBool = True
    shuffle_options: StrictBool = True
    sections: list[SectionFile] = Field(min_length=1)
    questions: list[QuestionFile] = Field(min_length=1)


class ChoiceFile(Strict):
    key: Slug
    text: Text


class ItemFile(Strict):
    key: Slug
    kind: Literal["likert", "yes_no", "choice", "number", "text"]
    prompt: Text
    low: StrictStr = ""
    high: StrictStr = ""
    options: list[ChoiceFile] = []
    minimum: Number | None = Field(default=None, alias="min")
    maximum: Number | None = Field(default=None, alias="max")
    unit: StrictStr = ""
    required: StrictBool = False
    max_length: StrictInt | None = None


class SurveyFile(Strict):
    title: Line
    intro: StrictStr = ""
    anonymous: StrictBool = False
    items: list[ItemFile] = Field(min_length=1)


class Decisions(Strict):
    automate: Text
    review: Text
    avoid: Text
    escalate: Text


class PoolFile(Strict):
    title: Line
    instructions: Text
    microtool: Slug
    tool_version: Line
    model_version: Line
    decisions: Decisions


class CaseFile(Strict):
    key: Slug
    category: Line
    complexity: Literal["low", "medium", "high"]
    yellow_zone: StrictBool
    channel: Line
    subject: StrictStr
    body: StrictStr
    output: StrictStr
    confidence: Number
    model_version: StrictStr = ""
    prompt: Slug | None = None
    decision: Literal["automate", "review", "avoid", "escalate"]
    usable: StrictBool
    reason: StrictStr
    ground_truth: StrictBool = False


class MatrixRowFile(Strict):
    complexity: Annotated[StrictInt, Field(ge=1, le=3)]
    decides: Text
    check: Text
    within: Line


class CategoryFile(Strict):
    key: Slug
    definition: Text
    matrix: list[MatrixRowFile] = Field(min_length=1)


class CapstoneFile(Strict):
    """Shares of right decisions, and of criteria named, that a capstone has to reach."""

    right: Threshold = Decimal("0.80")
    named: Threshold = Decimal("0.60")


class ScenarioSetFile(Strict):
    """`size`: cases in a drill."""

    title: Line
    intro: StrictStr = ""
    size: Annotated[StrictInt, Field(ge=1, le=100)] = 20
    capstone: CapstoneFile = CapstoneFile()
    categories: list[CategoryFile] = Field(min_length=1)


class FactFile(Strict):
    title: Line
    text: Text


class CriterionFile(Strict):
    key: Slug
    text: Text


class ScenarioFile(Strict):
    key: Slug
    category: Slug
    complexity: Annotated[StrictInt, Field(ge=1, le=3)]
    title: Line
    situation: Text
    facts: list[FactFile] = []
    policy: Text
    decision: Literal["approve", "deny", "escalate"]
    criteria: list[CriterionFile] = Field(min_length=1)
    explanation: Text
    lesson: Slug | None = None


class ScenariosFile(Strict):
    scenarios: list[ScenarioFile] = Field(min_length=1)
