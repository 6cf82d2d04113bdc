"""Memory of processes, from Linux's /proc."""

from collections.abc import Iterator
from pathlib import Path

KIB = 1024
MIB = 1024 * KIB


def resident(pid: int | str = "self") -> float:
    """Resident memory of one process, in MiB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * KIB / MIB
    raise RuntimeError(f"process {pid} has ended")


def tree(pid: int) -> Iterator[int]:
    """A process and all that it started."""
    yield pid
    for thread in Path(f"/proc/{pid}/task").iterdir():
        for child in (thread / "children").read_text().split():
            yield from tree(int(child))


def largest(pid: int) -> float:
    """Resident memory of the largest process of a tree, in MiB."""
    return max(resident(each) for each in tree(pid))
