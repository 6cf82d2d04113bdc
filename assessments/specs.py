"""What an author wants a quiz to be, as plain values; `check()` says what is wrong with it, by name.

The playbook reads these from files; nothing here knows of files or of the database.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from assessments.models import Quiz
from assessments.models.quiz import MAX_PAGE_SIZE
from assessments.question_specs import QuestionSpec, check_questions, decimals_of, is_slug, repeated

THRESHOLD_DECIMALS = 3
MAX_MINUTES = 24 * 60
MAX_ATTEMPTS = 100
MAX_COOLDOWN_HOURS = 90 * 24
#: The tag of questions that a bank keeps and no section draws.
RESERVE = "reserve"
#: A position has three digits in the pages' forms.
MAX_ASKED = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class SectionSpec:
    """`questions` by key are always asked; `draw` more are drawn by `tag` (empty: none are)."""

    title: str
    tag: str = ""
    draw: int = 0
    questions: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What it is called in errors."""
        return self.tag or self.title


@dataclass(frozen=True, kw_only=True, slots=True)
class QuizSpec:
    """`threshold` is a share of the points: Decimal("0.85"). Without `opens_at` and `closes_at` it is always
    open.
    """

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
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    page_size: int = 5
    shuffle_questions: bool = True
    shuffle_options: bool = True
    position: int = 0
    valid_months: int | None = None

    def check(self) -> None:
        """Raise ValidationError unless every attempt can be drawn, timed and judged."""
        check_questions(self.questions)
        problems = [*self._own_problems(), *self._section_problems()]
        if problems:
            raise ValidationError(
                [_("Quiz “%(key)s”: %(problem)s") % {"key": self.key, "problem": text} for text in problems]
            )

    def _own_problems(self) -> Iterable[str]:
        if not is_slug(self.key):
            yield _("its key must be letters, digits, hyphens or underscores.")
        if not self.title.strip():
            yield _("it has no title.")
        share = self.threshold
        if not (share.is_finite() and 0 < share <= 1 and decimals_of(share) <= THRESHOLD_DECIMALS):
            yield _("its threshold must be above 0 and at most 1, with at most three decimals.")
        if not 1 <= self.time_limit_min <= MAX_MINUTES:
            yield _("its time limit must be between 1 minute and 24 hours.")
        if not 1 <= self.max_attempts <= MAX_ATTEMPTS:
            yield _("it must allow between 1 and 100 attempts.")
        if not 0 <= self.cooldown_hours <= MAX_COOLDOWN_HOURS:
            yield _("the hours between attempts must be between 0 and 2160.")
        if self.feedback not in Quiz.Feedback.values:
            yield _("its feedback must be one of %(values)s.") % {"values": ", ".join(Quiz.Feedback.values)}
        yield from self._window_problems()

    def _window_problems(self) -> Iterable[str]:
        if any(at is not None and at.tzinfo is None for at in (self.opens_at, self.closes_at)):
            yield _("its opening and closing times need a time zone.")
        elif self.opens_at and self.closes_at and self.closes_at <= self.opens_at:
            yield _("it closes before it opens.")
        if self.feedback == Quiz.Feedback.AFTER_CLOSE and self.closes_at is None:
            yield _("it shows the answers after it has closed, so it needs a time at which it closes.")
        if not 1 <= self.page_size <= MAX_PAGE_SIZE:
            yield _("a page must have between 1 and %(most)d questions.") % {"most": MAX_PAGE_SIZE}

    def _section_problems(self) -> Iterable[str]:
        if not self.sections:
            yield _("it has no sections, so it would ask nothing.")
            return
        tags = [section.tag for section in self.sections if section.tag]
        for tag in repeated(tags):
            yield _("two sections draw “%(tag)s”.") % {"tag": tag}
        fixed = [key for section in self.sections for key in section.questions]
        yield from self._fixed_problems(fixed)
        drawable = [question for question in self.questions if question.key not in fixed]
        sizes = Counter(section_of(question.tags, tags) for question in drawable)
        for section in self.sections:
            yield from _draw_problems(section, sizes[section.tag] if section.tag else 0)
        for question in drawable:
            if section_of(question.tags, tags) is None and RESERVE not in question.tags:
                yield _("question “%(key)s” has no section's tag, so it would never be asked.") % {
                    "key": question.key
                }
        asked = sum(section.draw + len(section.questions) for section in self.sections)
        if asked > MAX_ASKED:
            yield _("it asks %(asked)d questions; at most %(most)d can be asked.") % {
                "asked": asked,
                "most": MAX_ASKED,
            }

    def _fixed_problems(self, fixed: list[str]) -> Iterable[str]:
        known = {question.key for question in self.questions}
        for key in repeated(fixed):
            yield _("question “%(key)s” is named by two sections, or twice by one.") % {"key": key}
        for key in fixed:
            if key not in known:
                yield _("a section names the question “%(key)s”, which is not there.") % {"key": key}


def _draw_problems(section: SectionSpec, size: int) -> Iterable[str]:
    """size: how many questions there are that it can draw."""
    if not section.tag and not section.questions:
        yield _("section “%(name)s” asks nothing: it needs a tag or questions.") % {"name": section.name}
    elif (not section.tag and section.draw) or (section.tag and not 1 <= section.draw <= size):
        yield _("section “%(tag)s” draws %(draw)d of %(size)d questions.") % {
            "tag": section.name,
            "draw": section.draw,
            "size": size,
        }


def section_of(tags: Iterable[str], section_tags: Iterable[str]) -> str | None:
    """The first section that one of a question's tags names; None without one, and for one in reserve."""
    own = frozenset(tags)
    return None if RESERVE in own else next((tag for tag in section_tags if tag in own), None)
