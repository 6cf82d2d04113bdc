"""Other requirements of a track's gate, or of an overlay, in the text of a playbook; everything else stays as
it was written.
"""

import io
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from ruamel.yaml import YAML

from enablement.access import registry
from enablement.playbook.errors import SourceErrors
from enablement.playbook.schema import gate_tree, plain
from enablement.playbook.yaml_source import Path, Source, load

_TRACKS, _OVERLAYS, _KEY, _IMMEDIATE = "training_tracks", "overlays", "gating_conditions", "gating_immediate"
#: The section of a track or an overlay, and its number there.
Place = tuple[str, int]
#: Wide enough that no line of an author's is broken.
_WIDTH = 100_000


def with_gate(text: str, *, file: str, track: str, tree: Mapping[str, Any], immediate: bool) -> str:
    """The playbook where this track has the gate `tree`, which has been checked, and that mark.

    text: a sound playbook with that track. What is written reads back as this gate and nothing else.
    """
    text = _plain(text)
    place, before = _found(text, file, _TRACKS, track)
    if gate_tree(before.get(_KEY)) != tree:
        text = _with_key(text, file=file, place=place, key=_KEY, value=_entry(tree))
    if before.get(_IMMEDIATE, False) is not immediate:
        text = _with_key(text, file=file, place=place, key=_IMMEDIATE, value=immediate)
    return text


def with_demands(text: str, *, file: str, overlay: str, tree: Mapping[str, Any]) -> str:
    """The same for what this overlay asks besides the gates; there has to be something of it."""
    text = _plain(text)
    place, before = _found(text, file, _OVERLAYS, overlay)
    if gate_tree(before.get(_KEY)) == tree:
        return text
    return _with_key(text, file=file, place=place, key=_KEY, value=_entry(tree))


def _plain(text: str) -> str:
    return text.removeprefix("\ufeff").replace("\r\n", "\n")


def _found(text: str, file: str, section: str, key: str) -> tuple[Place, Mapping[str, Any]]:
    """Where it stands, and what it says."""
    entries = load(text, file=file).value[section]
    index = next(i for i, each in enumerate(entries) if each["id"] == key)
    return (section, index), entries[index]


def _with_key(text: str, *, file: str, place: Place, key: str, value: Any) -> str:
    source = load(text, file=file)
    for write in (_in_lines, _in_document):
        written = write(text, source, place, key, value)
        if written is not None and _reads_as(written, source, place, key, value):
            return written
    message = f"{file}: {key} cannot be written"
    raise ValueError(message)


def _reads_as(written: str, before: Source, place: Place, key: str, value: Any) -> bool:
    """Whether the key there says that, and nothing else has changed."""
    section, index = place
    try:
        found, expected = plain(load(written, file=before.file).value), plain(before.value)
        said = found[section][index].pop(key)
    except (SourceErrors, LookupError, TypeError, AttributeError):
        return False
    expected[section][index].pop(key, None)
    return bool(said == plain(value) and found == expected)


def _in_lines(text: str, source: Source, place: Place, key: str, value: Any) -> str | None:
    """Only the lines of the key are written anew; None where they share a line with something else."""
    lines = text.splitlines()
    entry: Path = place
    stands = (*entry, key) in source
    path = (*entry, key) if stands else entry
    start = source.key_line(path) if stands else source.position(path).line
    column = source.key_column(path) if stands else source.position(path).column
    after = source.line_after(path)
    end = _without_trailing(lines, len(lines) if after is None else after - 1, column)
    before = lines[start - 1][: column - 1]
    if before.strip() not in {"", "-"} or end < start:
        return None
    block = [" " * (column - 1) + line if line else line for line in _dumped({key: value}).splitlines()]
    if stands:
        block[0] = before + block[0].lstrip()
        lines[start - 1 : end] = block
    else:
        lines[end:end] = block
    return "\n".join(lines) + "\n"


def _without_trailing(lines: list[str], end: int, column: int) -> int:
    """Empty lines, and comments that stand no deeper, belong to what follows."""
    while end > 0:
        line = lines[end - 1]
        indent = len(line) - len(line.lstrip())
        if line.strip() and not (line.lstrip().startswith("#") and indent < column):
            break
        end -= 1
    return end


def _in_document(text: str, _source: Source, place: Place, key: str, value: Any) -> str:
    """Through ruamel, which keeps comments and puts blanks its own way."""
    yaml = _writer()
    yaml.preserve_quotes = True
    document = yaml.load(text)
    section, index = place
    document[section][index][key] = value
    target = io.StringIO()
    yaml.dump(document, target)
    return target.getvalue()


def _dumped(value: Any) -> str:
    target = io.StringIO()
    _writer().dump(value, target)
    return target.getvalue()


def _writer() -> YAML:
    yaml = YAML()
    yaml.width = _WIDTH
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.representer.add_representer(
        Decimal,
        lambda writer, number: writer.represent_scalar("tag:yaml.org,2002:float", format(number, "f")),
    )
    return yaml


def _entry(tree: Mapping[str, Any]) -> Any:
    """As an author writes it: a list where all of it has to be met, numbers without quotes."""
    node = _node(tree)
    return node["all_of"] if set(node) == {"all_of"} else node


def _node(node: Mapping[str, Any]) -> dict[str, Any]:
    if "type" in node:
        return dict(_keys(node))
    if "not" in node:
        return {"not": _node(node["not"])}
    return {
        key: [_node(child) for child in value] if isinstance(value, list) else value
        for key, value in node.items()
    }


def _keys(leaf: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    requirement = registry.get(str(leaf["type"]))
    known = requirement.params.model_fields if requirement else {}
    for key, value in leaf.items():
        decimal = key in known and known[key].annotation in (Decimal, Decimal | None)
        yield key, Decimal(value) if decimal and isinstance(value, str) else value
