"""Keys and labels as people read them."""

from decimal import Decimal
from typing import Any

from django.db.models import Choices


def in_words(text: str) -> str:
    """An outcome or a key figure may be a key: `use_governed_gateway` reads "Use governed gateway".

    Underscores mean spaces only where there is no space: a sentence may name a key and stays as it is.
    """
    words = text.replace("_", " ").strip() if " " not in text else text
    return words[:1].upper() + words[1:]


def percent(share: str | Decimal) -> str:
    """`0.85` → `85`, exactly."""
    return f"{(Decimal(share) * 100).normalize():f}"


def capitalised(choices: type[Choices]) -> list[tuple[Any, str]]:
    """A field's choices as a form lists them: labels that stand alone begin with a capital letter."""
    return [(value, str(label)[:1].upper() + str(label)[1:]) for value, label in choices.choices]
