"""One step put into a procedure of sops.yaml; the rest stays as it was written."""

import io
from collections.abc import Collection, Mapping
from typing import Any

from django.utils.text import slugify
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.scalarstring import DoubleQuotedScalarString, LiteralScalarString

#: Wide enough that no line of an author's is broken.
_WIDTH = 100_000
_KEYS = ("key", "title", "prompt", "tool", "threshold", "approver", "task", "text")


def with_step(text: str, *, sop: str, after: str, step: Mapping[str, Any]) -> str:
    """The file with this step after the one called `after`, or first ("").

    text: a sound sops.yaml that holds the procedure and that step. step: as in the file; empty values are
    left out. Its key is made from its title.
    """
    yaml = YAML()
    yaml.width = _WIDTH
    yaml.preserve_quotes = True
    yaml.indent(mapping=2, sequence=4, offset=2)
    document = yaml.load(text)
    steps = document[sop]["steps"]
    keys = [each["key"] for each in steps]
    named = {**step, "key": key_for(step["title"], taken=keys)}
    entry = CommentedMap((name, _written(name, named[name])) for name in _KEYS if named.get(name))
    steps.insert(keys.index(after) + 1 if after else 0, entry)
    target = io.StringIO()
    yaml.dump(document, target)
    return target.getvalue()


def key_for(title: str, *, taken: Collection[str]) -> str:
    key = slugify(title)[:60] or "step"
    return next(each for each in (key, *(f"{key}-{n}" for n in range(2, 1_000))) if each not in taken)


def _written(name: str, value: Any) -> Any:
    if name == "text":
        return LiteralScalarString("\n".join(line.rstrip() for line in value.strip().splitlines()) + "\n")
    return DoubleQuotedScalarString(value) if name == "title" else value
