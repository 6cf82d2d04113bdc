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
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from enablement.launch import bootstrap, services, system
from enablement.launch.console import say
from enablement.launch.paths import ROOT, VENV

NO_TESTS_COLLECTED = 5
OURS_ALONE = ("DATABASE_URL", "REDIS_URL", "ENABLEMENT_MODE", "ENABLEMENT_VAR")
EPILOG = """\
Without arguments: every check, then every test on SQLite and again on PostgreSQL with Redis.
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
            for step in _cheap_steps(servers, Path(var)):
                _check(step, outcome)
        arguments = pytest_arguments or ["-n", "2", "--dist", "loadgroup"]
        _test("tests on SQLite", arguments, {}, Path(var), outcome)
        if "DATABASE_URL" in servers:
            _test("tests on PostgreSQL", arguments, servers, Path(var), outcome)
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
        Step("format", [python, "-m", "ruff", "format", "--check", "."]),
        Step("lint", [python, "-m", "ruff", "check", "."]),
        Step("templates", [python, "-m", "djlint", "--lint", "--quiet", "."]),
        Step("types", [python, "-m", "mypy"], local),
        Step("layers", [str(scripts / "lint-imports"), "--no-cache"]),
        Step("migrations", [*manage, "makemigrations", "--check", "--dry-run"], local),
        Step("deploy", [*manage, "check", "--deploy", "--fail-level", "WARNING"], production),
    ]


def _environment(extra: Mapping[str, str]) -> dict[str, str]:
    """Ours, without what a developer's shell says about databases."""
    return {name: value for name, value in os.environ.items() if name not in OURS_ALONE} | dict(extra)


def _check(step: Step, outcome: Outcome) -> None:
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
    if done.returncode:
        say(done.stdout.rstrip())
        outcome.failed.append(step.name)
    _report(step.name, started, ok=not done.returncode)


def _test(name: str, arguments: Sequence[str], env: Mapping[str, str], var: Path, outcome: Outcome) -> None:
    started = time.monotonic()
    results = var / f"{name.replace(' ', '-')}.xml"
    command = [sys.executable, "-m", "pytest", f"--junit-xml={results}", *arguments]
    code = subprocess.run(command, check=False, cwd=ROOT, env=_environment(env)).returncode
    ok = code in {0, NO_TESTS_COLLECTED}
    passed, failed = _count(results)
    outcome.passed_tests += passed
    outcome.failed_tests += failed
    if not ok:
        outcome.failed.append(name)
    _report(name, started, ok=ok)


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


def _report(name: str, started: float, *, ok: bool) -> None:
    say(f"{name:<20} {'ok' if ok else 'FAILED':<7} {time.monotonic() - started:6.1f} s")


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
