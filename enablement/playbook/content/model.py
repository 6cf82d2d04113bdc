"""Content as it was read from files, ready for the services that put it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from assessments.pool_specs import CaseSpec, PoolSpec
from assessments.scenario_specs import SetSpec
from assessments.specs import QuizSpec
from enablement.access.sop_specs import SOPSpec
from enablement.playbook.content.formats import LabHead, LessonHead, PromptText, RoleText, TrackFile
from surveys.specs import SurveySpec


@dataclass(frozen=True, kw_only=True, slots=True)
class LessonContent:
    key: str
    position: int
    head: LessonHead
    body: str


@dataclass(frozen=True, kw_only=True, slots=True)
class LabContent:
    key: str
    position: int
    head: LabHead
    brief: str
    starter: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class ModuleContent:
    lessons: Sequence[LessonContent] = ()
    labs: Sequence[LabContent] = ()
    quiz: QuizSpec | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class PoolContent:
    spec: PoolSpec
    cases: Sequence[CaseSpec]


@dataclass(frozen=True, kw_only=True, slots=True)
class TrackContent:
    """`head` is None where the track has no `track.yaml`."""

    head: TrackFile | None = None
    modules: Mapping[str, ModuleContent] = field(default_factory=dict)
    surveys: Sequence[SurveySpec] = ()
    pools: Sequence[PoolContent] = ()
    scenarios: SetSpec | None = None

    def quizzes(self) -> Iterator[QuizSpec]:
        return (module.quiz for module in self.modules.values() if module.quiz is not None)

    def labs(self) -> Iterator[LabContent]:
        return (lab for module in self.modules.values() for lab in module.labs)


@dataclass(frozen=True, kw_only=True, slots=True)
class Content:
    """`left_out` says, in words, which files belong to nothing that the playbook holds.

    gaps: what steps of procedures name and nobody can use.
    """

    roles: Mapping[str, RoleText] = field(default_factory=dict)
    prompts: Mapping[str, PromptText] = field(default_factory=dict)
    sops: Sequence[SOPSpec] = ()
    tracks: Mapping[str, TrackContent] = field(default_factory=dict)
    left_out: Sequence[str] = ()
    gaps: Sequence[str] = ()
