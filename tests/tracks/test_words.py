"""Keys of playbooks, as pages and certificates show them."""

import pytest

from tracks.words import in_words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("use_governed_gateway", "Use governed gateway"),
        ("tell a draft from a FACT", "Tell a draft from a FACT"),
        ("Read rework_rate every day", "Read rework_rate every day"),
        ("", ""),
    ],
)
def test_a_key_is_read_as_words_and_a_sentence_stays(text, words):
    assert in_words(text) == words
