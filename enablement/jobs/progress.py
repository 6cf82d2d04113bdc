"""Progress of the job that is running, if one is: services may call this anywhere."""

from enablement.jobs import running


def progress(done: int, total: int = 0, note: str = "") -> None:
    """Say how far the current job has come; nothing happens outside a job.

    done, total: whole units of work; total 0 where the amount is not known. note: a few words for people.
    Written at most twice a second, and always when done reaches total.
    """
    current = running.current.get()
    if current is not None:
        running.report(current, done=done, total=total, note=note)
