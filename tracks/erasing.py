"""What stands where somebody's words were, once they are erased: facts, marks and hashes stay."""

from typing import Final

#: Like the words that take the place of personal data, it is stored as it is and not translated.
ERASED: Final = "[erased]"
