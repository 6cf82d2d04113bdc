"""What an author wants a quiz to be, as plain values; `check()` says what is wrong with it, by name.

The playbook reads these from files; nothing here knows of files or of the database.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256

from django.core.exceptions import ValidationError
from django.core.validators import validate_slug
from django.utils.translation import gettext as _

from assessments.models import QuestionVersion, Quiz

Kind = QuestionVersion.Kind
Scoring = QuestionVersion.Scoring
CHOICE_KINDS = frozenset({Kind.SINGLE.value, Kind.MULTIPLE.value})
MAX_DIFFICULTY = 3
MIN_OPTIONS = 2
MAX_ANSWER = Decimal(10) ** 12
MAX_DECIMALS = 8
THRESHOLD_DECIMALS = 3
MAX_MINUTES = 24 * 60
MAX_ATTEMPTS = 100
MAX_COOLDOWN_HOURS = 90 * 24
MAX_KEY = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class OptionSpec:
    text: str
    correct: bool = False
    why: str = ""

    @property
    def key(self) -> str:
        """Stable, and silent about place and rightness."""
        return sha256(self.text.strip().encode()).hexdigest()[:10]


@dataclass(frozen=True, kw_only=True, slots=True)
class QuestionSpec:
    """`answer`: bool for true_false, Decimal for numeric, else None. `lesson`: a key in the same track."""

    key: str
    kind: str
    prompt: str
    tags: tuple[str, ...]
    difficulty: int = 1
    lesson: str = ""
    options: tuple[OptionSpec, ...] = ()
    answer: bool | Decimal | None = None
    tolerance: Decimal = Decimal(0)
    unit: str = ""
    scoring: str = Scoring.EXACT.value
    explanation: str = ""

    def check(self) -> None:
        """Raise ValidationError, naming the question, unless it can be asked and graded."""
        problems = [*self._common_problems(), *self._kind_problems()]
        if problems:
            raise ValidationError(
                [
                    _("Question “%(key)s”: %(problem)s") % {"key": self.key, "problem": problem}
                    for problem in problems
                ]
            )

    def _common_problems(self) -> Iterable[str]:
        if not _is_slug(self.key):
            yield _("its key must be letters, digits, hyphens or underscores.")
        if not self.prompt.strip():
            yield _("it has no prompt.")
        if not 1 <= self.difficulty <= MAX_DIFFICULTY:
            yield _("its difficulty must be 1, 2 or 3.")
        if self.scoring not in Scoring.values:
            yield _("its scoring must be exact or proportional.")
        elif self.scoring == Scoring.PROPORTIONAL and self.kind != Kind.MULTIPLE:
            yield _("only multiple choice can be scored in proportion.")

    def _kind_problems(self) -> Iterable[str]:
        if self.kind not in Kind.values:
            yield _("its kind must be one of %(kinds)s.") % {"kinds": ", ".join(Kind.values)}
        elif self.kind in CHOICE_KINDS:
            yield from self._choice_problems()
        else:
            if self.options:
                yield _("only single and multiple choice have options.")
            if self.kind == Kind.TRUE_FALSE and not isinstance(self.answer, bool):
                yield _("its answer must be true or false.")
            if self.kind == Kind.NUMERIC:
                yield from self._number_problems()

    def _choice_problems(self) -> Iterable[str]:
        right = sum(option.correct for option in self.options)
        if self.answer is not None:
            yield _("its answer is given by its options, not by “answer”.")
        if len(self.options) < MIN_OPTIONS:
            yield _("it needs at least two options.")
        if any(not option.text.strip() for option in self.options):
            yield _("an option has no text.")
        if len({option.key for option in self.options}) < len(self.options):
            yield _("two options say the same.")
        if self.kind == Kind.SINGLE and right != 1:
            yield _("exactly one option must be correct; %(count)d are.") % {"count": right}
        if self.kind == Kind.MULTIPLE and not 0 < right < len(self.options):
            yield _("at least one option must be correct and at least one wrong.")

    def _number_problems(self) -> Iterable[str]:
        if (
            isinstance(self.answer, bool)
            or not isinstance(self.answer, Decimal)
            or not _storable(self.answer)
        ):
            yield _("its answer must be a number with at most 12 digits and 8 decimals.")
        if not _storable(self.tolerance) or self.tolerance < 0:
            yield _("its tolerance must be a number that is not negative.")


@dataclass(frozen=True, kw_only=True, slots=True)
class SectionSpec:
    tag: str
    title: str
    draw: int


@dataclass(frozen=True, kw_only=True, slots=True)
class QuizSpec:
    """`threshold` is a share of the points: Decimal("0.85")."""

    key: str
    title: str
    threshold: Decimal
    time_limit_min: int
    sections: tuple[SectionSpec, ...]
    questions: tuple[QuestionSpec, ...]
    intro: str = ""
    max_attempts: int = 3
    cooldown_hours: int = 24
    feedback: str = Quiz.Feedback.AFTER_SUBMIT.value
    position: int = 0

    def check(self) -> None:
        """Raise ValidationError unless every attempt can be drawn, timed and judged."""
        check_questions(self.questions)
        problems = [*self._own_problems(), *self._section_problems()]
        if problems:
            raise ValidationError(
                [_("Quiz “%(key)s”: %(problem)s") % {"key": self.key, "problem": text} for text in problems]
            )

    def _own_problems(self) -> Iterable[str]:
        if not _is_slug(self.key):
            yield _("its key must be letters, digits, hyphens or underscores.")
        if not self.title.strip():
            yield _("it has no title.")
        share = self.threshold
        if not (share.is_finite() and 0 < share <= 1 and _decimals(share) <= THRESHOLD_DECIMALS):
            yield _("its threshold must be above 0 and at most 1, with at most three decimals.")
        if not 1 <= self.time_limit_min <= MAX_MINUTES:
            yield _("its time limit must be between 1 minute and 24 hours.")
        if not 1 <= self.max_attempts <= MAX_ATTEMPTS:
            yield _("it must allow between 1 and 100 attempts.")
        if not 0 <= self.cooldown_hours <= MAX_COOLDOWN_HOURS:
            yield _("the hours between attempts must be between 0 and 2160.")
        if self.feedback not in Quiz.Feedback.values:
            yield _("its feedback must be one of %(values)s.") % {"values": ", ".join(Quiz.Feedback.values)}

    def _section_problems(self) -> Iterable[str]:
        tags = [section.tag for section in self.sections]
        if not tags:
            yield _("it has no sections, so it would ask nothing.")
            return
        for tag in _repeated(tags):
            yield _("two sections draw “%(tag)s”.") % {"tag": tag}
        sizes = Counter(section_of(question.tags, tags) for question in self.questions)
        for section in self.sections:
            if section.draw < 1 or section.draw > sizes[section.tag]:
                yield _("section “%(tag)s” draws %(draw)d of %(size)d questions.") % {
                    "tag": section.tag,
                    "draw": section.draw,
                    "size": sizes[section.tag],
                }
        for question in self.questions:
            if section_of(question.tags, tags) is None:
                yield _("question “%(key)s” has no section's tag, so it would never be asked.") % {
                    "key": question.key
                }


def check_questions(questions: Iterable[QuestionSpec]) -> None:
    """Raise ValidationError unless every question holds by itself and none occurs twice."""
    questions = tuple(questions)
    for question in questions:
        question.check()
    problems = [
        _("Question “%(key)s” is there twice.") % {"key": key}
        for key in _repeated(question.key for question in questions)
    ]
    problems += [
        _("Two questions ask: “%(prompt)s”") % {"prompt": prompt}
        for prompt in _repeated(" ".join(question.prompt.split()) for question in questions)
    ]
    if problems:
        raise ValidationError(problems)


def section_of(tags: Iterable[str], section_tags: Iterable[str]) -> str | None:
    """The first section that one of a question's tags names; None where there is none."""
    own = frozenset(tags)
    return next((tag for tag in section_tags if tag in own), None)


def _repeated(values: Iterable[str]) -> list[str]:
    return [value for value, count in Counter(values).items() if count > 1]


def _is_slug(text: str) -> bool:
    try:
        validate_slug(text)
    except ValidationError:
        return False
    return len(text) <= MAX_KEY


def _decimals(number: Decimal) -> int:
    exponent = number.normalize().as_tuple().exponent
    return max(-exponent, 0) if isinstance(exponent, int) else 0


def _storable(number: Decimal) -> bool:
    return number.is_finite() and abs(number) < MAX_ANSWER and _decimals(number) <= MAX_DECIMALS
