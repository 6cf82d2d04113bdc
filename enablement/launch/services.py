"""Throw-away PostgreSQL and Redis from Debian's executables, also for root (whom PostgreSQL refuses)."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from enablement.launch import system
from enablement.launch.orphans import dying_with_parent

START_SECONDS = 20.0
STOP_SECONDS = 20.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def postgres() -> Iterator[str]:
    """An empty PostgreSQL, as a database URL. Without fsync: nothing in it is worth keeping."""
    programs = str(system.postgres_folders()[-1])
    port = str(free_port())
    with _folder("enablement-pg-") as home:
        start = dying_with_parent(*_as_user("postgres", home))
        data = str(home / "data")
        make = [f"{programs}/initdb", "-D", data, "-U", "test", "-A", "trust", "--no-sync"]
        _run([*start, *make, "--encoding=UTF8", "--locale=C.UTF-8"], cwd=home)
        options = [f"port={port}", f"unix_socket_directories={home}", "listen_addresses=127.0.0.1"]
        options += ["fsync=off", "full_page_writes=off", "max_connections=200"]
        server = [
            f"{programs}/postgres",
            "-D",
            data,
            *(word for option in options for word in ("-c", option)),
        ]
        ready = [f"{programs}/pg_isready", "-q", "-h", "127.0.0.1", "-p", port]
        with _running([*start, *server], home, lambda: not _status(ready)):
            yield f"postgresql://test@127.0.0.1:{port}/postgres"


@contextmanager
def redis(*arguments: str) -> Iterator[str]:
    """An empty Redis that keeps nothing, as a URL; `arguments` are further options of redis-server."""
    port = free_port()
    with _folder("enablement-redis-") as home:
        where = ["--bind", "127.0.0.1", "--port", str(port)]
        server = [*dying_with_parent(), "redis-server", *where, "--save", "", *arguments]
        with _running(server, home, lambda: _answers(port)):
            yield f"redis://127.0.0.1:{port}/0"


@contextmanager
def _folder(prefix: str) -> Iterator[Path]:
    # Not $TMPDIR: the user "postgres" has to reach it, and a socket's path has to be short.
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir="/tmp"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _as_user(name: str, folder: Path) -> list[str]:
    """Options of setpriv that run a command as `name` where we are root, with `folder` made theirs."""
    if os.geteuid() != 0:
        return []
    user = pwd.getpwnam(name)
    os.chown(folder, user.pw_uid, user.pw_gid)
    return [f"--reuid={name}", f"--regid={user.pw_gid}", "--init-groups"]


@contextmanager
def _running(command: Sequence[str], home: Path, is_ready: Callable[[], bool]) -> Iterator[None]:
    log = home / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=home,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        deadline = time.monotonic() + START_SECONDS
        while not is_ready():
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"a server did not start: {log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.05)
        yield
    finally:
        # PostgreSQL's "fast" shutdown; Redis takes it as a stop too.
        process.send_signal(signal.SIGINT)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False


def _run(command: Sequence[str], *, cwd: Path) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=cwd)
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {done.stdout[-1000:]}{done.stderr[-1000:]}")


def _status(command: Sequence[str]) -> int:
    return subprocess.run(command, check=False, capture_output=True).returncode
