#!/usr/bin/env python3
"""Every command of the project. Runs on a bare python3: it makes `.venv` by itself and goes on inside it."""

import sys

if sys.version_info < (3, 11):
    sys.stderr.write("manage.py: Python 3.11 or newer is needed, this is %s\n" % sys.version.split()[0])
    sys.exit(2)

if __name__ == "__main__":
    from enablement.launch import cli

    sys.exit(cli.main(sys.argv))
