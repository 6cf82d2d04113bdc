"""Collecting static files takes seconds (hashing, compressing), so it is done only when one has changed."""

import hashlib
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command

#: What libraries bring and no page of ours loads: there is no admin site and no browsable API, and htmx has
#: other versions too.
UNUSED = ["admin", "guardian", "rest_framework", "htmx-2.js", "htm*-4*"]


def collect_if_changed() -> None:
    """Bring STATIC_ROOT up to date."""
    stamp = Path(settings.STATIC_ROOT) / ".collected"
    wanted = _fingerprint()
    if not stamp.exists() or stamp.read_text() != wanted:
        call_command("collectstatic", verbosity=0, interactive=False, clear=True, ignore_patterns=UNUSED)
        stamp.write_text(wanted)


def _fingerprint() -> str:
    """Of every source file's path, size and time of change."""
    digest = hashlib.sha256()
    for finder in get_finders():
        for path, storage in sorted(finder.list(UNUSED), key=lambda found: found[0]):
            stat = Path(storage.path(path)).stat()
            digest.update(f"{path}\0{stat.st_size}\0{stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()
