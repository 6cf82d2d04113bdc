"""Reads of surveys: who has answered, who may read it, and what came out."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db.models import Max
from django.utils.translation import gettext as _
from guardian.shortcuts import get_users_with_perms

from surveys import values
from surveys.models import Answer, Item, Response, Survey
from tracks.models import Enrolment
from tracks.people import Person
from tracks.prepared import Prepared

if TYPE_CHECKING:
    from django.db.models import QuerySet


@dataclass(frozen=True, slots=True)
class Answered:
    """The newest round of one person, and when it was handed in."""

    response_id: UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class Said:
    """One answer as people read it; `text` is empty where nothing was said."""

    item: Item
    text: str


@dataclass(frozen=True, slots=True)
class Comment:
    text: str
    response: Response


@dataclass(frozen=True, slots=True)
class ItemResult:
    """What `n` people answered to one item.

    mean: of likert and number, exact; None where nobody answered. counts: how many gave each answer, in the
    item's order. comments: of text, the oldest first.
    """

    item: Item
    n: int
    mean: Decimal | None
    counts: Sequence[tuple[str, int]]
    comments: Sequence[Comment]


def answered(*, user_ids: Iterable[UUID], surveys: Iterable[Survey]) -> dict[tuple[UUID, int], Answered]:
    """The newest response by (person, survey); who has not answered is absent. One query."""
    rows = _responses(users=list(set(user_ids)), surveys=[survey.pk for survey in surveys])
    # The last one wins: the rows come by round.
    return {(user, survey): Answered(response, submitted_at) for user, survey, response, submitted_at in rows}


def _responses_of(users: list[UUID], surveys: list[int]) -> "QuerySet[Response, Any]":
    responses = Response.objects.filter(respondent__in=users, survey__in=surveys).order_by("number")
    return responses.values_list("respondent_id", "survey_id", "pk", "submitted_at")


_responses = Prepared(_responses_of, users=[UUID(int=1)], surveys=[2_000_000_001])


def readers_of(enrolment: Enrolment) -> list[Person]:
    """Who reads what this person answers: the cohort's program managers, then the person's own mentors."""
    managers = get_users_with_perms(
        enrolment.cohort, only_with_perms_in=["run_cohort"], with_group_users=True
    )
    mentors = [row.mentor for row in enrolment.mentorships.current().select_related("mentor")]
    people = {person.pk: person for person in [*managers, *mentors] if person.pk != enrolment.user_id}
    return list(people.values())


def answers_of(response: Response) -> list[Said]:
    """Everything that the survey asks, or asked, with this person's answer. Two queries."""
    given = {answer.item_id: answer for answer in response.answers.all()}
    items = response.survey.items.all()
    shown = [item for item in items if item.retired_at is None or item.pk in given]
    return [Said(item, in_words(item, given[item.pk].value) if item.pk in given else "") for item in shown]


def responses_of(
    *, survey: Survey, enrolments: "QuerySet[Enrolment]", number: int | None = None
) -> "QuerySet[Response]":
    """One for each of these enrolments that has answered: of that round, or the newest."""
    found = Response.objects.filter(survey=survey, enrolment__in=enrolments)
    return found.newest() if number is None else found.filter(number=number)


def last_round(*, survey: Survey, enrolments: "QuerySet[Enrolment]") -> int:
    """The highest round that any of them has handed in; 0 for none."""
    found = Response.objects.filter(survey=survey, enrolment__in=enrolments)
    return found.aggregate(last=Max("number"))["last"] or 0


def results(
    *, survey: Survey, enrolments: "QuerySet[Enrolment]", number: int | None = None
) -> list[ItemResult]:
    """What the people of these enrolments answered, item by item, each counted once (see `responses_of`).
    Two queries.
    """
    answers: dict[int, list[Answer]] = defaultdict(list)
    chosen = responses_of(survey=survey, enrolments=enrolments, number=number)
    rows = Answer.objects.filter(response__in=chosen.order_by().values("pk"))
    for answer in rows.select_related("response__respondent").order_by("response__submitted_at", "pk"):
        answers[answer.item_id].append(answer)
    items = [item for item in survey.items.all() if item.retired_at is None or answers[item.pk]]
    return [_item_result(item, answers[item.pk]) for item in items]


def in_words(item: Item, value: Decimal | str) -> str:
    if isinstance(value, Decimal):
        number = values.plain(value)
        return f"{number} {item.unit}" if item.unit else number
    if item.kind == Item.Kind.YES_NO:
        return _("Yes") if value == values.YES else _("No")
    return item.option_text(value) if item.kind == Item.Kind.CHOICE else value


def _item_result(item: Item, answers: Sequence[Answer]) -> ItemResult:
    numbers = [answer.number for answer in answers if answer.number is not None]
    is_text = item.kind == Item.Kind.TEXT
    return ItemResult(
        item=item,
        n=len(answers),
        mean=sum(numbers, Decimal(0)) / len(numbers) if numbers else None,
        counts=() if is_text else _counts(item, answers),
        comments=[Comment(answer.text, answer.response) for answer in answers] if is_text else (),
    )


def _counts(item: Item, answers: Sequence[Answer]) -> list[tuple[str, int]]:
    """Answers that can be given come first, also those that nobody gave; then what is no longer offered."""
    found: Counter[Any] = Counter(answer.value for answer in answers)
    offered = {value: found.pop(value, 0) for value in _offered(item)}
    rest = sorted(found.items())
    return [(in_words(item, value), count) for value, count in [*offered.items(), *rest]]


def _offered(item: Item) -> list[Decimal | str]:
    if item.kind == Item.Kind.LIKERT:
        return [Decimal(step) for step in values.LIKERT]
    if item.kind == Item.Kind.YES_NO:
        return [values.YES, values.NO]
    return [option["key"] for option in item.options]
