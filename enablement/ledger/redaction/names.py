"""Names of people in running text: only where an installation has chosen so, by the optional Presidio.

No pattern finds names. Presidio asks a language model of some hundred megabytes, which takes longer than a
gateway waits for; so it is switched off unless REDACTION_NAMES names a language.
"""

from collections.abc import Iterator
from functools import lru_cache
from importlib.util import find_spec
from typing import Any

from django.conf import settings

LIBRARY = "presidio_analyzer"


def names(text: str) -> Iterator[tuple[int, int]]:
    """Nothing where REDACTION_NAMES is empty. ImportError where it is set and the library is missing."""
    language = settings.REDACTION_NAMES
    if not language:
        return
    for found in _engine(language).analyze(text=text, language=language, entities=["PERSON"]):
        yield found.start, found.end


def is_missing() -> bool:
    """Whether names are to be found, but nothing is installed that finds them."""
    return bool(settings.REDACTION_NAMES) and find_spec(LIBRARY) is None


@lru_cache
def _engine(language: str) -> Any:
    from presidio_analyzer import AnalyzerEngine

    return AnalyzerEngine(supported_languages=[language])
