"""Names of people in running text: only where an installation has chosen so, by the optional Presidio.

No pattern finds names. Presidio asks a language model, which takes longer than most gateways wait for; so it
is switched off unless REDACTION_NAMES names a language and the model that is installed for it
(`en:en_core_web_lg`).
"""

from collections.abc import Iterator
from functools import lru_cache
from importlib.util import find_spec
from typing import Any

from django.conf import settings

LIBRARY = "presidio_analyzer"
_PERSON = "PERSON"


def names(text: str) -> Iterator[tuple[int, int]]:
    """Nothing where REDACTION_NAMES is empty. ImportError where it is set and something is missing."""
    if not settings.REDACTION_NAMES:
        return
    language, model = _chosen()
    for found in _engine(language, model).analyze(text=text, language=language, entities=[_PERSON]):
        yield found.start, found.end


def prepare() -> None:
    """For a process that answers: it loads the model before the first question, which would wait seconds."""
    for _span in names("Amara Okafor"):
        pass


def missing() -> str:
    """What is not there although names are to be found; "" where nothing is missing, or nobody wants it."""
    if not settings.REDACTION_NAMES:
        return ""
    language, model = _chosen()
    if not language or not model:
        return "LANGUAGE:MODEL"
    return next((package for package in (LIBRARY, model) if find_spec(package) is None), "")


def _chosen() -> tuple[str, str]:
    language, _colon, model = settings.REDACTION_NAMES.partition(":")
    return language, model


@lru_cache
def _engine(language: str, model: str) -> Any:
    """With this very model: left to itself, Presidio fetches one from the internet, here amid a decision."""
    if found := missing():
        raise ImportError(found)
    from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
    from presidio_analyzer.nlp_engine import NlpEngineProvider
    from presidio_analyzer.predefined_recognizers import SpacyRecognizer

    models = [{"lang_code": language, "model_name": model}]
    provider = NlpEngineProvider(nlp_configuration={"nlp_engine_name": "spacy", "models": models})
    registry = RecognizerRegistry(supported_languages=[language])
    registry.add_recognizer(SpacyRecognizer(supported_language=language, supported_entities=[_PERSON]))
    return AnalyzerEngine(
        registry=registry, nlp_engine=provider.create_engine(), supported_languages=[language]
    )
