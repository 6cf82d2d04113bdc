"""Steps taken at the same moment, each on a connection of its own (the test commits what they see)."""

import threading

from django.db import connections

from tracks.errors import Refused


def at_once(*steps) -> list[str]:
    """What each step gave: "done", or the code of its refusal. Any other error is raised."""
    barrier = threading.Barrier(len(steps))
    outcomes = [""] * len(steps)
    errors = []

    def run(index, step):
        barrier.wait()
        try:
            step()
            outcomes[index] = "done"
        except Refused as refused:
            outcomes[index] = refused.code
        except Exception as error:  # noqa: BLE001 - raised below, in the test's own thread
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=numbered) for numbered in enumerate(steps)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    if errors:
        raise errors[0]
    return outcomes
