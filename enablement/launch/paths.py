"""Where things lie."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
LOCK = ROOT / "requirements.lock"
DEV_LOCK = ROOT / "requirements-dev.lock"
INSTALLER_LOCK = ROOT / "requirements-installer.lock"
VAR = Path(os.environ.get("ENABLEMENT_VAR") or ROOT / "var")
