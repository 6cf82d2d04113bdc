"""Several real processes that do the same thing at the same moment, each with connections of its own.

They are forked from a server that has Django ready: a race of ten costs little more than a race of two.
"""

import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from threading import Barrier
from typing import Any

from django.db import connection

START_SECONDS = 60
_gate: Barrier


def race(work: Callable[..., Any], arguments: Sequence[Sequence[Any]]) -> list[Any]:
    """What `work` gives for each of the arguments, in their order; all of them are let go at once.

    `work` is a function of a module, and what it takes and gives can be pickled. What one of them raises is
    raised here. The test's own rows have to be committed (`django_db(transaction=True)`).
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.ready", "tests.racing"])
    gate = context.Barrier(len(arguments))
    database = str(connection.settings_dict["NAME"])
    with ProcessPoolExecutor(len(arguments), context, _prepare, (database, gate)) as pool:
        return [future.result() for future in [pool.submit(_run, work, own) for own in arguments]]


def _prepare(database: str, gate: Barrier) -> None:
    global _gate  # noqa: PLW0603 - what a pool's process is given once, it keeps
    _gate = gate
    connection.settings_dict["NAME"] = database


def _run(work: Callable[..., Any], own: Sequence[Any]) -> Any:
    connection.ensure_connection()
    _gate.wait(START_SECONDS)
    return work(*own)
