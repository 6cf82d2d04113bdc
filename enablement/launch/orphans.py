"""No process outlives the command that started it, however that command ends (Linux)."""

import ctypes
import shutil
import sys

PR_SET_CHILD_SUBREAPER = 36


def dying_with_parent(*further: str) -> list[str]:
    """The words before a command that is to get SIGTERM when its parent ends, even by SIGKILL.

    util-linux's setpriv does it, and `further` options of setpriv: Python's own `preexec_fn` is unsafe beside
    threads.
    """
    return ["setpriv", "--pdeathsig=TERM", *further, "--"] if shutil.which("setpriv") else []


def adopt_orphans() -> None:
    """Grandchildren whose parent crashed become this process's children, so that it can end them."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
