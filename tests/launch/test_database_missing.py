"""A command on a database without tables ends in one line that says what to do."""

import os
import subprocess
import sys

import pytest

from enablement.launch.paths import ROOT


@pytest.mark.parametrize(
    "command",
    [("ledger", "verify"), ("token", "list"), ("playbook", "plan", "playbooks/demo_playbook.yaml")],
)
def test_a_database_that_was_never_migrated_is_one_clear_line(command, tmp_path):
    environment = {"PATH": os.environ["PATH"], "ENABLEMENT_VAR": str(tmp_path)}
    ended = subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 2
    (line,) = ended.stderr.splitlines()
    assert line.startswith("manage.py: The database cannot be used: no such table")
    assert line.endswith("a new one needs `python3 manage.py migrate` first.")
