"""What the pages of one attempt show. Nothing here that is shown during an attempt knows what is right."""

from dataclasses import dataclass

from assessments.models import Attempt, AttemptItem
from assessments.selectors.asking import Asked, Typed, as_asked, as_form_values


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """Where one question of the attempt stands, for the way around in it."""

    position: int
    page: int
    answered: bool
    flagged: bool


def marks_of(attempt: Attempt) -> list[Mark]:
    """All questions of the attempt in order, without their texts. One query."""
    rows = attempt.items.order_by("position").values_list("position", "response", "flagged")
    return [
        Mark(
            position=position, page=attempt.page_of(position), answered=response is not None, flagged=flagged
        )
        for position, response, flagged in rows
    ]


def items_on(attempt: Attempt, page: int) -> list[AttemptItem]:
    """The questions of one page with their texts, in order. One query."""
    first = (page - 1) * attempt.page_size + 1
    items = attempt.items.filter(position__gte=first, position__lt=first + attempt.page_size)
    related = ("question_version__question", "question_version__patch__key")
    return list(items.order_by("position").select_related(*related))


def asked(item: AttemptItem, typed: Typed) -> Asked:
    """The question as this person left it, or as they just typed it."""
    saved = as_form_values(item.response)
    return as_asked(
        item.question_version,
        position=item.position,
        order=item.option_order,
        saved=saved,
        values=typed.values.get(item.position, saved),
        flagged=typed.flags.get(item.position, item.flagged),
        was_flagged=item.flagged,
        error=typed.errors.get(item.position, ""),
    )
