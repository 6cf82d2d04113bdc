"""Commands of the project as real processes, for tests that look at them from outside."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# The demo is built in 45 seconds; a machine that is busy with other tests takes several times that.
START_SECONDS = 240
STOP_SECONDS = 30


class Command:
    """A started `manage.py` command; `lines` is what it has printed so far."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as output:
            self.lines.extend(line.rstrip("\n") for line in output)

    def wait_for_line(self, part: str) -> str:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            for line in list(self.lines):
                if part in line:
                    return line
            assert self.process.poll() is None, "\n".join(self.lines)
            time.sleep(0.05)
        raise AssertionError(f"{part!r} did not appear in:\n" + "\n".join(self.lines))

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        self.process.send_signal(number)
        code = self.process.wait(STOP_SECONDS)
        self._reader.join(5)
        return code


@contextmanager
def running(*arguments: str, env: dict[str, str]) -> Iterator[Command]:
    """`manage.py` with these arguments, ended at the latest when the block ends."""
    process = subprocess.Popen(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    command = Command(process)
    try:
        yield command
    finally:
        if process.poll() is None:
            command.stop()


def get(port: int, path: str, **headers: str) -> tuple[int, str]:
    """Status and body; (0, "") where nobody listens."""
    server = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        server.request(
            "GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()}
        )
        answer = server.getresponse()
        return answer.status, answer.read().decode()
    except OSError:
        return 0, ""
    finally:
        server.close()


def wait_until_ok(command: Command, port: int, path: str, **headers: str) -> str:
    """The body of the first 200."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        status, body = get(port, path, **headers)
        if status == 200:
            return body
        assert command.process.poll() is None, "\n".join(command.lines)
        time.sleep(0.1)
    raise AssertionError(f"{path} says {status} {body}; the command says:\n" + "\n".join(command.lines))


def wait_until_answers(port: int) -> None:
    """Until something listens there."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"nothing listens on {port}")


def descendants(pid: int) -> list[int]:
    """Every process below this one."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                stat = (entry / "stat").read_text()
            except OSError:
                continue
            parents[int(entry.name)] = int(stat.rpartition(")")[2].split()[1])
    below = {pid}
    while new := {child for child, parent in parents.items() if parent in below} - below:
        below |= new
    return sorted(below - {pid})


def wait_for_descendants(pid: int, count: int) -> list[int]:
    """The processes below this one, when there are at least so many."""
    deadline = time.monotonic() + STOP_SECONDS
    while len(pids := descendants(pid)) < count:
        assert time.monotonic() < deadline, f"only {len(pids)} of {count} processes"
        time.sleep(0.05)
    return pids


def wait_until_gone(pids: list[int]) -> None:
    deadline = time.monotonic() + STOP_SECONDS
    while left := [pid for pid in pids if _is_running(pid)]:
        assert time.monotonic() < deadline, f"left behind: {left}"
        time.sleep(0.05)


def _is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def bare_env(**env: str) -> dict[str, str]:
    """Ours, without what the test run itself says about mode and databases."""
    ours = (
        "DATABASE_URL",
        "REDIS_URL",
        "ENABLEMENT_MODE",
        "ENABLEMENT_TEST_VAR",
        "ENABLEMENT_VAR",
        "PYTEST_XDIST_WORKER",
    )
    return {name: value for name, value in os.environ.items() if name not in ours} | env
