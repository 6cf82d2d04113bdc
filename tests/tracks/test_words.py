"""Keys of playbooks, as pages and certificates show them."""

import pytest
from django.db import models

from tracks.words import capitalised, in_words


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


def test_choices_of_a_form_begin_with_a_capital():
    class Colour(models.TextChoices):
        RED = "red", "red wine"
        BLUE = "blue", "Blue"

    assert capitalised(Colour) == [("red", "Red wine"), ("blue", "Blue")]
