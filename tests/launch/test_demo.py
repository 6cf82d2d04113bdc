"""`manage.py demo` from outside: one command up, one Ctrl-C down."""

import signal
import socket
from pathlib import Path

import pytest

from enablement.launch.services import free_port
from tests.launch import built_demo
from tests.launch.running import (
    bare_env,
    descendants,
    get,
    running,
    wait_for_descendants,
    wait_until_gone,
    wait_until_ok,
)

pytestmark = [pytest.mark.sqlite, pytest.mark.timeout(300)]


# After the walk through the demo, in the same worker: what was built from nothing there is not built again.
@pytest.mark.xdist_group("e2e")
def test_demo_runs_and_leaves_nothing_behind(tmp_path: Path) -> None:
    port = free_port()
    tool = free_port()
    env = bare_env(PORT=str(port), EXAMPLE_TOOL_PORT=str(tool), ENABLEMENT_VAR=str(tmp_path))
    built_demo.lay_out(tmp_path)
    with running("demo", env=env) as demo:
        demo.wait_for_line("Ctrl-C ends everything")
        wait_until_ok(demo, port, "/readyz")
        links = [line.split()[-1] for line in demo.lines if line.startswith("  ")]
        status, page = get(port, links[0].removeprefix(f"http://127.0.0.1:{port}"))
        locked, _page = get(tool, "/")
        processes = wait_for_descendants(demo.process.pid, 5)

        code = demo.stop(signal.SIGINT)

    assert code == 0
    assert (tmp_path / "enablement.sqlite3").exists()
    assert len(links) >= 15
    assert all(link.startswith(f"http://127.0.0.1:{port}/") for link in links)
    assert status in {200, 302}, page
    assert locked == 401
    wait_until_gone(processes)
    assert get(port, "/healthz") == (0, "")
    assert get(tool, "/") == (0, "")
    # Until the worker has linked what waits, /readyz says 503, which is why it was asked again.
    complaints = [line for line in demo.lines if "ERROR" in line or "WARNING" in line]
    assert not [line for line in complaints if not line.endswith("Service Unavailable: /readyz")]

    with running("demo", env=env) as again:
        again.wait_for_line("Ctrl-C ends everything")
        processes = descendants(again.process.pid)
        again.process.kill()
        again.process.wait(10)
        wait_until_gone(processes)


def test_a_taken_port_is_one_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with running("demo", env=bare_env(PORT=str(port), ENABLEMENT_VAR=str(tmp_path))) as demo:
            code = demo.process.wait(60)
            demo._reader.join(5)

    assert code == 2
    assert len(demo.lines) == 1
    assert f"port {port} cannot be used" in demo.lines[0]
    assert "PORT=8080 python3 manage.py demo" in demo.lines[0]


def test_the_demo_needs_its_own_mode() -> None:
    from django.core.management import call_command
    from django.core.management.base import CommandError

    with pytest.raises(CommandError, match=r"start it as: python3 manage\.py demo"):
        call_command("demo")
