"""Words in a text, compared so that spelling tricks do not help.

NFKC, case-folded, ignorable code points and accents dropped, English stems: "escalation" finds "escalate".
"""

import re
import unicodedata
from functools import lru_cache

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


def mixes_scripts(text: str) -> bool:
    """Whether one word mixes Latin, Cyrillic or Greek letters (UTS 39): it may pose as another word."""
    return any(len(_scripts(word)) > 1 for word in _WORD.findall(_visible(text)))


def _scripts(word: str) -> set[str]:
    if word.isascii():
        return {"LATIN"}
    names = (unicodedata.name(char, "") for char in word if char.isalpha())
    return {script for name in names for script in _SCRIPTS if name.startswith(script)}
