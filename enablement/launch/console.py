"""How the launcher speaks: short lines, and one clear line for an error."""

import sys
from typing import NoReturn

USAGE_ERROR = 2


def say(message: str) -> None:
    print(message, flush=True)


def fail(message: str) -> NoReturn:
    """End with one line on standard error and exit code 2."""
    print(f"manage.py: {message}", file=sys.stderr, flush=True)
    sys.exit(USAGE_ERROR)
