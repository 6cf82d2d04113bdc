from enablement.jobs.services.attempts import (
    FINAL_ERRORS,
    LeaseLost,
    TryLater,
    claim,
    finish,
    record_failure,
    renew,
)
from enablement.jobs.services.enqueueing import enqueue, enqueue_for_people
from enablement.jobs.services.sweeping import purge, sweep

__all__ = [
    "FINAL_ERRORS",
    "LeaseLost",
    "TryLater",
    "claim",
    "enqueue",
    "enqueue_for_people",
    "finish",
    "purge",
    "record_failure",
    "renew",
    "sweep",
]
