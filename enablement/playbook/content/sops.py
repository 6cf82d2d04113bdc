"""The procedures' file: read with places, each step held against the playbook."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from enablement.access.sop_specs import SOPSpec, StepSpec
from enablement.playbook.checks import MANAGER_APPROVE, twice
from enablement.playbook.content.formats import SOPFile, SOPStepFile
from enablement.playbook.errors import SourceError, SourceErrors, show
from enablement.playbook.faults import Collector, validated
from enablement.playbook.schema import Microtool, PlaybookFile
from enablement.playbook.yaml_source import Path, Source, load

SOPS = "sops.yaml"


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """What steps may name. `written`: prompts with an approved wording."""

    playbook: PlaybookFile
    written: Collection[str]
    tools: Mapping[str, Microtool] = field(init=False)
    tool_of: Mapping[str, str] = field(init=False)
    approvers: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        tools = [tool for track in self.playbook.training_tracks for tool in track.microtools]
        names = (MANAGER_APPROVE, *self.playbook.role_names, *self.playbook.owners.named())
        object.__setattr__(self, "tools", {tool.name: tool for tool in tools})
        tool_of = {prompt: tool.name for tool in tools for prompt in tool.prompts}
        object.__setattr__(self, "tool_of", tool_of)
        object.__setattr__(self, "approvers", names)

    def tool_for(self, step: SOPStepFile) -> str:
        """The tool that a step names, else its prompt's; "" where there is none."""
        return step.tool or self.tool_of.get(step.prompt or "", "")


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """left_out: procedures of roles that the playbook does not have. gaps: what nobody can use."""

    sops: tuple[SOPSpec, ...]
    left_out: tuple[str, ...]
    gaps: tuple[str, ...]


def read_sops(text: str, *, file: str, known: Known, carried: bool) -> Found:
    """The procedures in this file.

    carried: the file comes from the revision in force, not from the author; what the playbook no longer has
    is a gap then, because nobody can mend a file that they do not hold. Raises SourceErrors with all faults.
    """
    source = load(text, file=file)
    if not isinstance(source.value, dict):
        raise SourceErrors([source.error((), "not keys and values", "a key for each procedure")])
    faults = Collector()
    sops: list[SOPSpec] = []
    left_out: list[str] = []
    gaps: list[str] = []
    for key in source.value:
        with faults:
            entry = validated(SOPFile, source, path=(key,))
            if entry.role not in known.playbook.role_names:
                left_out.append(f"{file}: the playbook has no role {entry.role}, whose procedure {key} is")
                continue
            for fault in _faults(entry, source, key, known):
                if carried:
                    gaps.append(f"procedure {key}: {fault.message}")
                else:
                    faults.add(fault)
            gaps += _gaps(entry, key, known)
            sops.append(_spec(entry, key, known))
    faults.check()
    return Found(sops=tuple(sops), left_out=tuple(left_out), gaps=tuple(dict.fromkeys(gaps)))


def _spec(entry: SOPFile, key: str, known: Known) -> SOPSpec:
    return SOPSpec(
        key=key,
        role=entry.role,
        title=entry.title,
        purpose=entry.purpose,
        begins=entry.begins or "",
        steps=tuple(
            StepSpec(
                key=step.key,
                title=step.title,
                text=step.text,
                prompt=step.prompt or "",
                tool=known.tool_for(step),
                threshold=step.threshold,
                approver=step.approver or "",
                task=step.task or "",
            )
            for step in entry.steps
        ),
    )


def _faults(entry: SOPFile, source: Source, key: str, known: Known) -> Iterator[SourceError]:
    base: Path = (key, "steps")
    yield from twice(
        source, (((*base, i, "key"), step.key) for i, step in enumerate(entry.steps)), "the step"
    )
    role = next(role for role in known.playbook.rbac.roles if role.name == entry.role)
    for i, step in enumerate(entry.steps):
        path = (*base, i)
        if step.tool is not None and step.tool not in known.tools:
            message = f"the playbook has no tool {show(step.tool)}"
            yield source.error((*path, "tool"), message, _one_of(known.tools))
        if step.prompt is not None and step.prompt not in role.prompts:
            message = f"the role {role.name} does not hold the prompt {show(step.prompt)}"
            yield source.error((*path, "prompt"), message, _one_of(role.prompts))
        elif step.prompt is not None and known.tool_of.get(step.prompt, known.tool_for(step)) != (
            known.tool_for(step)
        ):
            message = f"the prompt {show(step.prompt)} belongs to the tool {known.tool_of[step.prompt]}"
            yield source.error((*path, "tool"), message)
        if step.threshold is not None:
            yield from _threshold(step, source, path, known)
        if step.approver is not None and step.approver not in known.approvers:
            message = f"unknown approver {show(step.approver)}"
            yield source.error((*path, "approver"), message, _one_of(known.approvers))
        if step.task is not None and step.task not in role.approvals:
            message = f"the role {role.name} asks no approval for {show(step.task)}"
            yield source.error((*path, "task"), message, _one_of(role.approvals))


def _threshold(step: SOPStepFile, source: Source, path: Path, known: Known) -> Iterator[SourceError]:
    """A procedure may ask for more than the tool, never for less."""
    name = known.tool_for(step)
    tool = known.tools.get(name)
    own = tool.confidence_threshold if tool else None
    if not name:
        message = "a threshold without a tool"
        yield source.error((*path, "threshold"), message, "a key `tool` beside it")
    elif tool is not None and own is None:
        message = f"{name} has no threshold: every output is looked at"
        yield source.error((*path, "threshold"), message, "no threshold here")
    elif own is not None and step.threshold is not None and step.threshold < own:
        message = f"{step.threshold} is below {own} of {name}: a procedure may only ask for more"
        yield source.error((*path, "threshold"), message, f"at least {own}")


def _gaps(entry: SOPFile, key: str, known: Known) -> Iterator[str]:
    for step in entry.steps:
        if step.prompt is None:
            continue
        if step.prompt not in known.tool_of:
            yield f"procedure {key}, step {step.key}: the prompt {step.prompt} has no tool"
        if step.prompt not in known.written:
            yield f"procedure {key}, step {step.key}: the prompt {step.prompt} has no approved wording"


def _one_of(names: Collection[str]) -> str:
    return f"one of {', '.join(names)}" if names else "none: there is nothing to name"
