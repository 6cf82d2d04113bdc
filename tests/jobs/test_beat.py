"""Beat says once that its broker is gone, and once that it is back."""

import logging
import shutil
from pathlib import Path

import pytest
from celery import current_app
from celery.beat import ScheduleEntry
from celery.schedules import schedule

from enablement.jobs.beat import Scheduler
from tests.jobs.conftest import broker


@pytest.fixture
def folder(tmp_path):
    """That of a broker that needs no server."""
    made = tmp_path / "broker"
    made.mkdir()
    with broker("filesystem://"):
        folders = dict.fromkeys(("data_folder_in", "data_folder_out", "control_folder"), str(made))
        current_app.conf.broker_transport_options = folders
        yield made


def test_a_broker_that_is_gone_is_said_once_and_that_it_is_back_once(folder: Path, caplog):
    beat = Scheduler(app=current_app, schedule_filename=str(folder.parent / "schedule"), lazy=True)
    entries = [
        ScheduleEntry(name=name, task="tests.unknown", schedule=schedule(1), app=current_app)
        for name in ("sweep", "link")
    ]

    def send(times):
        caplog.clear()
        for _second in range(times):
            for entry in entries:
                beat.apply_entry(entry)
        return [(record.levelno, record.getMessage()) for record in caplog.records]

    assert send(1) == []
    shutil.rmtree(folder)
    [(level, said)] = send(3)
    assert level == logging.ERROR
    assert said.startswith("Nothing that is due can be sent, so nothing runs by the clock: ")
    assert send(3) == []
    folder.mkdir()
    assert send(3) == [(logging.WARNING, "What is due can be sent again.")]
    assert len(list(folder.glob("*.msg"))) == 6


def test_it_is_the_one_that_beat_runs():
    assert current_app.conf.beat_scheduler == "enablement.jobs.beat:Scheduler"
