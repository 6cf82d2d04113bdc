"""What every test may ask for. The cast of people and the browser have their own modules."""

import gc
import os
import secrets
from collections.abc import Generator, Iterator

import pytest
from django.db import connection

from enablement.launch import services, system
from tests.migrated import django_db_keepdb, django_db_modify_db_settings, django_db_setup, migrated

__all__ = ["django_db_keepdb", "django_db_modify_db_settings", "django_db_setup", "migrated"]

#: Fixtures that need a Debian package; a test that asks for one carries the marker by itself.
PACKAGES_BY_FIXTURE = {"redis_url": "redis-server", "browser": "chromium"}
#: What asks for none of these has no database to be tested on, and runs once: with SQLite.
#: (Not `django_db_blocker`: every test is given that.)
ON_BOTH_DATABASES = {"db", "transactional_db", "django_db_setup", "live_server", "stack"}


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> Generator[None]:
    """Take out, visibly, what belongs to the other database or to a package that cannot be installed here.

    Under CI nothing is taken out for want of a package: the test fails instead. What is given more time than
    others begins early, so that no worker is alone with it at the end.
    """
    absent = set() if os.environ.get("CI") else set(system.missing())
    kept, out = [], []
    for item in items:
        (kept if _belongs_here(item, absent) else out).append(item)
    if out:
        config.hook.pytest_deselected(items=out)
        items[:] = kept
    yield
    # After they were shuffled.
    items.sort(key=_time_given, reverse=True)


def pytest_collection_finish() -> None:
    """What was imported stays: not looking through it for garbage again and again saves a tenth of time."""
    gc.collect()
    gc.freeze()


def _time_given(item: pytest.Item) -> int:
    timeout = item.get_closest_marker("timeout")
    return int(timeout.args[0]) if timeout else 0


def _belongs_here(item: pytest.Item, absent: set[str]) -> bool:
    other = "sqlite" if connection.vendor == "postgresql" else "postgresql"
    if item.get_closest_marker(other):
        return False
    if connection.vendor == "postgresql" and (item.get_closest_marker("pages") or not uses_database(item)):
        return False
    needed = {package for mark in item.iter_markers("needs") for package in mark.args}
    for fixture in getattr(item, "fixturenames", ()):
        if fixture in PACKAGES_BY_FIXTURE:
            needed.add(PACKAGES_BY_FIXTURE[fixture])
    return not needed & absent


def uses_database(item: pytest.Item) -> bool:
    marked = any(item.get_closest_marker(name) for name in ("django_db", "postgresql"))
    return marked or not ON_BOTH_DATABASES.isdisjoint(getattr(item, "fixturenames", ()))


def pytest_report_header() -> str:
    absent = system.missing()
    left_out = f"; left out, not installed: {', '.join(absent)}" if absent else ""
    return f"database: {connection.vendor}{left_out}"


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A Redis of this run's own, empty at its start."""
    with services.redis() as url:
        yield url


@pytest.fixture
def child_env(transactional_db: None) -> dict[str, str]:
    """The environment for a process that is to see this test's database (committed rows) and its `var/`."""
    database = connection.settings_dict
    if connection.vendor == "sqlite":
        url = f"sqlite:///{database['NAME']}"
    else:
        login = f"{database['USER']}:{database['PASSWORD']}@{database['HOST']}:{database['PORT']}"
        url = f"postgresql://{login}/{database['NAME']}"
    return {**os.environ, "DATABASE_URL": url}


@pytest.fixture
def production_env() -> dict[str, str]:
    """A complete, safe environment for production mode; tests take one thing out, or spoil it."""
    kept = {
        name: os.environ[name] for name in ("PATH", "HOME", "LANG", "ENABLEMENT_VAR") if name in os.environ
    }
    return {
        **kept,
        "ENABLEMENT_MODE": "production",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "SITE_URL": "https://enablement.example",
        "ALLOWED_HOSTS": "enablement.example",
        "DATABASE_URL": "postgresql://enablement:secret@127.0.0.1:5432/enablement",
        "REDIS_URL": "redis://127.0.0.1:6379/0",
    }
