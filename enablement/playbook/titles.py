"""Titles of what the playbook only names."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from enablement.playbook.content.formats import TrackFile


def tool_title(name: str, head: "TrackFile | None") -> str:
    """What people call a tool: as the track's content says, else from its name, which stays as it is."""
    return head.microtools.get(name, humanised(name)) if head else humanised(name)


def humanised(key: str) -> str:
    """A title from a key, where the content gives none: `ops_briefing` → "Ops briefing"."""
    words = key.replace("_", " ").replace("-", " ")
    return words[:1].upper() + words[1:]
