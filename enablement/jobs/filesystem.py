"""The broker that needs no server, made safe for a reader that is faster than the writer.

Kombu's own channel writes a message in place: a worker that looks at that moment takes half of it and dies on
what is not JSON. Here a message appears under its name only when it is whole.
"""

import json
import logging
import os
import uuid
from pathlib import Path
from queue import Empty
from time import monotonic
from typing import Any

from kombu.exceptions import ChannelError
from kombu.transport import filesystem

logger = logging.getLogger(__name__)


class Channel(filesystem.Channel):
    """Puts a message by renaming; passes over one that cannot be read (its job is sent again)."""

    def _put(  # type: ignore[override]  # kombu's own classes disagree on the names
        self, queue: str, payload: Any, **_options: Any
    ) -> None:
        # Kombu's own way to name a message: it sorts by time and ends with the queue.
        name = f"{round(monotonic() * 1000)}_{uuid.uuid4()}.{queue}.msg"
        whole = Path(self.data_folder_out) / name
        partial = whole.with_name(f"{name}.partial")
        try:
            partial.write_text(json.dumps(payload))
            os.replace(partial, whole)  # noqa: PTH105  (atomic, and says so)
        except OSError as error:
            raise ChannelError(f"Cannot add file {whole} to directory") from error

    def _get(self, queue: str, timeout: float | None = None) -> Any:  # noqa: ARG002  (kombu's signature)
        try:
            return super()._get(queue)
        except ValueError as error:
            logger.warning("an unreadable message was passed over")
            raise Empty from error


class Transport(filesystem.Transport):
    Channel = Channel
