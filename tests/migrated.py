"""The test database is migrated once for each state of the migrations, and copied from then on.

Migrating takes longer than most runs of a few tests. `migrate` still looks at each copy, which costs a
second. SQLite's is kept as a file; PostgreSQL's as a database, for the other workers of a run (`verify`
throws that server away).
"""

import fcntl
import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

import pytest
from django.conf import settings
from django.db import connection

from tests import emptying


class Migrated(Protocol):
    """What is kept of this state. Locked until it is there: one process makes it."""

    lock: IO[str]

    def exists(self) -> bool: ...

    def copy(self) -> None:
        """Before the test database is made."""

    def keep(self) -> None:
        """Once the test database is made."""


@dataclass
class File:
    """SQLite's."""

    path: Path
    lock: IO[str]

    def exists(self) -> bool:
        return self.path.exists()

    def copy(self) -> None:
        shutil.copyfile(self.path, connection.settings_dict["TEST"]["NAME"])

    def keep(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("VACUUM INTO %s", [str(self.path)])


@dataclass
class Template:
    """PostgreSQL's."""

    name: str
    lock: IO[str]

    def exists(self) -> bool:
        with connection._nodb_cursor() as cursor:
            return bool(connection.creation._database_exists(cursor, self.name))

    def copy(self) -> None:
        connection.settings_dict["TEST"]["TEMPLATE"] = self.name

    def keep(self) -> None:
        made = connection.settings_dict["NAME"]
        # Nobody may be connected to what is copied.
        connection.close()
        with connection._nodb_cursor() as cursor:
            cursor.execute(f'CREATE DATABASE "{self.name}" TEMPLATE "{made}"')


@pytest.fixture(scope="session")
def migrated(pytestconfig: pytest.Config) -> Migrated | None:
    cache = getattr(pytestconfig, "cache", None)
    if cache is None:
        return None
    folder = cache.mkdir("migrated")
    lock = (folder / f"lock-{connection.vendor}").open("w")
    fcntl.flock(lock, fcntl.LOCK_EX)
    if connection.vendor == "sqlite":
        return File(folder / f"{_state()}.sqlite3", lock)
    return Template(f"enablement_migrated_{_state()}", lock)


@pytest.fixture(scope="session")
def django_db_keepdb(migrated: Migrated | None) -> bool:
    """A copied file is not thrown away, only migrated further."""
    return isinstance(migrated, File) and migrated.exists()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings: None, migrated: Migrated | None, django_db_blocker
) -> None:
    with django_db_blocker.unblock():
        if migrated is not None and migrated.exists():
            migrated.copy()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, migrated: Migrated | None, django_db_blocker) -> None:
    with django_db_blocker.unblock():
        if migrated is not None:
            if not migrated.exists():
                migrated.keep()
            migrated.lock.close()
        emptying.remember()


def _state() -> str:
    digest = hashlib.sha256()
    for path in sorted(settings.BASE_DIR.glob("*/**/migrations/*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
