"""Keys that a playbook gives in place of a sentence, as people read them."""


def in_words(text: str) -> str:
    """An outcome or a key figure may be a key: `use_governed_gateway` reads "Use governed gateway".

    Underscores mean spaces only where there is no space: a sentence may name a key and stays as it is.
    """
    words = text.replace("_", " ").strip() if " " not in text else text
    return words[:1].upper() + words[1:]
