"""Runs several processes as one: prefixed output, restarts with a cap, one Ctrl-C ends all."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from types import FrameType
from typing import TextIO

from enablement.launch.orphans import adopt_orphans, dying_with_parent
from enablement.launch.paths import ROOT

#: A child that ends this often within the window will not recover by another start.
MAX_RESTARTS = 5
RESTART_WINDOW_SECONDS = 120.0
#: What a child gets between SIGTERM and SIGKILL, to finish requests and tasks under way.
STOP_SECONDS = 15.0
POLL_SECONDS = 0.1


@dataclass
class Child:
    """One long-running process. `env` is added to ours."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[str] | None = None
    ended_at: list[float] = field(default_factory=list)
    start_again_at: float | None = None


class Supervisor:
    """Starts children, keeps them up, ends them. Use from the main thread only: it handles signals."""

    def __init__(self, children: Sequence[Child], *, output: TextIO = sys.stdout) -> None:
        self.children = children
        self._output = output
        self._print_lock = threading.Lock()
        self._copiers: list[threading.Thread] = []
        self._stops = 0
        self._gave_up = False

    def run(self, *, when_started: Callable[[], None] = lambda: None) -> int:
        """Until a signal or until a child cannot be kept up; returns the exit code (0 after a signal).

        `when_started` runs once in a thread of its own, beside the children.
        """
        adopt_orphans()
        before = {number: signal.signal(number, self._on_signal) for number in _ENDING}
        try:
            for child in self.children:
                self._start(child)
            threading.Thread(target=when_started, daemon=True).start()
            while not self._stops and not self._gave_up:
                self._keep_up()
                time.sleep(POLL_SECONDS)
        finally:
            self._end_all()
            for number, handler in before.items():
                signal.signal(number, handler)
        return 1 if self._gave_up else 0

    def say(self, line: str) -> None:
        with self._print_lock:
            self._output.write(line + "\n")
            self._output.flush()

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._stops += 1

    def _start(self, child: Child) -> None:
        child.start_again_at = None
        child.process = subprocess.Popen(
            [*dying_with_parent(), *child.command],
            cwd=ROOT,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **child.env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            bufsize=1,
            process_group=0,
        )
        copier = threading.Thread(target=self._copy, args=(child.name, child.process), daemon=True)
        copier.start()
        self._copiers.append(copier)

    def _copy(self, name: str, process: subprocess.Popen[str]) -> None:
        with process.stdout or nullcontext(()) as lines:
            for line in filter(str.strip, lines):
                self.say(f"{name:<6} | {line.rstrip()}")

    def _keep_up(self) -> None:
        now = time.monotonic()
        for child in self.children:
            if child.start_again_at is not None:
                if now >= child.start_again_at:
                    self._start(child)
            elif child.process is not None and child.process.poll() is not None:
                self._plan_restart(child, child.process, now)

    def _plan_restart(self, child: Child, process: subprocess.Popen[str], now: float) -> None:
        _kill_group(process)
        child.ended_at = [at for at in child.ended_at if now - at < RESTART_WINDOW_SECONDS] + [now]
        count = len(child.ended_at)
        if count > MAX_RESTARTS:
            self.say(f"{child.name} ended {count} times in a row; giving up.")
            self._gave_up = True
            return
        self.say(
            f"{child.name} ended with code {process.returncode}; starting it again ({count}/{MAX_RESTARTS})."
        )
        child.start_again_at = now + count - 1

    def _end_all(self) -> None:
        self.say("Stopping …")
        running = [child.process for child in self.children if child.process is not None]
        for process in running:
            if process.poll() is None:
                process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        stops = self._stops
        while any(process.poll() is None for process in running):
            # A second Ctrl-C is impatience: end them at once.
            if time.monotonic() > deadline or self._stops > max(stops, 1):
                break
            time.sleep(POLL_SECONDS)
        for process in running:
            _kill_group(process)
            process.wait()
        for copier in self._copiers:
            copier.join(timeout=1)
        _reap_orphans()


_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def _kill_group(process: subprocess.Popen[str]) -> None:
    """End what is left of a child and of the processes that it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _reap_orphans() -> None:
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
