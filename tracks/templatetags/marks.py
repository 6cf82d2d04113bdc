"""`{% state_mark state word %}` and `{% icon name size %}`: a compact c-state and a decorative c-icon for
places that hold many; each is drawn once.
"""

from datetime import datetime
from functools import lru_cache

from django import template
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

register = template.Library()


@register.simple_tag
def state_mark(state: str, word: str = "") -> SafeString:
    """One of the five states as an icon; `word` says it for screen readers, instead of the state's own."""
    return _draw(state, str(word), get_language())


@register.simple_tag
def icon(name: str, size: str = "") -> SafeString:
    """Beside a word; size: "", small, large."""
    return _draw_icon(str(name), size)


@register.filter
def still_ahead(moment: str | datetime | None) -> datetime | None:
    """A moment, also one kept as text, where it is yet to come; otherwise nothing."""
    at = parse_datetime(moment) if isinstance(moment, str) else moment
    return at if at is not None and at > timezone.now() else None


@lru_cache(maxsize=256)
def _draw(state: str, word: str, language: str) -> SafeString:  # noqa: ARG001  (part of the key)
    drawn = render_to_string("parts/state_mark.html", {"state": state, "word": word})
    return mark_safe(drawn.strip())  # noqa: S308  (the template has escaped it)


@lru_cache(maxsize=256)
def _draw_icon(name: str, size: str) -> SafeString:
    drawn = render_to_string("parts/icon.html", {"name": name, "size": size})
    return mark_safe(drawn.strip())  # noqa: S308  (the template has escaped it)
