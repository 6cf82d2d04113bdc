"""What a version of a prompt says, and when it is sound."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from enablement.ledger.canonical import canonical, sha256

#: A place in a prompt's text that is filled in: `{{ ticket }}`.
_PLACE = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,49}\Z")
MAX_TEXT = 20_000


@dataclass(frozen=True, kw_only=True, slots=True)
class PromptSpec:
    """variables: what to fill in at each `{{ name }}` of the text, by name. model_hint: may be empty."""

    title: str
    text: str
    variables: Mapping[str, str]
    model_hint: str = ""

    @property
    def sha256(self) -> str:
        """Over everything that a person who runs it relies on."""
        return sha256(
            canonical(
                {
                    "model_hint": self.model_hint,
                    "text": self.text,
                    "title": self.title,
                    "variables": dict(self.variables),
                }
            )
        )

    def faults(self) -> Iterator[tuple[str, int, int]]:
        """What is wrong, with line and column in the text (0, 0: it is missing there)."""
        used = set()
        for place in _PLACE.finditer(self.text):
            name = place[1]
            used.add(name)
            line = self.text.count("\n", 0, place.start()) + 1
            column = place.start() - (self.text.rfind("\n", 0, place.start()) + 1) + 1
            if not _NAME.match(name):
                yield f"{{{{ {name} }}}} is not a name: small letters, digits and underscores", line, column
            elif name not in self.variables:
                yield f"{{{{ {name} }}}} is not among the variables", line, column
        for name in self.variables:
            if name not in used:
                yield f"the variable {name} does not occur in the text", 0, 0
