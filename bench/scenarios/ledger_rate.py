"""What the ledger costs writers, and what its linker keeps up with.

Eight processes insert rows of the same size, each in a transaction of its own: once as ledger entries, once
into a bare table with the same columns and indexes. Then the linker takes what they have left.
"""

import subprocess
import sys
import time
from collections.abc import Iterator

from django.db import connection, transaction
from django.utils import timezone

from bench.report import Check, Result
from bench.run import Run
from bench.writer import SIDES, new_entry
from enablement.ledger import services
from enablement.ledger.models import LedgerEntry
from enablement.ledger.services.recording import BATCH

WRITERS = 8
EACH = 500
SHARE = 0.8
LINKED = 20_000
LINKS_PER_SECOND = 2_000
TABLE = "bench_bare_entry"


def run(_run: Run) -> Iterator[Result]:
    with connection.cursor() as cursor:
        columns = f"(LIKE {LedgerEntry._meta.db_table} INCLUDING INDEXES INCLUDING CONSTRAINTS)"  # noqa: SLF001
        cursor.execute(f"CREATE TABLE {TABLE} {columns}")
    services.link(at=timezone.now())
    # In turns, so that a moment of a busy machine hits both.
    rates = {side: [] for side in SIDES}
    for _round in range(3):
        for side in SIDES:
            rates[side].append(_rate(side))
    ledger, bare = max(rates["ledger"]), max(rates["bare"])
    yield Result(
        name=f"{WRITERS} writers: {ledger:,.0f} entries a second, {bare:,.0f} the same rows without a ledger",
        checks=[Check(what="times as slow as without", actual=bare / ledger, limit=1 / SHARE)],
    )
    yield _linker()


def _linker() -> Result:
    services.link(at=timezone.now())
    for _batch in range(LINKED // BATCH):
        with transaction.atomic():
            services.record_many(new_entry() for _each in range(BATCH))
    began = time.perf_counter()
    linked = services.link(at=timezone.now())
    seconds = time.perf_counter() - began
    return Result(
        name=f"the linker: {linked / seconds:,.0f} entries a second",
        checks=[
            Check(what="entries left", actual=LINKED - linked, limit=0),
            Check(what="ms an entry", actual=1000 * seconds / linked, limit=1000 / LINKS_PER_SECOND),
        ],
    )


def _rate(side: str) -> float:
    """Rows a second of all writers; they begin together, once each has its connection."""
    command = [sys.executable, "-m", "bench.writer", side, TABLE, str(EACH)]
    writers = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _each in range(WRITERS)
    ]
    for writer in writers:
        assert writer.stdout is not None  # for the type checker
        writer.stdout.readline()
    began = time.perf_counter()
    for writer in writers:
        writer.communicate("go\n")
    seconds = time.perf_counter() - began
    if any(writer.returncode for writer in writers):
        raise RuntimeError("a writer failed")
    return WRITERS * EACH / seconds
