"""The prompt library's file: read with places, and written back with what was approved in the browser."""

import io
from collections.abc import Iterator, Mapping
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import LiteralScalarString

from enablement.access.prompt_texts import PromptSpec
from enablement.playbook.content.formats import PromptText
from enablement.playbook.errors import SourceError, SourceErrors
from enablement.playbook.faults import Collector, validated
from enablement.playbook.schema import PlaybookFile
from enablement.playbook.yaml_source import load

PROMPTS = "prompts.yaml"
_WIDTH = 100_000


def spec_of(entry: PromptText) -> PromptSpec:
    return PromptSpec(
        title=entry.title, text=entry.text, variables=entry.variables, model_hint=entry.model_hint
    )


def read_prompts(
    text: str, *, file: str, playbook: PlaybookFile, left_out: list[str]
) -> dict[str, PromptText]:
    """By the prompt's key; those that no role holds are left out. Raises SourceErrors."""
    source = load(text, file=file)
    if not isinstance(source.value, dict):
        raise SourceErrors([source.error((), "not keys and values", "a key for each prompt")])
    faults = Collector()
    held = {prompt for role in playbook.rbac.roles for prompt in role.prompts}
    found: dict[str, PromptText] = {}
    for key in source.value:
        with faults:
            entry = validated(PromptText, source, path=(key,))
            if key not in held:
                left_out.append(f"{file}: no role of the playbook holds the prompt {key}")
                continue
            found[key] = entry
            for fault in _faults(entry, source, key, playbook):
                faults.add(fault)
    faults.check()
    return found


def _faults(entry: PromptText, source: Any, key: str, playbook: PlaybookFile) -> Iterator[SourceError]:
    for message, line, column in spec_of(entry).faults():
        if line:
            yield source.block_error((key, "text"), message, line=line, column=column)
        else:
            yield source.error((key, "variables"), message)
    if entry.owner is not None and entry.owner not in playbook.role_names:
        message = f"the playbook has no role {entry.owner}"
        yield source.error((key, "owner"), message, f"one of {', '.join(playbook.role_names)}")


def rewritten(text: str, entries: Mapping[str, Mapping[str, Any]]) -> str:
    """The file with exactly these prompts; an entry that stays the same stays as it was written."""
    yaml = YAML()
    yaml.width = _WIDTH
    yaml.preserve_quotes = True
    yaml.indent(mapping=2, sequence=4, offset=2)
    document = yaml.load(text) if text.strip() else {}
    for key in [key for key in document if key not in entries]:
        del document[key]
    for key, entry in entries.items():
        standing = document.setdefault(key, {})
        for name, value in entry.items():
            if not value:
                standing.pop(name, None)
            elif _plain(standing.get(name)) != value:
                block = isinstance(value, str) and "\n" in value
                standing[name] = LiteralScalarString(f"{value}\n") if block else value
    target = io.StringIO()
    yaml.dump(document, target)
    return target.getvalue()


def _plain(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value
