"""Reads the folder `content/`: which file is what, and what it belongs to in the playbook."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from assessments.scenario_specs import SetSpec
from enablement.playbook import bundle, gating
from enablement.playbook.bundle import refused
from enablement.playbook.content.formats import PromptText, RoleText, TrackFile
from enablement.playbook.content.model import Content, ModuleContent, PoolContent, TrackContent
from enablement.playbook.content.modules import LESSON, read_module
from enablement.playbook.content.prompts import PROMPTS, read_prompts
from enablement.playbook.content.scenarios import read_scenarios
from enablement.playbook.content.shadow import read_pool
from enablement.playbook.content.sops import SOPS, Found, Known, read_sops
from enablement.playbook.content.surveys import read_survey
from enablement.playbook.errors import SourceError, SourceErrors, show
from enablement.playbook.faults import Collector, validated
from enablement.playbook.schema import PlaybookFile, Track
from enablement.playbook.titles import tool_title
from enablement.playbook.yaml_source import Path, Source, load
from surveys.specs import SurveySpec

ROLES = "roles.yaml"
TRACK = "track.yaml"
SURVEY = re.compile(r"survey-(?P<key>[A-Za-z0-9_-]{1,100})\.yaml\Z")
POOL = re.compile(r"shadow-(?P<key>[A-Za-z0-9_-]{1,100})\.yaml\Z")
CASES = re.compile(r"shadow-(?P<key>[A-Za-z0-9_-]{1,100})\.jsonl\Z")
SCENARIOS = "scenarios.yaml"
SCENARIO_PART = re.compile(r"scenarios-(?P<name>[A-Za-z0-9_-]{1,100})\.yaml\Z")
_PARTS = (SURVEY, POOL, CASES, SCENARIO_PART)
_TRACK_FILES = (
    "track.yaml, survey-<key>.yaml, shadow-<key>.yaml and .jsonl, scenarios.yaml with scenarios-<name>.yaml, "
    "and a folder for each module"
)


@dataclass(frozen=True, slots=True)
class _Folder:
    """The content files of one track, by name within it."""

    track: Track
    files: Mapping[str, str]

    @property
    def name(self) -> str:
        return f"{bundle.CONTENT}{self.track.id}"


def read_content(files: Mapping[str, str], *, playbook: PlaybookFile, carried: bool = False) -> Content:
    """Content for this playbook; names of `files` are relative to `content/`.

    carried: the files come from the revision in force, not from the author, so that folders of modules that
    the playbook lacks are left out instead of being an error. Raises SourceErrors with all faults.
    """
    faults = Collector()
    left_out: list[str] = []
    by_track: dict[str, dict[str, str]] = {}
    for name, text in files.items():
        folder, _slash, rest = name.partition("/")
        if rest:
            by_track.setdefault(folder, {})[rest] = text
        elif name not in (ROLES, PROMPTS, SOPS):
            with faults:
                expected = f"{ROLES}, {PROMPTS}, {SOPS} or a track's folder"
                raise refused(f"{bundle.CONTENT}{name}", "unknown file", expected)
    tracks = {track.id: track for track in playbook.training_tracks}
    read = {
        folder: _track(_Folder(tracks[folder], inside), faults, left_out if carried else None)
        for folder, inside in sorted(by_track.items())
        if folder in tracks
    }
    left_out += [
        f"content/{folder}: the playbook has no such track" for folder in sorted(by_track.keys() - tracks)
    ]
    roles: dict[str, RoleText] = {}
    if ROLES in files:
        with faults:
            roles = _roles(files[ROLES], playbook, left_out, carried=carried)
    prompts: dict[str, PromptText] = {}
    if PROMPTS in files:
        with faults:
            file = f"{bundle.CONTENT}{PROMPTS}"
            prompts = read_prompts(files[PROMPTS], file=file, playbook=playbook, left_out=left_out)
    sops = Found(sops=(), left_out=(), gaps=())
    if SOPS in files:
        with faults:
            known = Known(playbook=playbook, written=prompts.keys())
            sops = read_sops(files[SOPS], file=f"{bundle.CONTENT}{SOPS}", known=known, carried=carried)
    faults.check()
    return Content(
        roles=roles,
        prompts=prompts,
        sops=sops.sops,
        tracks=read,
        left_out=(*left_out, *sops.left_out),
        gaps=sops.gaps,
    )


def _roles(text: str, playbook: PlaybookFile, left_out: list[str], *, carried: bool) -> dict[str, RoleText]:
    source = load(text, file=f"{bundle.CONTENT}{ROLES}")
    if not isinstance(source.value, dict):
        raise SourceErrors([source.error((), "not keys and values", "a key for each role")])
    faults = Collector()
    roles: dict[str, RoleText] = {}
    held = {role.name: role.prompts for role in playbook.rbac.roles}
    modules = [f"{track.id}/{module.key}" for track in playbook.training_tracks for module in track.modules]
    for name in source.value:
        with faults:
            role = validated(RoleText, source, path=(name,))
            if name not in held:
                left_out.append(f"content/{ROLES}: the playbook has no role {name}")
                continue
            roles[name] = role
            for fault in _rubric_faults(role, source, (name,), held[name], None if carried else modules):
                faults.add(fault)
    faults.check()
    return roles


def _rubric_faults(
    role: RoleText, source: Source, place: Path, prompts: list[str], modules: list[str] | None
) -> Iterator[SourceError]:
    """Activities that stand there twice, or name a prompt or a module that there is not."""
    seen: set[str] = set()
    for line, activities in role.rubric().items():
        for i, activity in enumerate(activities):
            path: Path = (*place, line, i)
            if activity["key"] in seen:
                message = f"the activity {show(activity['key'])} is there twice"
                yield source.error((*path, "key"), message, "every activity on one line")
            seen.add(activity["key"])
            if activity.get("prompt") not in (None, *prompts):
                message = f"the role {place[0]} does not hold the prompt {show(activity['prompt'])}"
                yield source.error((*path, "prompt"), message)
            for number, taught in enumerate(activity.get("taught_in", ())):
                if modules is not None and taught not in modules:
                    expected = f"one of {', '.join(modules)}"
                    message = f"the playbook has no module {show(taught)}"
                    yield source.error((*path, "taught_in", number), message, expected)


def _track(folder: _Folder, faults: Collector, left_out: list[str] | None) -> TrackContent:
    modules: dict[str, dict[str, str]] = {}
    known = [module.key for module in folder.track.modules]
    head: TrackFile | None = None
    for name, text in folder.files.items():
        module, _slash, rest = name.partition("/")
        with faults:
            if rest:
                modules.setdefault(module, {})[rest] = text
            elif name == TRACK:
                head = _head(folder, load(text, file=f"{folder.name}/{name}"))
            elif not (name == SCENARIOS or any(kind.match(name) for kind in _PARTS)):
                raise refused(f"{folder.name}/{name}", "unknown file", _TRACK_FILES)
    for module in sorted(modules.keys() - known):
        _unknown_module(f"{folder.name}/{module}", known, faults, left_out)
    read = {
        key: read_module(modules[key], folder=f"{folder.name}/{key}", faults=faults)
        for key in known
        if key in modules
    }
    _check_lessons(folder, read, faults)
    return TrackContent(
        head=head,
        modules=read,
        surveys=tuple(_surveys(folder, faults)),
        pools=tuple(_pools(folder, head, faults)),
        scenarios=_scenarios(folder, faults),
    )


def _head(folder: _Folder, source: Source) -> TrackFile:
    head = validated(TrackFile, source)
    tools = [tool.name for tool in folder.track.microtools]
    for tool in head.microtools:
        if tool not in tools:
            message = f"the track has no tool {show(tool)}"
            raise SourceErrors([source.error(("microtools", tool), message, f"one of {', '.join(tools)}")])
    return head


def _unknown_module(folder: str, known: list[str], faults: Collector, left_out: list[str] | None) -> None:
    if left_out is None:
        with faults:
            raise refused(folder, "the track has no such module", f"one of {', '.join(known)}")
    else:
        left_out.append(f"{folder}: the track has no such module")


def _check_lessons(folder: _Folder, modules: Mapping[str, ModuleContent], faults: Collector) -> None:
    """A question names a lesson of the track to read again."""
    lessons = _lesson_keys(folder)
    for key, module in modules.items():
        for i, question in enumerate(module.quiz.questions if module.quiz else ()):
            if question.lesson and question.lesson not in lessons:
                file = f"{folder.name}/{key}/quiz.yaml"
                source = load(folder.files[f"{key}/quiz.yaml"], file=file)
                message = f"the track has no lesson {show(question.lesson)}"
                faults.add(source.error(("questions", i, "lesson"), message, "the key of a lesson"))


def _lesson_keys(folder: _Folder) -> set[str]:
    names = (name.rpartition("/")[2] for name in folder.files if name.count("/") == 1)
    return {match["key"] for name in names if (match := LESSON.match(name))}


def _surveys(folder: _Folder, faults: Collector) -> Iterator[SurveySpec]:
    for position, (name, text) in enumerate(sorted(folder.files.items())):
        if match := SURVEY.match(name):
            with faults:
                source = load(text, file=f"{folder.name}/{name}")
                yield read_survey(source, key=match["key"], position=position)


def _pools(folder: _Folder, head: TrackFile | None, faults: Collector) -> Iterator[PoolContent]:
    names = {match["key"] for name in folder.files if (match := POOL.match(name) or CASES.match(name))}
    for key in sorted(names):
        pool, cases = f"shadow-{key}.yaml", f"shadow-{key}.jsonl"
        with faults:
            for name, other in ((pool, cases), (cases, pool)):
                if name not in folder.files:
                    raise refused(f"{folder.name}/{other}", f"{name} is missing beside it", "both files")
            yield read_pool(
                load(folder.files[pool], file=f"{folder.name}/{pool}"),
                folder.files[cases],
                key=key,
                cases_file=f"{folder.name}/{cases}",
                tools={tool.name: tool_title(tool.name, head) for tool in folder.track.microtools},
                sample_size=gating.sample_size(folder.track),
                rule=gating.pass_rule(folder.track),
            )


def _scenarios(folder: _Folder, faults: Collector) -> SetSpec | None:
    parts = sorted(name for name in folder.files if SCENARIO_PART.match(name))
    if SCENARIOS not in folder.files:
        for name in parts:
            with faults:
                raise refused(f"{folder.name}/{name}", f"{SCENARIOS} is missing beside it", "both files")
        return None
    with faults:
        return read_scenarios(
            load(folder.files[SCENARIOS], file=f"{folder.name}/{SCENARIOS}"),
            {name: load(folder.files[name], file=f"{folder.name}/{name}") for name in parts},
            lessons=_lesson_keys(folder),
        )
    return None
