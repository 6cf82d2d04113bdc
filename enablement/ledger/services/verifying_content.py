"""Proof that what is left beside the chain is what the chain has the hash of."""

import json
from collections.abc import Iterable

from enablement.ledger.models import LedgerContent, LedgerLink

#: Entries in one question.
CHUNK = 500
HASH = "content_hmac"
#: Where the payload has it; canonical JSON has no spaces.
_MARK = f'"{HASH}":'


class ContentCheck:
    """Takes the links in their order and looks at their contents, some hundred at a time."""

    def __init__(self) -> None:
        self._waiting: list[LedgerLink] = []

    def problem(self, link: LedgerLink | None) -> tuple[LedgerLink, str] | None:
        """The first link whose content is wrong, and how; None as the link asks for what is left."""
        if link is not None and _MARK in link.entry.payload:
            self._waiting.append(link)
        if not self._waiting or (link is not None and len(self._waiting) < CHUNK):
            return None
        links, self._waiting = self._waiting, []
        contents = LedgerContent.objects.in_bulk([link.entry_id for link in links])
        return _first_problem(links, contents)


def _first_problem(
    links: Iterable[LedgerLink], contents: dict[object, LedgerContent]
) -> tuple[LedgerLink, str] | None:
    for link in links:
        content = contents.get(link.entry_id)
        if content is None:
            return link, "its content is missing, without a record of why"
        if content.gone_at is None and not _fits(content, link.entry.payload):
            return link, "its content was altered: it does not give the hash that the entry has"
    return None


def _fits(content: LedgerContent, payload: str) -> bool:
    try:
        return bool(content.hash() == json.loads(payload).get(HASH))
    except ValueError:
        return False
