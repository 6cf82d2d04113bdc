"""PDF from HTML: fonts and style sheets are read once per process, and nothing reaches the network.

WeasyPrint is imported with the first document, so that a process that never prints does not load it.
"""

import atexit
import functools
import threading
from pathlib import Path
from typing import Any

# Pango's font map, which all documents share, is not for several threads at once.
_lock = threading.Lock()


def render(html: str, *, stylesheet: Path) -> bytes:
    """The document as PDF with embedded fonts. stylesheet: a file of ours; its addresses are relative to it.

    Only `data:` addresses in the HTML are followed. Raises OSError where Pango is not installed.
    """
    with _lock:
        fonts = _fonts()
        from weasyprint import HTML

        document = HTML(string=html, url_fetcher=_fetcher("data"))
        pdf: bytes = document.write_pdf(
            stylesheets=[_stylesheet(stylesheet)], font_config=fonts, pdf_identifier=False
        )
        return pdf


@functools.cache
def _fonts() -> Any:
    from weasyprint.text.fonts import FontConfiguration

    # It takes its files away when it goes, for which the interpreter still has to be whole.
    atexit.register(_forget)
    return FontConfiguration()


def _forget() -> None:
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
