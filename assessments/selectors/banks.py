"""Reads of question banks for their authors."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Count, Max, OuterRef, Q, Subquery

from assessments.models import AttemptItem, Question, QuestionBank, QuestionVersion, Quiz
from assessments.selectors.asking import Asked, as_asked
from assessments.selectors.graded import GradedQuestion, as_graded
from assessments.services import grading
from tracks.people import Person

QUESTIONS_A_PAGE = 25
LIVE, RETIRED, EDITED = "live", "retired", "edited"


@dataclass(frozen=True, kw_only=True, slots=True)
class BankFilter:
    """What an author looks for; empty means everything. state: live, retired or edited (in the browser)."""

    text: str = ""
    tag: str = ""
    kind: str = ""
    difficulty: str = ""
    state: str = LIVE


@dataclass(frozen=True, kw_only=True, slots=True)
class BankRow:
    """One question in a list. asked: how often attempts have drawn it, in whatever version."""

    pk: int
    key: str
    prompt: str
    kind: str
    tags: Sequence[str]
    difficulty: int
    retired: bool
    edited: bool
    asked: int


@dataclass(frozen=True, kw_only=True, slots=True)
class BankPage:
    """`total` is of the bank; counts by tag and by kind are of its live questions."""

    page: Page[Any]
    rows: Sequence[BankRow]
    total: int
    found: int
    tags: Sequence[tuple[str, int]]
    kinds: Sequence[tuple[str, str, int]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Preview:
    """A question as it is asked, and as it is shown with a right answer."""

    asked: Asked
    graded: GradedQuestion


def banks_for(user: Person) -> Any:
    """With how many live questions each has and which quizzes draw from it. Two queries."""
    return (
        QuestionBank.objects.visible_to(user)
        .select_related("track")
        .annotate(
            live=Count("questions", filter=Q(questions__retired_at=None), distinct=True),
            edited=Count("questions", filter=Q(questions__edited_at__isnull=False), distinct=True),
        )
        .prefetch_related("quizzes")
        .order_by("track__title", "key")
    )


def bank_page(bank: QuestionBank, wanted: BankFilter, *, number: str | None) -> BankPage:
    """Two queries, however large the bank: its questions, and how often those of the page were asked."""
    newest = QuestionVersion.objects.filter(question=OuterRef("pk")).order_by("-number")
    rows: list[Any] = list(
        Question.objects.filter(bank=bank)
        .annotate(
            prompt=Subquery(newest.values("prompt")[:1]), version_kind=Subquery(newest.values("kind")[:1])
        )
        .order_by("key")
    )
    live = [row for row in rows if row.retired_at is None]
    found = [row for row in rows if _matches(row, wanted)]
    page = Paginator(found, QUESTIONS_A_PAGE).get_page(number)
    asked = _asked([row.pk for row in page.object_list])
    labels = dict(QuestionVersion.Kind.choices)
    kinds = Counter(row.version_kind for row in live)
    return BankPage(
        page=page,
        rows=[_row(row, asked, labels) for row in page.object_list],
        total=len(rows),
        found=len(found),
        tags=sorted(Counter(tag for row in live for tag in row.tags).items()),
        kinds=[(kind, str(labels[kind]), kinds[kind]) for kind in labels if kinds[kind]],
    )


def _matches(row: Any, wanted: BankFilter) -> bool:
    states = {
        LIVE: row.retired_at is None,
        RETIRED: row.retired_at is not None,
        EDITED: row.edited_at is not None,
    }
    text = wanted.text.casefold()
    return (
        states.get(wanted.state, True)
        and (not wanted.tag or wanted.tag in row.tags)
        and (not wanted.kind or wanted.kind == row.version_kind)
        and (not wanted.difficulty or wanted.difficulty == str(row.difficulty))
        and (text in row.prompt.casefold() or text in row.key.casefold())
    )


def _asked(questions: Sequence[int]) -> dict[int, int]:
    rows = AttemptItem.objects.filter(question_version__question__in=questions).order_by()
    counted = rows.values_list("question_version__question").annotate(Count("pk"))
    return dict(counted)


def _row(row: Any, asked: dict[int, int], labels: dict[str, Any]) -> BankRow:
    return BankRow(
        pk=row.pk,
        key=row.key,
        prompt=" ".join(row.prompt.split()),
        kind=str(labels[row.version_kind]),
        tags=row.tags,
        difficulty=row.difficulty,
        retired=row.retired_at is not None,
        edited=row.edited_at is not None,
        asked=asked.get(row.pk, 0),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class VersionUse:
    """One version, and how it was used: asked of how many attempts, last when."""

    version: QuestionVersion
    asked: int
    last_asked: datetime | None


def versions_of(question: Question) -> list[VersionUse]:
    """Newest first. One query."""
    rows: Any = question.versions.annotate(
        asked=Count("items"), last_asked=Max("items__attempt__started_at")
    ).order_by("-number")
    return [VersionUse(version=row, asked=row.asked, last_asked=row.last_asked) for row in rows]


def tags_drawn(bank: QuestionBank) -> list[str]:
    """The tags by which live quizzes draw from the bank. One query."""
    quizzes = Quiz.objects.live().filter(bank=bank).order_by("pk")
    tags = (section["tag"] for quiz in quizzes for section in quiz.sections)
    return list(dict.fromkeys(tag for tag in tags if tag))


def preview_of(question: Question, version: QuestionVersion) -> Preview:
    """Neither the question nor the version has to be stored. No query."""
    order = grading.option_keys(version)
    # Sorted by key, which comes from the text: an order that says nothing of what is right.
    shown = sorted(order) if version.kind in {"matching", "ordering"} else order
    version.question = question
    right = grading.right_response(version)
    item = AttemptItem(question_version=version, position=1, option_order=order, response=right, points=1)
    return Preview(
        asked=as_asked(version, position=1, order=shown, saved=(), values=()),
        graded=as_graded(item, {}),
    )
