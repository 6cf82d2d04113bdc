"""What `manage.py` does before Django: bootstrap, and the commands that need no Django in this process."""

import os
from collections.abc import Sequence

from enablement.launch import bootstrap, system, verify
from enablement.launch.console import fail, say
from enablement.launch.paths import ROOT, VENV_PYTHON

#: Commands that choose the mode themselves, before the settings are read.
MODE_BY_COMMAND = {"demo": "demo", "serve": "production"}
INTERRUPTED = 130


def main(argv: Sequence[str]) -> int:
    """Run one command line; returns the exit code."""
    command = argv[1] if len(argv) > 1 else ""
    try:
        if command == "verify":
            return verify.main(argv)
        if command == "bench":
            return _bench(argv)
        bootstrap.ensure(argv)
        if command in MODE_BY_COMMAND and not {"-h", "--help"} & set(argv):
            os.environ["ENABLEMENT_MODE"] = MODE_BY_COMMAND[command]
            _ensure_libraries()
        return _django(argv)
    except KeyboardInterrupt:
        return INTERRUPTED


def _ensure_libraries() -> None:
    absent = system.ensure(tests=False)
    if absent:
        say(f"PDF certificates need these Debian packages, which could not be installed: {', '.join(absent)}")


def _bench(argv: Sequence[str]) -> int:
    bootstrap.ensure(argv, dev=True)
    os.chdir(ROOT)
    os.execv(VENV_PYTHON, [str(VENV_PYTHON), "-m", "bench", *argv[2:]])


def _django(argv: Sequence[str]) -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "enablement.settings")
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line
    from django.db import OperationalError, ProgrammingError
    from environs import EnvError

    try:
        # Read before any command is looked up: a wrong setting is then one line instead of "unknown command".
        _ = settings.INSTALLED_APPS
        execute_from_command_line(list(argv))
    except (ImproperlyConfigured, EnvError) as error:
        if "--traceback" in argv:
            raise
        fail(" ".join(str(error).split()))
    except (OperationalError, ProgrammingError) as error:
        if "--traceback" in argv:
            raise
        reason = " ".join(str(error).split())
        fail(f"The database cannot be used: {reason}; a new one needs `python3 manage.py migrate` first.")
    return 0
