import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
#: A child that notes its process id, starts a grandchild, and waits.
CHILD = """
    import os, pathlib, subprocess, sys, time
    grandchild = subprocess.Popen(["sleep", "300"])
    pathlib.Path(sys.argv[1]).write_text(f"{os.getpid()} {grandchild.pid}")
    print("up", flush=True)
    time.sleep(300)
"""
PARENT = """
    import sys
    from enablement.launch.supervisor import Child, Supervisor
    supervisor = Supervisor([Child("one", [sys.executable, "-c", sys.argv[1], sys.argv[2]])])
    sys.exit(supervisor.run(when_started=lambda: supervisor.say("started")))
"""


def start(pids: Path, *, child: str = CHILD) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(PARENT), textwrap.dedent(child), str(pids)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


def read_pids(path: Path, *, other_than: list[int] | None = None) -> list[int]:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        pids = [int(word) for word in path.read_text().split()] if path.exists() else []
        if pids and pids != other_than:
            return pids
        time.sleep(0.05)
    raise AssertionError(f"{path} did not change")


def is_running(pid: int) -> bool:
    try:
        return " Z " not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False


def wait_until_gone(pids: list[int]) -> None:
    deadline = time.monotonic() + 20
    while any(is_running(pid) for pid in pids):
        assert time.monotonic() < deadline, "something is left behind"
        time.sleep(0.05)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_one_signal_ends_everything(tmp_path: Path, number: signal.Signals) -> None:
    parent = start(tmp_path / "pids")
    pids = read_pids(tmp_path / "pids")

    parent.send_signal(number)
    output, _ = parent.communicate(timeout=20)

    assert parent.returncode == 0
    assert sorted(output.splitlines()) == ["Stopping …", "one    | up", "started"]
    wait_until_gone(pids)


def test_children_end_with_a_killed_parent(tmp_path: Path) -> None:
    parent = start(tmp_path / "pids")
    child, grandchild = read_pids(tmp_path / "pids")

    parent.kill()
    parent.communicate(timeout=20)

    wait_until_gone([child])
    # A child that leaves its own children behind is not asked for; ours end theirs on SIGTERM.
    os.kill(grandchild, signal.SIGKILL)


def test_a_crashed_child_starts_again_and_leaves_no_grandchild(tmp_path: Path) -> None:
    parent = start(tmp_path / "pids")
    first = read_pids(tmp_path / "pids")

    os.kill(first[0], signal.SIGKILL)
    second = read_pids(tmp_path / "pids", other_than=first)
    wait_until_gone(first)
    parent.terminate()
    output, _ = parent.communicate(timeout=20)

    assert parent.returncode == 0
    assert "one ended with code -9; starting it again (1/5)." in output
    wait_until_gone(second)


def test_a_child_that_cannot_stay_up_ends_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from enablement.launch import supervisor

    monkeypatch.setattr(supervisor, "MAX_RESTARTS", 1)
    lines = tmp_path / "lines"
    with lines.open("w") as output:
        broken = supervisor.Child("beat", [sys.executable, "-c", "raise SystemExit(7)"])
        code = supervisor.Supervisor([broken], output=output).run()

    assert code == 1
    assert lines.read_text().splitlines() == [
        "beat ended with code 7; starting it again (1/1).",
        "beat ended 2 times in a row; giving up.",
        "Stopping …",
    ]


def test_a_child_that_ignores_sigterm_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from enablement.launch import supervisor

    monkeypatch.setattr(supervisor, "STOP_SECONDS", 0.5)
    pids = tmp_path / "pids"
    deaf = f"""
import os, pathlib, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
pathlib.Path({str(pids)!r}).write_text(str(os.getpid()))
time.sleep(300)
"""

    def stop() -> None:
        read_pids(pids)
        os.kill(os.getpid(), signal.SIGTERM)

    code = supervisor.Supervisor([supervisor.Child("web", [sys.executable, "-c", deaf])]).run(
        when_started=stop
    )

    assert code == 0
    wait_until_gone(read_pids(pids))
