"""Makes `.venv` from the hash-locked requirements, then runs the command again inside it.

Debian's pip refuses system-wide installs and its python3 may lack ensurepip, pip, or both. uv is the fast
way, pip the fallback. A stamp in `.venv` says which locks it was made from, so that later runs cost one
comparison.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from enablement.launch import system
from enablement.launch.console import fail, say
from enablement.launch.paths import DEV_LOCK, INSTALLER_LOCK, LOCK, ROOT, VENV, VENV_PYTHON

RUNTIME_STAMP = VENV / ".installed-runtime"
DEV_STAMP = VENV / ".installed-dev"


def ensure(argv: Sequence[str], *, dev: bool = False) -> None:
    """Come back inside a `.venv` that holds what the locks name; `argv` is this command, to run it again."""
    if not _is_current(dev=dev):
        with _only_one():
            if not _is_current(dev=dev):
                _install(dev=dev)
    if Path(sys.prefix).resolve() != VENV.resolve():
        os.execv(VENV_PYTHON, [str(VENV_PYTHON), *argv])


def _locks(*, dev: bool) -> list[Path]:
    return [LOCK, DEV_LOCK] if dev else [LOCK]


def _fingerprint(*, dev: bool) -> str:
    """Of the locks and of the interpreter behind `.venv`: an upgraded Python needs a new one."""
    digest = hashlib.sha256()
    for lock in _locks(dev=dev):
        digest.update(lock.read_bytes())
    digest.update(str(VENV_PYTHON.resolve()).encode())
    return digest.hexdigest()


def _is_current(*, dev: bool) -> bool:
    stamp = DEV_STAMP if dev else RUNTIME_STAMP
    try:
        return VENV_PYTHON.exists() and stamp.read_text() == _fingerprint(dev=dev)
    except FileNotFoundError:
        return False


@contextmanager
def _only_one() -> Iterator[None]:
    """Two commands started together install once; the lock needs no file of its own."""
    folder = os.open(ROOT, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _install(*, dev: bool) -> None:
    if not _runs(VENV_PYTHON, "-c", "import sys"):
        say("Creating .venv …")
        _create_venv()
    say("Installing the locked packages …")
    wanted = [part for lock in _locks(dev=dev) for part in ("-r", str(lock))]
    if not _install_with_uv(wanted):
        done = _pip("install", "--require-hashes", *wanted)
        if done.returncode:
            reason = _last_line(done.stderr)
            fail(f"could not install the locked packages; is the package index reachable? ({reason})")
    RUNTIME_STAMP.write_text(_fingerprint(dev=False))
    if dev:
        DEV_STAMP.write_text(_fingerprint(dev=True))


def _base_python() -> str:
    """The interpreter outside any virtual environment."""
    return str(getattr(sys, "_base_executable", None) or sys.executable)


def _create_venv() -> None:
    shutil.rmtree(VENV, ignore_errors=True)
    base = _base_python()
    if not (_can_make_pip(base) or system.install(["python3-venv"], quiet=True)):
        fail("python3 has neither pip nor ensurepip; install one, as in: apt install python3-venv")
    if _runs(base, "-m", "pip", "--version") and _runs(base, "-m", "venv", "--without-pip", str(VENV)):
        return
    made = subprocess.run([base, "-m", "venv", str(VENV)], check=False, capture_output=True, text=True)
    if made.returncode:
        shutil.rmtree(VENV, ignore_errors=True)
        fail(f"could not create .venv with {base}: {_last_line(made.stdout + made.stderr)}")


def _can_make_pip(python: str) -> bool:
    """Whether pip is at hand, or `venv` can unpack one (Debian splits ensurepip off into python3-venv)."""
    return _runs(python, "-m", "pip", "--version") or _runs(python, "-c", "import ensurepip, venv")


def _install_with_uv(wanted: Sequence[str]) -> bool:
    """Many times faster than pip; false where there is no build of uv for this machine, or it fails."""
    if not _runs(VENV_PYTHON, "-m", "uv", "--version"):
        _pip("install", "--require-hashes", "-r", str(INSTALLER_LOCK))
    python = str(VENV_PYTHON)
    uv = [python, "-m", "uv", "pip", "install", "--quiet", "--require-hashes", "-p", python]
    return _runs(*uv, *wanted, env={"UV_PYTHON_DOWNLOADS": "never", "UV_SYSTEM_CERTS": "1"})


def _pip(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run pip for `.venv`: its own where it has one, otherwise the base interpreter's."""
    pip = [str(VENV_PYTHON), "-m", "pip"]
    if not _runs(*pip, "--version"):
        pip = [_base_python(), "-m", "pip", "--python", str(VENV_PYTHON)]
    quiet = ["--quiet", "--disable-pip-version-check", "--no-input", "--retries", "1"]
    command = [*pip, arguments[0], *quiet, *arguments[1:]]
    return subprocess.run(command, check=False, capture_output=True, text=True)


def _runs(*command: str | Path, env: Mapping[str, str] | None = None) -> bool:
    """Whether a command ends well; `env` is added to ours."""
    words = [str(part) for part in command]
    try:
        return not subprocess.run(
            words, check=False, capture_output=True, env={**os.environ, **(env or {})}
        ).returncode
    except OSError:
        return False


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["no message"])[-1]
