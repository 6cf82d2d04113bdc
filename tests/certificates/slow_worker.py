"""A real worker that stops in the middle of issuing: `celery -A tests.certificates.slow_worker worker`.

It touches the file that STOPPED_AT names, inside the issuing transaction, and goes no further.
"""

import os
import time
from pathlib import Path

from enablement.certificates.signals import certificate_changed
from tests.jobs.worker import app

__all__ = ["app"]


def stop(**_kwargs):
    Path(os.environ["STOPPED_AT"]).touch()
    time.sleep(600)


certificate_changed.connect(stop)
