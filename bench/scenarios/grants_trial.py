"""The state machine of `tests/access/test_grants_machine.py`, fifty times as long as in `verify`."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from bench.report import Check, Result
from bench.run import Run

ROOT = Path(__file__).resolve().parents[2]
STEPS = 100_000
#: What the bench sets for the product, and tests choose for themselves.
OF_THE_BENCH = {
    "ENABLEMENT_MODE",
    "ENABLEMENT_VAR",
    "SECRET_KEY",
    "SITE_URL",
    "ALLOWED_HOSTS",
    "DATABASE_URL",
}
TEST = "tests/access/test_grants_machine.py"


def run(_run: Run) -> Iterator[Result]:
    """In a process and a database of its own; what it found is printed by it."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "pytest", TEST, "-q", "-p", "no:randomly"]
    env = {key: value for key, value in os.environ.items() if key not in OF_THE_BENCH}
    found = subprocess.run(command, cwd=ROOT, env=env | {"GRANTS_TRIAL_STEPS": str(STEPS)}, check=False)
    minutes = (time.perf_counter() - began) / 60
    checks = [Check(what="grants without proof", actual=min(found.returncode, 1), limit=0)]
    yield Result(name=f"{STEPS:,} steps of the grants machine, {minutes:.0f} min", checks=checks)
