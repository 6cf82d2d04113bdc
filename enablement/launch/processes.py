"""The command lines of the long-running processes."""

import sys
from collections.abc import Sequence
from pathlib import Path

from enablement.launch.paths import ROOT
from enablement.launch.supervisor import Child

BLOCKING_THREADS = 8
#: The whole tree runs as root in many containers; Celery's advice about that is one line too many.
_QUIET_ABOUT_ROOT = "ignore:You're running the worker with superuser privileges"


def web(*, host: str, port: int, name: str = "web") -> Child:
    granian = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", host, "--port", str(port)]
    sizes = ["--workers", "1", "--blocking-threads", str(BLOCKING_THREADS)]
    upkeep = ["--no-ws", "--respawn-failed-workers", "--workers-kill-timeout", "10", "--log-level", "error"]
    return Child(name, [*granian, *sizes, *upkeep, "enablement.wsgi:application"])


def webs(*, host: str, port: int, count: int) -> list[Child]:
    """Several on one port, each with a socket of its own, among which Linux spreads connections (decision
    0114): of granian's own workers, which share a socket, the one that is busy already is woken first.
    """
    if count == 1:
        return [web(host=host, port=port)]
    return [web(host=host, port=port, name=f"web {number}") for number in range(1, count + 1)]


def worker(*, pool: str, concurrency: int) -> Child:
    alone = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    return Child("worker", [*_celery("worker"), "--pool", pool, "--concurrency", str(concurrency), *alone])


def beat() -> Child:
    return Child("beat", [*_celery("beat"), "--pidfile="])


def example_tool(*, port: int, gate: str, token_file: Path) -> Child:
    program = str(ROOT / "deploy" / "example_tool" / "triage_summarizer.py")
    command = [sys.executable, program, "--port", str(port), "--gate", gate, "--token-file", str(token_file)]
    return Child("tool", command)


def _celery(command: str) -> Sequence[str]:
    python = [sys.executable, "-W", _QUIET_ABOUT_ROOT]
    return [*python, "-m", "celery", "--quiet", "--app", "enablement", command, "--loglevel", "warning"]
