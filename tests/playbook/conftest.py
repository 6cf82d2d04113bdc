"""Playbooks as files, as a person would have them."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import settings

from tests.people.factories import UserFactory
from tests.playbook import small

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
PLAYBOOKS = Path(settings.BASE_DIR) / "playbooks"


@pytest.fixture
def bare(tmp_path):
    """The customer's file alone."""
    return Path(shutil.copy(PLAYBOOKS / "enablement_playbook.yaml", tmp_path))


@pytest.fixture
def with_content(tmp_path):
    """A folder with the customer's file, the demo's and the content beside them."""
    shutil.copytree(PLAYBOOKS, tmp_path / "playbooks")
    return tmp_path / "playbooks"


@pytest.fixture
def small_file(tmp_path):
    """The small playbook on disk, with its content."""
    (tmp_path / "small.yaml").write_text(small.YAML)
    for name, text in small.CONTENT.items():
        path = tmp_path / "content" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "small.yaml"


@pytest.fixture
def author(db):
    return UserFactory(groups=["authors"])
