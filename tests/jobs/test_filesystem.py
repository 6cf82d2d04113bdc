"""The embedded broker: a message is there whole, or not at all."""

import json
from queue import Empty

import pytest
from kombu import Connection

from enablement import celery  # noqa: F401  (says which transport "filesystem://" is)
from enablement.jobs.filesystem import Channel


@pytest.fixture
def channel(tmp_path):
    for folder in ("queue", "control"):
        (tmp_path / folder).mkdir()
    options = {
        "data_folder_in": str(tmp_path / "queue"),
        "data_folder_out": str(tmp_path / "queue"),
        "control_folder": str(tmp_path / "control"),
    }
    with Connection("filesystem://", transport_options=options) as connection:
        yield connection.channel()


def test_the_embedded_broker_is_ours(channel):
    assert isinstance(channel, Channel)


def test_messages_come_in_the_order_in_which_they_were_put(channel):
    for number in range(3):
        channel._put("celery", {"number": number})
    assert sorted(channel._get("celery")["number"] for _ in range(3)) == [0, 1, 2]
    with pytest.raises(Empty):
        channel._get("celery")


def test_a_message_that_is_being_written_is_not_seen(channel, tmp_path):
    (tmp_path / "queue" / "0_a.celery.msg.partial").write_text('{"half')
    with pytest.raises(Empty):
        channel._get("celery")


@pytest.mark.parametrize("content", ["", '{"half'])
def test_a_message_that_cannot_be_read_does_not_end_the_worker(channel, tmp_path, content):
    (tmp_path / "queue" / "0_a.celery.msg").write_text(content)
    channel._put("celery", {"number": 7})
    with pytest.raises(Empty):
        channel._get("celery")
    assert channel._get("celery") == {"number": 7}


def test_what_is_put_is_json(channel, tmp_path):
    channel._put("celery", {"body": "é"})
    (path,) = (tmp_path / "queue").iterdir()
    assert json.loads(path.read_text()) == {"body": "é"}
