"""Proof that nothing was changed: every entry, its content, link, checkpoint and revision is hashed again."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import DatabaseError, connection

from enablement.ledger import guards
from enablement.ledger.canonical import GENESIS, sha256
from enablement.ledger.models import LedgerLink, PolicyRevision
from enablement.ledger.services.linking import link
from enablement.ledger.services.verifying_checkpoints import check_checkpoints
from enablement.ledger.services.verifying_content import ContentCheck

CHUNK = 2000
#: What reading a row raises that holds no time, id or text any more: SQLite stores any bytes in any column.
UNREADABLE = (AttributeError, TypeError, ValueError, DatabaseError)
ALTERED_BEYOND_READING = "a column of the entry or its link was altered and cannot be read"


@dataclass(frozen=True, slots=True)
class Break:
    """The first thing that is wrong. `position` and `entry_id` are None where it has none."""

    problem: str
    position: int | None = None
    entry_id: UUID | None = None

    def __str__(self) -> str:
        where = [f"position {self.position}"] if self.position is not None else []
        where += [f"entry {self.entry_id}"] if self.entry_id else []
        return f"{', '.join(where)}: {self.problem}" if where else self.problem


@dataclass(frozen=True, slots=True)
class Report:
    """entries: in the chain and sound, up to the break; head: the hash of the last of them.

    checkpoints: signed by us and true to the chain, up to the break; 0 where the chain itself is broken.
    """

    entries: int
    head: str
    checkpoints: int
    broken: Break | None
    missing_guards: tuple[str, ...]

    @property
    def intact(self) -> bool:
        return self.broken is None and not self.missing_guards


def verify(*, at: datetime) -> Report:
    """Link the tail, then check the whole chain in its order, the checkpoints and the policy revisions.

    Memory stays flat. What cannot be seen: links cut off at the very end together with the checkpoints that
    hold them (unless one of those is kept elsewhere, in an evidence pack say), and entries removed before
    they were linked (only the database's guards stand before those).
    """
    link(at=at, everything=True)
    entries, head, broken = 0, GENESIS, None
    contents, wrong = ContentCheck(), None
    for step in _walk():
        if isinstance(step, Break):
            broken = step
            break
        entries, head = step.position, step.hash
        wrong = wrong or contents.problem(step)
    wrong = wrong or contents.problem(None)
    if broken is None and wrong is not None:
        broken = Break(wrong[1], wrong[0].position, wrong[0].entry_id)
    checkpoints = 0
    if broken is None:
        checkpoints, problem = check_checkpoints()
        broken = Break(f"checkpoint {checkpoints + 1}: {problem}") if problem else None
    return Report(
        entries=entries,
        head=head,
        checkpoints=checkpoints,
        broken=broken or _broken_revision(),
        missing_guards=tuple(guards.missing()),
    )


def _walk() -> Iterator[LedgerLink | Break]:
    """The links in their order, as long as each follows the one before; then what is wrong."""
    expected, previous, chunk = 1, GENESIS, CHUNK
    links = _links_from(1, chunk)
    while True:
        try:
            link = next(links, None)
        except UNREADABLE:
            if not connection.is_usable():
                raise
            if chunk == 1:
                yield Break(ALTERED_BEYOND_READING, expected)
                return
            # Some row of this chunk cannot be read; one by one, to see which.
            chunk = 1
            links = _links_from(expected, chunk)
            continue
        if link is None:
            last = LedgerLink.objects.head()
            if last is not None and last.position >= expected:
                yield _gap(expected)
            return
        if link.position != expected:
            yield _gap(expected)
            return
        problem = _problem(link, previous=previous)
        if problem:
            yield Break(problem, expected, link.entry_id)
            return
        yield link
        expected, previous = expected + 1, link.hash


def _links_from(position: int, chunk: int) -> Iterator[LedgerLink]:
    links = LedgerLink.objects.filter(position__gte=position).order_by("position").select_related("entry")
    return links.iterator(chunk_size=chunk)


def _problem(link: LedgerLink, *, previous: str) -> str:
    """What is wrong with a link and its entry, or nothing."""
    try:
        if link.entry.digest() != link.entry.sha256:
            return "the entry was altered: its columns do not give its SHA-256"
        if link.previous_hash != previous:
            return "the link was altered: it does not follow the one before"
        if link.digest(entry_sha256=link.entry.sha256) != link.hash:
            return "the link or its entry was altered: the link's hash does not match"
    except UNREADABLE:
        return ALTERED_BEYOND_READING
    return ""


def _gap(position: int) -> Break:
    """The chain has no sound row at this position: either the link is gone, or its entry."""
    entry_id = LedgerLink.objects.filter(position=position).values_list("entry_id", flat=True).first()
    if entry_id is None:
        return Break("the link is missing", position)
    return Break("the entry is missing", position, entry_id)


def _broken_revision() -> Break | None:
    for revision in PolicyRevision.objects.order_by("number").iterator():
        if sha256(revision.document) != revision.sha256:
            return Break(
                f"policy revision {revision.number} was altered: its document does not give its SHA-256"
            )
    return None
