"""Loaded by pytest before Django's settings: test mode, and a `var/` of this run's own.

Each xdist worker has a folder of its own in it, so that databases, uploads and queues never meet.
"""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

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


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    if not _WORKER:
        shutil.rmtree(VAR_DIR, ignore_errors=True)
