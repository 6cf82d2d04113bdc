"""What an author wants a question to be, as plain values; `check()` says what is wrong with it, by name.

Files, forms and imports make these; nothing here knows of files or of the database.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from hashlib import sha256
from typing import Any, Self

from django.core.exceptions import ValidationError
from django.core.validators import validate_slug
from django.utils.translation import gettext as _

from assessments.models import QuestionVersion

Kind = QuestionVersion.Kind
Scoring = QuestionVersion.Scoring
Decision = QuestionVersion.Decision
CHOICE_KINDS = frozenset({Kind.SINGLE.value, Kind.MULTIPLE.value})
#: Beside `exact`, which every kind has.
SCORINGS: Mapping[str, frozenset[str]] = {
    Kind.SINGLE.value: frozenset({Scoring.WEIGHTED.value}),
    Kind.MULTIPLE.value: frozenset(
        {Scoring.PROPORTIONAL.value, Scoring.BY_OPTION.value, Scoring.WEIGHTED.value}
    ),
    Kind.MATCHING.value: frozenset({Scoring.PROPORTIONAL.value}),
    Kind.ORDERING.value: frozenset({Scoring.PROPORTIONAL.value}),
}
MAX_DIFFICULTY = 3
MAX_ANSWER = Decimal(10) ** 12
MAX_DECIMALS = 8
MAX_KEY = 100
#: Options, accepted answers, pairs or steps of one question.
MAX_PARTS = 40
MAX_PART = 1_000
MAX_PROSE = 20_000
MAX_IMAGES = 4
MAX_ALT = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class OptionSpec:
    """`share` of the mark, from -1 to 1, where the question's scoring is `weighted`; else None."""

    text: str
    correct: bool = False
    why: str = ""
    share: Decimal | None = None

    @property
    def key(self) -> str:
        """Stable, and silent about place and rightness."""
        return key_of(self.text)


@dataclass(frozen=True, kw_only=True, slots=True)
class NumberSpec:
    """A further number that earns `share` (0 to 1) of the mark: `answer` ± `tolerance`, ends included."""

    answer: Decimal
    tolerance: Decimal = Decimal(0)
    share: Decimal = Decimal(1)
    why: str = ""

    @classmethod
    def between(cls, low: Decimal, high: Decimal, *, share: Decimal = Decimal(1), why: str = "") -> Self:
        """The interval from `low` to `high`, both ends included."""
        return cls(answer=(low + high) / 2, tolerance=(high - low) / 2, share=share, why=why)


@dataclass(frozen=True, kw_only=True, slots=True)
class TextSpec:
    """An answer in words that earns `share` (0 to 1) of the mark; `pattern` (RE2) covers other spellings."""

    text: str
    pattern: str = ""
    share: Decimal = Decimal(1)
    why: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class PairSpec:
    """What belongs together; two pairs may have the same right side."""

    left: str
    right: str
    why: str = ""

    @property
    def left_key(self) -> str:
        return f"l-{key_of(self.left)}"

    @property
    def right_key(self) -> str:
        return f"r-{key_of(self.right)}"


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageSpec:
    """A picture with the words for who does not see it. Without `content`, the bank has it already."""

    alt: str
    sha256: str = ""
    content: bytes = field(default=b"", repr=False)

    @property
    def digest(self) -> str:
        return sha256(self.content).hexdigest() if self.content else self.sha256


@dataclass(frozen=True, kw_only=True, slots=True)
class QuestionSpec:
    """A question of any kind; what its kind does not use stays empty.

    single, multiple: `options`. true_false: `answer` (bool). numeric: `answer` (Decimal), `tolerance`,
    `unit`, further `numbers`. short_text: `texts` (the first that fits counts), `case_sensitive`. matching:
    `pairs`, `distractors` (further right sides). ordering: `steps` in the right order. decision: `answer`
    (approve, deny or escalate), `policy` (Markdown) and `rubric` (criteria as in `tracks.models.Lab`).

    `why_right` and `why_wrong` go to whoever earned the whole mark, or less; `explanation` to everybody.
    `lesson`: a key in the same track.
    """

    key: str
    kind: str
    prompt: str
    tags: tuple[str, ...]
    difficulty: int = 1
    lesson: str = ""
    options: tuple[OptionSpec, ...] = ()
    answer: bool | Decimal | str | None = None
    tolerance: Decimal = Decimal(0)
    unit: str = ""
    numbers: tuple[NumberSpec, ...] = ()
    texts: tuple[TextSpec, ...] = ()
    case_sensitive: bool = False
    pairs: tuple[PairSpec, ...] = ()
    distractors: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    policy: str = ""
    rubric: tuple[Mapping[str, Any], ...] = ()
    scoring: str = Scoring.EXACT.value
    why_right: str = ""
    why_wrong: str = ""
    explanation: str = ""
    images: tuple[ImageSpec, ...] = ()

    def check(self) -> None:
        """Raise ValidationError, naming the question, unless it can be asked, graded and kept.

        Each error's `code` is the name of the field that it is about.
        """
        from assessments.question_checks import problems_of

        problems = list(problems_of(self))
        if problems:
            raise ValidationError(
                [
                    ValidationError(
                        _("Question “%(key)s”: %(problem)s") % {"key": self.key, "problem": text}, code=name
                    )
                    for name, text in problems
                ]
            )


def check_questions(questions: Iterable[QuestionSpec]) -> None:
    """Raise ValidationError unless every question holds by itself and none occurs twice."""
    questions = tuple(questions)
    for question in questions:
        question.check()
    problems = [
        _("Question “%(key)s” is there twice.") % {"key": key}
        for key in repeated(question.key for question in questions)
    ]
    problems += [
        _("Two questions ask: “%(prompt)s”") % {"prompt": prompt}
        for prompt in repeated(" ".join(question.prompt.split()) for question in questions)
    ]
    if problems:
        raise ValidationError(problems)


def key_of(text: str) -> str:
    return sha256(text.strip().encode(errors="surrogatepass")).hexdigest()[:10]


def repeated(values: Iterable[str]) -> list[str]:
    return [value for value, count in Counter(values).items() if count > 1]


def is_slug(text: str) -> bool:
    try:
        validate_slug(text)
    except ValidationError:
        return False
    return len(text) <= MAX_KEY


def decimals_of(number: Decimal) -> int:
    exponent = number.normalize().as_tuple().exponent
    return max(-exponent, 0) if isinstance(exponent, int) else 0
