"""The demo is built once a run: a later start in the same run may begin with a copy of what was built."""

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

DATABASE = "enablement.sqlite3"


def _kept() -> Path:
    return Path(os.environ["ENABLEMENT_TEST_VAR"]) / "built-demo"


def keep(var: Path) -> None:
    """Of a demo that has just been built under `var`, running or not."""
    if _kept().exists():
        return
    making = _kept().with_name(f"built-demo-{os.getpid()}")
    making.mkdir()
    for name in ("secret_key", "checkpoint_key"):
        shutil.copy2(var / name, making)
    for name in ("static", "media"):
        if (var / name).exists():
            shutil.copytree(var / name, making / name)
    # With its journal, as it is at one moment.
    with (
        closing(sqlite3.connect(var / DATABASE)) as database,
        closing(sqlite3.connect(making / DATABASE)) as kept,
    ):
        database.backup(kept)
    making.rename(_kept())


def lay_out(var: Path) -> None:
    """Under `var`, if one was kept; else whoever starts there builds it."""
    if _kept().exists():
        shutil.copytree(_kept(), var, dirs_exist_ok=True)
