"""Debian packages that the product or its tests need; installed only where absent and allowed."""

import ctypes.util
import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from enablement.launch.console import say


def _library(name: str) -> Callable[[], bool]:
    return lambda: ctypes.util.find_library(name) is not None


def _executable(*names: str) -> Callable[[], bool]:
    return lambda: any(shutil.which(name) for name in names)


#: What WeasyPrint loads to draw text.
LIBRARIES: dict[str, Callable[[], bool]] = {
    "libpango-1.0-0": _library("pango-1.0"),
    "libpangoft2-1.0-0": _library("pangoft2-1.0"),
    "libharfbuzz-subset0": _library("harfbuzz-subset"),
}
#: The real parts that the tests run against.
TEST_PARTS: dict[str, Callable[[], bool]] = {
    "redis-server": _executable("redis-server"),
    "postgresql": lambda: bool(postgres_folders()),
    "nginx": lambda: bool(shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")),
    "caddy": _executable("caddy"),
    "chromium": _executable("chromium", "google-chrome"),
}


def postgres_folders() -> list[Path]:
    """Where Debian keeps PostgreSQL's executables, the newest version last."""
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/postgres")]
    return sorted(found, key=lambda folder: int(folder.parent.name))


def missing(*, tests: bool = True) -> list[str]:
    """Names of Debian packages that are absent; with `tests` false only what the product itself needs."""
    needed = LIBRARIES | TEST_PARTS if tests else LIBRARIES
    return [package for package, is_there in needed.items() if not is_there()]


def ensure(*, tests: bool = True) -> list[str]:
    """Install what is absent, if this user may; returns what is still absent afterwards."""
    absent = missing(tests=tests)
    if absent:
        install(absent)
        absent = missing(tests=tests)
    return absent


def install(packages: Sequence[str], *, quiet: bool = False) -> bool:
    """Whether apt could install these; false without apt or without the right to use it."""
    become = _become_root()
    if become is None or not shutil.which("apt-get"):
        return False
    if not quiet:
        say(f"Installing with apt: {', '.join(packages)} …")
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    get = [*become, "apt-get", "-q", "-o", "Acquire::Retries=1"]
    subprocess.run([*get, "update"], check=False, env=env, capture_output=True)
    done = subprocess.run(
        [*get, "install", "-y", "--no-install-recommends", *packages],
        check=False,
        env=env,
        capture_output=True,
    )
    return not done.returncode


def _become_root() -> list[str] | None:
    """The words before a command that needs root; None where this user has no such right."""
    if os.geteuid() == 0:
        return []
    if (
        shutil.which("sudo")
        and not subprocess.run(["sudo", "-n", "true"], check=False, capture_output=True).returncode
    ):
        return ["sudo", "-n"]
    return None
