"""Celery's scheduler, which says once that the broker takes nothing, and once that it does again.

Its own writes a traceback for each entry that is due: several a second, for as long as the broker is away.
"""

import logging
from typing import Any

from celery.beat import PersistentScheduler, ScheduleEntry

logger = logging.getLogger(__name__)


class Scheduler(PersistentScheduler):
    """What could not be sent is due again at its next time; the sweep finds the jobs meanwhile."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._unsent: set[str | None] = set()
        super().__init__(*args, **kwargs)

    def apply_entry(self, entry: ScheduleEntry, producer: Any = None) -> None:
        try:
            self.apply_async(entry, producer=producer, advance=False)
        except Exception as error:  # noqa: BLE001 - as Celery's own: beat goes on, whatever it was
            if not self._unsent:
                logger.error("Nothing that is due can be sent, so nothing runs by the clock: %s", error)  # noqa: TRY400
            self._unsent.add(entry.name)
        else:
            if entry.name in self._unsent:
                self._unsent.clear()
                logger.warning("What is due can be sent again.")
