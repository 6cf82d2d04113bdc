"""An extractive summary of a support ticket, and how sure it is. No model: same ticket, same answer."""

import re
from collections import Counter
from dataclasses import dataclass

SENTENCES = 2
MODEL_VERSION = "extractive-1"
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
_WORD = re.compile(r"[^\W\d_]{3,}")
# Words that say nothing of what a ticket is about.
_COMMON_WORDS = """
about after again also and any are back been but can could did does for from get had has have her here him
his how its just let may more not now our out please she should some still than thank thanks that the
their them then there they this too very was were what when which who why will with would you your
"""
_COMMON = frozenset(_COMMON_WORDS.split())


@dataclass(frozen=True)
class Summary:
    """`confidence`: share of the ticket's telling words that the chosen sentences hold, from 0 to 1."""

    text: str
    confidence: float


def summarise(ticket: str) -> Summary:
    """The sentences that hold most of what the ticket talks about, in their order."""
    sentences = [part.strip() for part in _SENTENCE.split(ticket) if part.strip()]
    weights = Counter(_telling(ticket))
    total = sum(weights.values())
    if not total:
        return Summary(text=" ".join(sentences[:SENTENCES]), confidence=0.0)
    chosen: list[int] = []
    left = dict(weights)
    while len(chosen) < min(SENTENCES, len(sentences)):
        gains = {
            index: sum(left.get(word, 0) for word in set(_telling(sentence)))
            for index, sentence in enumerate(sentences)
            if index not in chosen
        }
        best = max(gains, key=lambda index: (gains[index], -index))
        chosen.append(best)
        for word in _telling(sentences[best]):
            left.pop(word, None)
    text = " ".join(sentences[index] for index in sorted(chosen))
    return Summary(text=text, confidence=round(1 - sum(left.values()) / total, 2))


def _telling(text: str) -> list[str]:
    return [word for word in _WORD.findall(text.lower()) if word not in _COMMON]
