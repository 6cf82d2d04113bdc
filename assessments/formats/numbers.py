"""Numbers as foreign files write them."""

import re
from decimal import Decimal

from django.utils.translation import gettext as _

from assessments.formats.parsed import Unmappable

_NUMBER = re.compile(r"[-+]?(?:[0-9]{1,30}(?:\.[0-9]{0,30})?|\.[0-9]{1,30})(?:[eE][-+]?[0-9]{1,2})?\Z")
_SHOWN = 40


def decimal_of(text: str, *, line: int) -> Decimal:
    """Raises Unmappable for anything but digits with a point and, if wanted, an exponent."""
    if not _NUMBER.match(text.strip()):
        raise Unmappable(
            _("“%(text)s” is not a number.") % {"text": " ".join(text.split())[:_SHOWN]},
            _("Write digits with a point, as in 3.14."),
            line=line,
        )
    return Decimal(text.strip())
