"""Loaded by pytest before Django's settings: test mode, and a `var/` of this run's own.

Each xdist worker has a folder of its own in it, so that databases, uploads and queues never meet.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

import hypothesis

# A slow machine is no fault of the code: how long an example takes is not a test.
hypothesis.settings.register_profile("enablement", deadline=None)
hypothesis.settings.load_profile("enablement")

_WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")


def _make_var() -> Path:
    if _WORKER:
        own = Path(os.environ["ENABLEMENT_TEST_VAR"]) / _WORKER
        own.mkdir()
        return own
    root = Path(tempfile.mkdtemp(prefix="enablement-test-"))
    os.environ["ENABLEMENT_TEST_VAR"] = str(root)
    return root


VAR_DIR = _make_var()
os.environ["ENABLEMENT_MODE"] = "test"
os.environ["ENABLEMENT_VAR"] = str(VAR_DIR)


def _remove_var(owner: int) -> None:
    # A forked child runs its parent's exit handlers too.
    if os.getpid() == owner:
        shutil.rmtree(VAR_DIR, ignore_errors=True)


if not _WORKER:
    atexit.register(_remove_var, os.getpid())
