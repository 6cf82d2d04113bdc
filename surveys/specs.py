"""What an author wants a survey to be, as plain values; `check()` says what is wrong with it, by name.

The playbook reads these from files; nothing here knows of files or of the database.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from surveys.models import Item

Kind = Item.Kind
MIN_OPTIONS = 2
#: Characters of a text answer where the author names no limit, and the highest limit.
DEFAULT_LENGTH = 2000
MAX_LENGTH = 10_000


@dataclass(frozen=True, kw_only=True, slots=True)
class OptionSpec:
    key: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ItemSpec:
    """`low`, `high` are for likert; `options` for choice; `minimum`, `maximum`, `unit` for number."""

    key: str
    kind: str
    prompt: str
    low: str = ""
    high: str = ""
    options: tuple[OptionSpec, ...] = ()
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    unit: str = ""
    required: bool = False
    max_length: int | None = None

    def problems(self) -> Iterable[str]:
        if not self.prompt.strip():
            yield _("it has no prompt.")
        if self.kind not in Kind.values:
            yield _("its kind must be one of %(kinds)s.") % {"kinds": ", ".join(Kind.values)}
        if self.kind == Kind.CHOICE:
            yield from self._option_problems()
        elif self.options:
            yield _("only a choice has options.")
        if self.kind != Kind.NUMBER and (self.minimum is not None or self.maximum is not None or self.unit):
            yield _("only a number has bounds and a unit.")
        elif self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            yield _("its minimum is above its maximum.")
        if self.kind != Kind.LIKERT and (self.low or self.high):
            yield _("only a likert item names the ends of its scale.")
        if self.kind != Kind.TEXT and self.max_length is not None:
            yield _("only a text has a greatest length.")
        elif self.max_length is not None and not 1 <= self.max_length <= MAX_LENGTH:
            yield _("its greatest length must be from 1 to %(most)d characters.") % {"most": MAX_LENGTH}

    def _option_problems(self) -> Iterable[str]:
        if len(self.options) < MIN_OPTIONS:
            yield _("it needs at least two options.")
        if any(not option.key.strip() or not option.text.strip() for option in self.options):
            yield _("an option has no key or no text.")
        if len({option.key for option in self.options}) < len(self.options):
            yield _("two options have the same key.")


@dataclass(frozen=True, kw_only=True, slots=True)
class SurveySpec:
    """`key` names the survey in gates; `intro` is plain text; `valid_months`: so long do answers hold."""

    key: str
    title: str
    items: tuple[ItemSpec, ...]
    intro: str = ""
    anonymous: bool = False
    position: int = 0
    valid_months: int | None = None

    def check(self) -> None:
        """Raise ValidationError, naming the items, unless the survey can be asked."""
        if problems := list(self._problems()):
            raise ValidationError(problems)

    def _problems(self) -> Iterable[str]:
        if not self.title.strip():
            yield _("Survey “%(key)s” has no title.") % {"key": self.key}
        if not self.items:
            yield _("Survey “%(key)s” asks nothing.") % {"key": self.key}
        for key, count in Counter(item.key for item in self.items).items():
            if count > 1:
                yield _("Item “%(key)s” stands in the survey %(count)d times.") % {"key": key, "count": count}
        for item in self.items:
            for problem in item.problems():
                yield _("Item “%(key)s”: %(problem)s") % {"key": item.key, "problem": problem}
