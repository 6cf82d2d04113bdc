"""What an author wants a pool of shadow cases to be, as plain values; `check()` says what is wrong, by name.

The playbook reads these from files; nothing here knows of files or of the database.
"""

import hashlib
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from decimal import Decimal

import rfc8785
from django.core.exceptions import ValidationError
from django.core.validators import validate_slug
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from assessments.models import Route, ShadowCase
from assessments.services.agreement import DEFAULT_RULE, PassRule

#: A pool is drawn from again and again; with fewer cases people would meet them by hearsay (DESIGN §4).
MIN_CASES = 150
#: A look needs as many (DESIGN §4), so a pool with fewer could not be passed.
MIN_YELLOW = 10
_MAX_SAMPLE_SIZE = 1000
_CONFIDENCE_DECIMALS = 4
_SLUG_LENGTH = 100
_LENGTHS = {"category": 50, "channel": 50, "subject": 300, "model_version": 100, "prompt_key": 100}


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseSpec:
    """One case. `decision`, `usable` and `reason` are its author's answer and why.

    `ground_truth`: that answer is known for certain and measures judges and learners. `sha256` covers all of
    it, so a change of any part makes it another version of the case; `content_sha256` only what the customer
    wrote, however it is spaced and capitalised.
    """

    key: str
    category: str
    complexity: str
    yellow_zone: bool
    channel: str
    subject: str
    body: str
    output: str
    confidence: Decimal
    decision: str
    usable: bool
    reason: str
    model_version: str = ""
    prompt_key: str = ""
    ground_truth: bool = False

    @property
    def sha256(self) -> str:
        text = asdict(self) | {"confidence": format(self.confidence.normalize(), "f")}
        if not self.ground_truth:
            del text["ground_truth"]
        return hashlib.sha256(rfc8785.dumps(text)).hexdigest()

    @property
    def content_sha256(self) -> str:
        """NFKC, case-folded, one space between words: the same ticket pasted twice has the same hash."""
        words = [
            " ".join(unicodedata.normalize("NFKC", text).casefold().split())
            for text in (self.subject, self.body)
        ]
        return hashlib.sha256(rfc8785.dumps(words)).hexdigest()

    def problems(self) -> Iterable[str]:
        for name in ("category", "channel", "subject", "body", "output", "reason"):
            if not getattr(self, name).strip():
                yield _("it has no %(part)s.") % {"part": name}
        for name, limit in _LENGTHS.items():
            if len(getattr(self, name)) > limit:
                yield _("its %(part)s has more than %(limit)d characters.") % {"part": name, "limit": limit}
        if not _is_slug(self.key):
            yield _("its key must be letters, digits, hyphens or underscores.")
        if self.complexity not in ShadowCase.Complexity.values:
            yield _("its complexity must be low, medium or high.")
        if self.decision not in Route.values:
            yield _("its decision must be one of %(values)s.") % {"values": ", ".join(Route.values)}
        if not _is_confidence(self.confidence):
            yield _("its confidence must be between 0 and 1, with at most four decimals.")


@dataclass(frozen=True, kw_only=True, slots=True)
class PoolSpec:
    """`decisions` explains each of the four answers, by its key (automate, review, avoid, escalate).

    `microtool_title` is what people call the tool; `rule` is when a look passes.
    """

    key: str
    title: str
    microtool_key: str
    decisions: Mapping[str, str]
    instructions: str = ""
    tool_version: str = ""
    model_version: str = ""
    sample_size: int = field(default=50)
    microtool_title: str = ""
    rule: PassRule = DEFAULT_RULE

    def problems(self) -> Iterable[str]:
        if not _is_slug(self.key):
            yield _("its key must be letters, digits, hyphens or underscores.")
        if not self.title.strip():
            yield _("it has no title.")
        if not self.microtool_key.strip():
            yield _("it names no tool.")
        if set(self.decisions) != set(Route.values):
            yield _("it has to explain exactly these answers: %(values)s.") % {
                "values": ", ".join(Route.values)
            }
        if not 1 <= self.sample_size <= _MAX_SAMPLE_SIZE:
            yield _("a look must cover between 1 and 1000 cases.")


def check_pool(pool: PoolSpec, cases: Sequence[CaseSpec], *, minimum: int = MIN_CASES) -> None:
    """Raise ValidationError, naming pool and case, unless the pool can be drawn from and passed."""
    where = _("Pool “%(key)s”: ") % {"key": pool.key}
    problems = [where + problem for problem in (*pool.problems(), *_size_problems(cases, minimum))]
    for case in cases:
        problems += [
            where + _("case “%(key)s”: %(problem)s") % {"key": case.key, "problem": problem}
            for problem in case.problems()
        ]
    keys = Counter(case.key for case in cases)
    problems += [
        where + _("case “%(key)s” is there twice.") % {"key": key} for key, count in keys.items() if count > 1
    ]
    contents: dict[str, str] = {}
    for case in cases:
        first = contents.setdefault(case.content_sha256, case.key)
        if first != case.key:
            message = _("case “%(key)s” has the same text as case “%(first)s”.")
            problems.append(where + message % {"key": case.key, "first": first})
    if problems:
        raise ValidationError(problems)


def _size_problems(cases: Sequence[CaseSpec], minimum: int) -> Iterable[str]:
    if len(cases) < minimum:
        message = ngettext(
            "it has %(count)d case and needs at least %(minimum)d.",
            "it has %(count)d cases and needs at least %(minimum)d.",
            len(cases),
        )
        yield message % {"count": len(cases), "minimum": minimum}
    elif len(cases) >= MIN_CASES and sum(case.yellow_zone for case in cases) < MIN_YELLOW:
        yield _("it needs at least %(minimum)d yellow-zone cases.") % {"minimum": MIN_YELLOW}


def _is_slug(text: str) -> bool:
    try:
        validate_slug(text)
    except ValidationError:
        return False
    return len(text) <= _SLUG_LENGTH


def _is_confidence(number: Decimal) -> bool:
    if not (number.is_finite() and 0 <= number <= 1):
        return False
    return number == round(number, _CONFIDENCE_DECIMALS)
