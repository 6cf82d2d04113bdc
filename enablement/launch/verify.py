"""`manage.py verify`: format, lint, types, layers, migrations and deploy checks, then every test, twice."""

import argparse
import os
import secrets
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from enablement.launch import bootstrap, services, system
from enablement.launch.console import say
from enablement.launch.paths import ROOT, VENV

NO_TESTS_COLLECTED = 5
#: Two runs with two workers each; on fewer cores they only make each other wait.
CORES_FOR_BOTH = 4
#: The last: without its compiled files each of the hundred processes that tests start compiles the product.
OURS_ALONE = ("DATABASE_URL", "REDIS_URL", "ENABLEMENT_MODE", "ENABLEMENT_VAR", "PYTHONDONTWRITEBYTECODE")
EPILOG = """\
Without arguments: every check, then every test on SQLite and on PostgreSQL with Redis.
With arguments: pytest alone, with these arguments, on SQLite (with --postgres on PostgreSQL as well), as in
  python3 manage.py verify tests/launch -x
Debian packages that the tests need are installed where that is allowed; what has to be left out is listed,
and fails the run where the environment variable CI is set. The last line is the count over all test runs."""


@dataclass(frozen=True)
class Step:
    """A check that takes seconds; its output is shown only when it fails."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class TestRun:
    """All the tests that were asked for, on one database."""

    __test__ = False
    name: str
    arguments: Sequence[str]
    env: Mapping[str, str]
    var: Path

    @property
    def results(self) -> Path:
        return self.var / f"{self.name.replace(' ', '-')}.xml"

    @property
    def command(self) -> list[str]:
        return [sys.executable, "-m", "pytest", f"--junit-xml={self.results}", *self.arguments]


@dataclass
class Outcome:
    """What happened so far."""

    failed: list[str] = field(default_factory=list)
    passed_tests: int = 0
    failed_tests: int = 0


def main(argv: Sequence[str]) -> int:
    """Exit code 0 when all is well, otherwise 1."""
    parser = argparse.ArgumentParser(
        prog="manage.py verify",
        description=__doc__,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        usage="%(prog)s [-h] [--postgres] [pytest arguments]",
        allow_abbrev=False,
    )
    parser.add_argument("--postgres", action="store_true", help="run the given tests on PostgreSQL as well")
    options, pytest_arguments = parser.parse_known_args(list(argv[2:]))
    bootstrap.ensure(argv, dev=True)
    absent = system.ensure()
    outcome = Outcome()
    with ExitStack() as parts:
        var = parts.enter_context(tempfile.TemporaryDirectory(prefix="enablement-verify-"))
        everything = not pytest_arguments
        servers = _start_servers(parts, absent) if everything or options.postgres else {}
        if everything:
            _check(_cheap_steps(servers, Path(var)), outcome)
        arguments = pytest_arguments or ["-n", "2", "--dist", "loadgroup"]
        runs = [TestRun("tests on SQLite", arguments, {}, Path(var))]
        if "DATABASE_URL" in servers:
            runs.append(TestRun("tests on PostgreSQL", arguments, servers, Path(var)))
        _test(runs, outcome)
    return _summary(outcome, absent)


def _start_servers(parts: ExitStack, absent: Sequence[str]) -> dict[str, str]:
    servers = {}
    if "postgresql" not in absent:
        servers["DATABASE_URL"] = parts.enter_context(services.postgres())
    if "redis-server" not in absent:
        servers["REDIS_URL"] = parts.enter_context(services.redis())
    return servers


def _cheap_steps(servers: Mapping[str, str], var: Path) -> list[Step]:
    python, scripts = sys.executable, VENV / "bin"
    local = {"ENABLEMENT_VAR": str(var / "local")}
    production = {
        "ENABLEMENT_MODE": "production",
        "ENABLEMENT_VAR": str(var / "production"),
        "SECRET_KEY": secrets.token_urlsafe(50),
        "SITE_URL": "https://enablement.example",
        "ALLOWED_HOSTS": "enablement.example",
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        **servers,
    }
    manage = [python, str(ROOT / "manage.py")]
    return [
        Step("types", [python, "-m", "mypy"], local),
        Step("format", [python, "-m", "ruff", "format", "--check", "."]),
        Step("lint", [python, "-m", "ruff", "check", "."]),
        Step("templates", [python, "-m", "djlint", "--lint", "--quiet", "."]),
        Step("layers", [str(scripts / "lint-imports"), "--no-cache"]),
        Step("migrations", [*manage, "makemigrations", "--check", "--dry-run"], local),
        Step("deploy", [*manage, "check", "--deploy", "--fail-level", "WARNING"], production),
    ]


def _environment(extra: Mapping[str, str]) -> dict[str, str]:
    """Ours, without what a developer's shell says about databases and compiled files."""
    return {name: value for name, value in os.environ.items() if name not in OURS_ALONE} | dict(extra)


def _check(steps: Sequence[Step], outcome: Outcome) -> None:
    """Two at a time, and each is reported in its turn: the longest comes first."""
    with ThreadPoolExecutor(max_workers=2) as two:
        for step, (done, seconds) in zip(steps, two.map(_done, steps), strict=True):
            if done.returncode:
                say(done.stdout.rstrip())
                outcome.failed.append(step.name)
            _report(step.name, seconds, ok=not done.returncode)


def _done(step: Step) -> tuple[subprocess.CompletedProcess[str], float]:
    started = time.monotonic()
    done = subprocess.run(
        step.command,
        check=False,
        cwd=ROOT,
        env=_environment(step.env),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return done, time.monotonic() - started


def _test(runs: Sequence[TestRun], outcome: Outcome) -> None:
    """In turn; beside each other where there are cores for it."""
    if (os.cpu_count() or 1) < CORES_FOR_BOTH:
        for run in runs:
            _record(run, *_run(run), outcome)
    else:
        _test_together(runs, outcome)


def _test_together(runs: Sequence[TestRun], outcome: Outcome) -> None:
    """What a later run prints is shown at its turn."""
    first, *others = runs
    with ThreadPoolExecutor(max_workers=len(runs)) as beside:
        later = [beside.submit(_run_quietly, run) for run in others]
        _record(first, *_run(first), outcome)
        for run, done in zip(others, later, strict=True):
            code, seconds, said = done.result()
            say(said)
            _record(run, code, seconds, outcome)


def _run(run: TestRun, output: IO[bytes] | None = None) -> tuple[int, float]:
    """Exit code and seconds; what it prints goes to `output`, or is seen at once."""
    started = time.monotonic()
    done = subprocess.run(
        run.command,
        check=False,
        cwd=ROOT,
        env=_environment(run.env),
        stdin=subprocess.DEVNULL if output else None,
        stdout=output,
        stderr=subprocess.STDOUT if output else None,
    )
    return done.returncode, time.monotonic() - started


def _run_quietly(run: TestRun) -> tuple[int, float, str]:
    log = run.results.with_suffix(".log")
    with log.open("wb") as output:
        code, seconds = _run(run, output)
    return code, seconds, log.read_text(errors="replace").rstrip()


def _record(run: TestRun, code: int, seconds: float, outcome: Outcome) -> None:
    ok = code in {0, NO_TESTS_COLLECTED}
    passed, failed = _count(run.results)
    outcome.passed_tests += passed
    outcome.failed_tests += failed
    if not ok:
        outcome.failed.append(run.name)
    _report(run.name, seconds, ok=ok)


def _count(results: Path) -> tuple[int, int]:
    """Tests passed and failed (errors count as failed) in pytest's JUnit file."""
    if not results.exists():
        return 0, 0
    passed = failed = 0
    for suite in ET.parse(results).iter("testsuite"):
        bad = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
        failed += bad
        passed += int(suite.get("tests", 0)) - bad - int(suite.get("skipped", 0))
    return passed, failed


def _report(name: str, seconds: float, *, ok: bool) -> None:
    say(f"{name:<20} {'ok' if ok else 'FAILED':<7} {seconds:6.1f} s")


def _summary(outcome: Outcome, absent: Sequence[str]) -> int:
    if not outcome.passed_tests:
        outcome.failed.append("no test has passed")
    if absent:
        say(f"Left out, not installed: {', '.join(absent)}")
        if os.environ.get("CI"):
            outcome.failed.append("packages are missing under CI")
    if outcome.failed:
        say(f"Failed: {'; '.join(outcome.failed)}")
    say(f"{outcome.passed_tests} passed, {outcome.failed_tests} failed")
    return 1 if outcome.failed else 0
