"""One activity of roles.yaml put on a line, changed or taken off; the rest stays as it was written."""

import io
from collections.abc import Mapping
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

LINES = ("automate", "yellow_zone", "avoid")
#: Wide enough that no line of an author's is broken.
_WIDTH = 100_000


def with_activity(text: str, *, role: str, line: str, activity: Mapping[str, Any]) -> str:
    """The file with this activity on that line of the role, and on no other.

    text: a sound roles.yaml that holds the role. An activity that stays on its line stays at its place.
    """
    yaml = YAML()
    yaml.width = _WIDTH
    yaml.preserve_quotes = True
    yaml.indent(mapping=2, sequence=4, offset=2)
    document = yaml.load(text)
    rubric = document[role]
    before = _taken_out(rubric, activity["key"], line)
    entry = before if before is not None else {}
    for name in ("key", "text", "why", "prompt", "taught_in"):
        value = activity.get(name)
        if not value:
            entry.pop(name, None)
        elif entry.get(name) != value:
            entry[name] = DoubleQuotedScalarString(value) if name in ("text", "why") else value
    if not any(each is entry for each in rubric.get(line, ())):
        rubric.setdefault(line, []).append(entry)
    target = io.StringIO()
    yaml.dump(document, target)
    return target.getvalue()


def _taken_out(rubric: Any, key: str, line: str) -> Any:
    """The entry as it stands, taken from the list where it stands on another line; None for a new one."""
    for each in LINES:
        for place, entry in enumerate(rubric.get(each, ())):
            if entry["key"] == key:
                return entry if each == line else rubric[each].pop(place)
    return None
