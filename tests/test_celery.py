"""The broker as the settings have it: it may fail, but it never holds up a request."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from celery.schedules import crontab

from enablement.celery import app
from enablement.launch.services import free_port

HOUR = 3600  # by the clock's hand: nothing is due more often
ROOT = Path(__file__).resolve().parents[1]
#: Publish one message as a request would; prints the seconds that it took and what came of it.
PUBLISH = """
import time
from enablement.celery import app
started = time.monotonic()
try:
    app.send_task("probe", ignore_result=True)
    outcome = "sent"
except Exception as error:
    outcome = type(error).__name__
print(outcome, time.monotonic() - started)
"""


def publish(redis_url: str) -> tuple[str, float]:
    done = subprocess.run(
        [sys.executable, "-c", PUBLISH],
        cwd=ROOT,
        env={**os.environ, "REDIS_URL": redis_url},
        capture_output=True,
        text=True,
        timeout=120,
    )
    outcome, seconds = done.stdout.split()
    return outcome, float(seconds)


def server_pid(redis_url: str) -> int:
    import redis

    with redis.Redis.from_url(redis_url) as client:
        return int(client.info("server")["process_id"])


def test_publishing_to_a_healthy_redis(redis_url: str) -> None:
    outcome, seconds = publish(redis_url)

    assert outcome == "sent"
    assert seconds < 2


def test_publishing_to_an_absent_redis_gives_up_quickly() -> None:
    outcome, seconds = publish(f"redis://127.0.0.1:{free_port()}/0")

    assert outcome == "OperationalError"
    assert seconds < 3


def test_publishing_to_a_frozen_redis_gives_up_within_seconds(redis_url: str) -> None:
    server = server_pid(redis_url)
    os.kill(server, signal.SIGSTOP)
    try:
        outcome, seconds = publish(redis_url)
    finally:
        os.kill(server, signal.SIGCONT)

    assert outcome == "OperationalError"
    assert seconds < 10


@pytest.mark.postgresql  # Redis goes with it
def test_a_worker_outlives_its_broker(redis_url: str, child_env: dict[str, str], tmp_path: Path) -> None:
    """After a freeze longer than its patience the worker takes messages again."""
    log = tmp_path / "log"
    with log.open("w") as output:
        worker = subprocess.Popen(
            [sys.executable, "-m", "celery", "-q", "-A", "enablement", "worker", "-P", "threads", "-c", "1"],
            cwd=ROOT,
            env=child_env | {"REDIS_URL": redis_url},
            stdout=output,
            stderr=output,
        )
    try:
        wait_until_taken(redis_url, log)
        server = server_pid(redis_url)
        os.kill(server, signal.SIGSTOP)
        time.sleep(6)
        os.kill(server, signal.SIGCONT)
        wait_until_taken(redis_url, log)
    finally:
        worker.terminate()
        worker.wait(30)


def wait_until_taken(redis_url: str, log: Path) -> None:
    """Publish an unknown task; the worker reports that it has received it, and drops it."""
    before = log.read_text().count("unregistered task")
    assert publish(redis_url)[0] == "sent"
    deadline = time.monotonic() + 120
    while log.read_text().count("unregistered task") == before:
        assert time.monotonic() < deadline, log.read_text()[-3000:]
        time.sleep(0.1)


@pytest.mark.parametrize("entry", sorted(app.conf.beat_schedule))
def test_what_beat_sends_exists_and_does_not_pile_up(entry: str) -> None:
    app.loader.import_default_modules()
    scheduled = app.conf.beat_schedule[entry]

    assert scheduled["task"] in app.tasks
    # What is not taken by then has been sent again: nothing waits for more than one round, or 15 s.
    every = scheduled["schedule"]
    seconds = HOUR if isinstance(every, crontab) else every
    assert scheduled["options"]["expires"] <= max(15, seconds)
