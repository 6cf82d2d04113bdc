"""PDF from HTML: fonts and style sheets are read once per process, and nothing reaches the network.

WeasyPrint is imported with the first document, so that a process that never prints does not load it.
"""

import atexit
import functools
import gc
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

# Pango's font map, which all documents share, is not for several threads at once.
_lock = threading.Lock()
_logger = logging.getLogger("weasyprint")
OBJECTS_BETWEEN_COLLECTIONS = 20_000
#: Drawings of ours, ready to be drawn, by their address.
_kept: dict[str, Any] = {}


class Unprintable(ValueError):
    """No font of this machine has some characters of a text that must not be printed with gaps."""

    def __init__(self, characters: str) -> None:
        super().__init__(f"no font has {characters}")
        self.characters = characters


def render(html: str, *, stylesheet: Path, must_show: str = "") -> bytes:
    """The document as PDF with embedded fonts. stylesheet: a file of ours; its addresses are relative to it.

    Of addresses in the HTML, `data:` and the names of SVG files beside the style sheet are followed, no
    others; such a drawing is read once a process. must_show: text that has to be there in full. Raises
    Unprintable where a font for it is missing, OSError where Pango is not installed.
    """
    with _lock:
        from weasyprint import HTML

        folder = stylesheet.parent
        document = HTML(string=html, base_url=f"{folder.as_uri()}/", url_fetcher=_drawings(folder))
        images = dict(_kept)
        with _missing_characters() as missing, _collected_less_often():
            pdf: bytes = document.write_pdf(
                stylesheets=[_stylesheet(stylesheet)],
                font_config=_fonts(),
                pdf_identifier=False,
                cache=images,
            )
        _kept.update((url, image) for url, image in images.items() if url.startswith("file:"))
    if gaps := [character for character in dict.fromkeys(must_show) if character in missing]:
        raise Unprintable("".join(gaps))
    return pdf


@contextmanager
def _collected_less_often() -> Iterator[None]:
    """A sheet is a hundred thousand objects that live until it is written: no use looking."""
    threshold = gc.get_threshold()
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS, *threshold[1:])
    try:
        yield
    finally:
        gc.set_threshold(*threshold)


@contextmanager
def _missing_characters() -> Iterator[set[str]]:
    """The characters that were left out while printing, which WeasyPrint tells its log and nobody else."""
    missing: set[str] = set()

    def note(record: logging.LogRecord) -> bool:
        if record.levelno == logging.WARNING and str(record.msg).startswith(".notdef") and record.args:
            missing.add(str(record.args[0]))  # type: ignore[index]
        return record.levelno > logging.WARNING

    level = _logger.level
    # Only where it has to be: for half a millisecond, logging then forgets what it knows of every logger.
    deaf = not _logger.isEnabledFor(logging.WARNING)
    if deaf:
        _logger.setLevel(logging.WARNING)
    _logger.addFilter(note)
    try:
        yield missing
    finally:
        _logger.removeFilter(note)
        if deaf:
            _logger.setLevel(level)


@functools.cache
def _fonts() -> Any:
    from weasyprint.text.fonts import FontConfiguration

    # It takes its files away when it goes, for which the interpreter still has to be whole.
    atexit.register(_forget)
    return FontConfiguration()


def _forget() -> None:
    _kept.clear()
    _stylesheet.cache_clear()
    _fonts.cache_clear()


@functools.cache
def _stylesheet(path: Path) -> Any:
    from weasyprint import CSS

    return CSS(filename=str(path), font_config=_fonts(), url_fetcher=_fetcher("file", "data"))


@functools.cache
def _fetcher(*protocols: str) -> Any:
    from weasyprint.urls import URLFetcher

    return URLFetcher(allowed_protocols=set(protocols))


@functools.cache
def _drawings(folder: Path) -> Any:
    """Follows `data:` and the addresses of the drawings in this folder, as they stand."""
    from weasyprint.urls import URLFetcher

    ours = frozenset(path.as_uri() for path in folder.glob("*.svg"))

    class Fetcher(URLFetcher):  # type: ignore[misc]  # WeasyPrint has no types
        def fetch(self, url: str, headers: Any = None) -> Any:
            if url not in ours and not url.startswith("data:"):
                raise ValueError(f"not ours: {url}")
            return super().fetch(url, headers)

    return Fetcher(allowed_protocols={"data", "file"})
