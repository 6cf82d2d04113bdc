"""SQLite's test database is migrated once for each state of the migrations, and copied from then on.

Migrating takes longer than most runs of a few tests. `migrate` still looks at each copy, which costs a
second.
"""

import fcntl
import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pytest
from django.conf import settings
from django.db import connection

from tests import emptying


@dataclass
class Migrated:
    """Where the migrated database of this state is kept; locked until it is there: one process makes it."""

    path: Path
    lock: IO[str]

    def copy(self) -> None:
        if self.path.exists():
            shutil.copyfile(self.path, connection.settings_dict["TEST"]["NAME"])

    def keep(self) -> None:
        if not self.path.exists():
            with connection.cursor() as cursor:
                cursor.execute("VACUUM INTO %s", [str(self.path)])
        self.lock.close()


@pytest.fixture(scope="session")
def migrated(pytestconfig: pytest.Config) -> Migrated | None:
    cache = getattr(pytestconfig, "cache", None)
    if connection.vendor != "sqlite" or cache is None:
        return None
    folder = cache.mkdir("migrated")
    lock = (folder / "lock").open("w")
    fcntl.flock(lock, fcntl.LOCK_EX)
    return Migrated(folder / f"{_state()}.sqlite3", lock)


@pytest.fixture(scope="session")
def django_db_keepdb(migrated: Migrated | None) -> bool:
    """A copy is not thrown away, only migrated further."""
    return migrated is not None and migrated.path.exists()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None, migrated: Migrated | None) -> None:
    if migrated is not None:
        migrated.copy()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, migrated: Migrated | None, django_db_blocker) -> None:
    with django_db_blocker.unblock():
        if migrated is not None:
            migrated.keep()
        emptying.remember()


def _state() -> str:
    digest = hashlib.sha256()
    for path in sorted(settings.BASE_DIR.glob("*/**/migrations/*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
