"""Words in a text, compared so that spelling tricks do not help.

NFKC, case-folded, ignorable code points and accents dropped, English stems: "escalation" finds "escalate".
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import snowballstemmer

# An underscore parts words: "refund_request" holds "refund".
_WORD = re.compile(r"[^\W_]+")
# Format characters (zero-width space, soft hyphen) and combining marks.
_IGNORABLE = {"Cf", "Mn", "Me"}
_SCRIPTS = ("LATIN", "CYRILLIC", "GREEK")


def normalise(text: str) -> str:
    return _visible(unicodedata.normalize("NFKC", text).casefold())


def _visible(text: str) -> str:
    """Without accents and what cannot be seen: nothing in here may split a word or make it another one."""
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(char for char in decomposed if unicodedata.category(char) not in _IGNORABLE)


@lru_cache(maxsize=4096)
def _stem(word: str) -> str:
    # One stemmer a call: snowballstemmer keeps state and threads share this function.
    return str(snowballstemmer.stemmer("english").stemWord(word))


def stems(text: str) -> list[str]:
    return [_stem(word) for word in _WORD.findall(normalise(text))]


def found(terms: list[str], text: str) -> list[str]:
    """The terms that occur in the text, in the order given; a term of several words matches them in a row."""
    words = stems(text)
    return [term for term in terms if _occurs(stems(term), words)]


def _occurs(term: list[str], words: list[str]) -> bool:
    length = len(term)
    return bool(length) and any(words[i : i + length] == term for i in range(len(words) - length + 1))


class Place(NamedTuple):
    """Where a term stands in a text, as places in it (the end is not part of it)."""

    term: str
    start: int
    end: int


def places(terms: list[str], text: str) -> list[Place]:
    """Every place at which one of the terms is found, for showing: `found` says whether there is one.

    A word that is not plain ASCII is shown with all that surrounds it up to the next space.
    """
    words = list(_words_in_place(text))
    stemmed = [word.term for word in words]
    return [
        Place(term, words[i].start, words[i + len(wanted) - 1].end)
        for term in terms
        if (wanted := stems(term))
        for i in range(len(words) - len(wanted) + 1)
        if stemmed[i : i + len(wanted)] == wanted
    ]


def _words_in_place(text: str) -> Iterator[Place]:
    """The stems of a text, each with the place of its word: what `stems` gives, in its order."""
    for chunk in re.finditer(r"\S+", text):
        if chunk[0].isascii():
            for word in _WORD.finditer(chunk[0]):
                start = chunk.start() + word.start()
                yield Place(_stem(word[0].casefold()), start, start + len(word[0]))
        else:
            yield from (Place(stem, *chunk.span()) for stem in stems(chunk[0]))


def mixes_scripts(text: str) -> bool:
    """Whether one word mixes Latin, Cyrillic or Greek letters (UTS 39): it may pose as another word."""
    return any(len(_scripts(word)) > 1 for word in _WORD.findall(_visible(text)))


def _scripts(word: str) -> set[str]:
    if word.isascii():
        return {"LATIN"}
    names = (unicodedata.name(char, "") for char in word if char.isalpha())
    return {script for name in names for script in _SCRIPTS if name.startswith(script)}
