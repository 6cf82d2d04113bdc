"""Cases that quality assurance brings into a pool from a file: the plan first, then all or nothing."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from assessments import signals
from assessments.case_files import CaseLine, read_case_file
from assessments.models import Route, ShadowCase, ShadowPool
from assessments.services.shadow.doubling import choose_doubles
from assessments.services.shadow.dropping import ensure_owner
from assessments.services.shadow.pools import fill
from tracks.csv_files import CsvFault, CsvFaults
from tracks.errors import Refused
from tracks.facts import Fact
from tracks.people import Person


@dataclass(frozen=True, kw_only=True, slots=True)
class Twice:
    """A case of the file that is left out: its text is there already, as `other` (in line `of_line`)."""

    line: int
    key: str
    other: str
    of_line: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class StratumCount:
    """One stratum of the pool: how many cases it has, and how many the file adds."""

    yellow: bool
    decision: str
    now: int
    added: int

    @property
    def label(self) -> str:
        return str(Route(self.decision).label)

    @property
    def after(self) -> int:
        return self.now + self.added


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportPlan:
    """What an import would do. `fingerprint`: of cases and pool, however the file spells them."""

    added: Sequence[CaseLine]
    twice: Sequence[Twice]
    strata: Sequence[StratumCount]
    fingerprint: str

    @property
    def known(self) -> int:
        """Cases among the added whose answer is known for certain."""
        return sum(line.spec.ground_truth for line in self.added)


def plan_import(*, pool: ShadowPool, content: bytes, actor: Person) -> ImportPlan:
    """What `import_cases` would do; changes nothing. Two queries and those of the right.

    Raises CsvFaults with every fault by line; Refused `not_owner`, `pool_retired`.
    """
    ensure_owner(pool, actor)
    if pool.retired_at is not None:
        raise Refused("pool_retired", _("These cases are no longer part of the track."))
    lines = read_case_file(content)
    columns = ("key", "content_sha256", "yellow_zone", "right_decision", "dropped_at")
    live = list(pool.cases.live().values(*columns))
    added, twice = _sorted_out(lines, {row["content_sha256"]: row["key"] for row in live})
    taken = {row["key"] for row in live}
    if faults := [*_key_faults(added, taken), *_version_faults(added, pool)]:
        raise CsvFaults(faults)
    now = Counter((row["yellow_zone"], row["right_decision"]) for row in live if row["dropped_at"] is None)
    seen = [
        *sorted(f"{row['key']} {row['content_sha256']}" for row in live),
        *(line.spec.sha256 for line in lines),
    ]
    return ImportPlan(
        added=added,
        twice=twice,
        strata=_strata(now, added),
        fingerprint=hashlib.sha256("\n".join(seen).encode()).hexdigest(),
    )


@transaction.atomic
def import_cases(
    *, pool: ShadowPool, content: bytes, fingerprint: str, actor: Person, at: datetime
) -> ImportPlan:
    """Add the cases that the plan named. Who brings them in does not judge them: the file says what is right.

    Raises as `plan_import` does; ValidationError where nothing is left to add; Refused `stale` where the pool
    or the file is no longer what the plan was made of.
    """
    pool = ShadowPool.objects.select_for_update(of=("self",)).select_related("track").get(pk=pool.pk)
    plan = plan_import(pool=pool, content=content, actor=actor)
    if plan.fingerprint != fingerprint:
        raise Refused("stale", _("The pool or the file has changed since this plan; look at it again."))
    if not plan.added:
        raise ValidationError(_("Every case of the file is there already."), code="nothing_new")
    rows = [_row(line, pool, actor, at) for line in plan.added]
    choose_doubles(pool=pool, kept=list(pool.cases.live()), fresh=rows)
    ShadowCase.objects.bulk_create(rows, batch_size=100)
    fact = Fact(
        kind="assessments.cases_imported",
        subject=("assessments.ShadowPool", str(pool.pk)),
        at=at,
        actor_id=actor.pk,
        payload={
            "track": pool.track.key,
            "pool": pool.key,
            "version": pool.version,
            "added": len(plan.added),
            "known_answers": plan.known,
            "twice": len(plan.twice),
            "file_sha256": hashlib.sha256(content).hexdigest(),
        },
    )
    signals.cases_imported.send(sender=ShadowPool, facts=[fact])
    return plan


def _row(line: CaseLine, pool: ShadowPool, actor: Person, at: datetime) -> ShadowCase:
    row = ShadowCase(
        pool=pool, key=line.spec.key, added_at=at, origin=ShadowCase.Origin.IMPORT, imported_by=actor
    )
    return fill(row, line.spec, pool=pool, at=at)


def _sorted_out(lines: Sequence[CaseLine], live: Mapping[str, str]) -> tuple[list[CaseLine], list[Twice]]:
    """New cases, and those whose text the pool or an earlier line has."""
    added: list[CaseLine] = []
    twice: list[Twice] = []
    first: dict[str, CaseLine] = {}
    for line in lines:
        content = line.spec.content_sha256
        if content in live:
            twice.append(Twice(line=line.line, key=line.spec.key, other=live[content], of_line=None))
        elif content in first:
            other = first[content]
            twice.append(Twice(line=line.line, key=line.spec.key, other=other.spec.key, of_line=other.line))
        else:
            first[content] = line
            added.append(line)
    return added, twice


def _key_faults(added: Sequence[CaseLine], taken: set[str]) -> list[CsvFault]:
    faults = []
    lines: dict[str, int] = {}
    for line in added:
        key = line.spec.key
        if key in taken:
            message = _("“%(key)s” is another case of the pool; choose another key.") % {"key": key}
            faults.append(CsvFault(line.line, "key", message))
        elif key in lines:
            message = _("“%(key)s” is another case on line %(line)s; choose another key.")
            faults.append(CsvFault(line.line, "key", message % {"key": key, "line": lines[key]}))
        lines.setdefault(key, line.line)
    return faults


def _version_faults(added: Sequence[CaseLine], pool: ShadowPool) -> list[CsvFault]:
    message = _("Recorded with “%(found)s”; the pool is about “%(wanted)s”.")
    return [
        CsvFault(
            line.line,
            "model_version",
            message % {"found": line.spec.model_version, "wanted": pool.model_version},
        )
        for line in added
        if line.spec.model_version and line.spec.model_version != pool.model_version
    ]


def _strata(now: Mapping[tuple[bool, str], int], added: Sequence[CaseLine]) -> list[StratumCount]:
    more = Counter((line.spec.yellow_zone, line.spec.decision) for line in added)
    return [
        StratumCount(
            yellow=yellow,
            decision=route.value,
            now=now.get((yellow, route.value), 0),
            added=more[yellow, route.value],
        )
        for yellow in (True, False)
        for route in Route
    ]
