import contextlib
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
import redis

from enablement.launch import services
from tests.launch.running import ROOT


def listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


@pytest.mark.needs("postgresql")
def test_postgresql_starts_empty_and_is_gone_afterwards() -> None:
    with services.postgres() as url, psycopg.connect(url) as connection:
        version = connection.info.server_version
        tables = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
        port = connection.info.port

    assert version >= 150000
    assert tables == (0,)
    assert not listens(port)


@pytest.mark.needs("redis-server")
def test_redis_starts_empty_and_is_gone_afterwards() -> None:
    with services.redis() as url, redis.Redis.from_url(url) as client:
        keys = client.dbsize()
        port = client.connection_pool.connection_kwargs["port"]

    assert keys == 0
    assert not listens(port)


@pytest.mark.needs("postgresql", "redis-server")
def test_they_end_with_a_killed_parent() -> None:
    program = (
        "import time\n"
        "from enablement.launch import services\n"
        "with services.postgres() as database, services.redis() as broker:\n"
        "    print(database, broker, flush=True)\n"
        "    time.sleep(300)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    with parent.stdout as output:
        database, broker = output.readline().split()
        with psycopg.connect(database) as connection, redis.Redis.from_url(broker) as client:
            ports = [connection.info.port, client.connection_pool.connection_kwargs["port"]]
            data = connection.execute("SHOW data_directory").fetchone()
            folders = [Path(data[0]).parent, Path(client.config_get("dir")["dir"])]
        parent.kill()
        parent.wait(10)

    deadline = time.monotonic() + 20
    while any(listens(port) for port in ports):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    for folder in folders:
        assert folder.name.startswith("enablement-")
        shutil.rmtree(folder)


@pytest.mark.needs("redis-server")
def test_a_server_that_cannot_start_says_why() -> None:
    with (
        pytest.raises(RuntimeError, match=r"(?s)did not start: .*nonsense"),
        services.redis("--nonsense", "1"),
    ):
        pass
