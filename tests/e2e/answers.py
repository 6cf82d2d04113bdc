"""What the pages of a running attempt never say."""

from assessments.models import AttemptItem
from assessments.selectors.asking import as_form_values
from assessments.services.grading import right_response


def right_answers(attempt: str, using: str) -> dict[int, list[str]]:
    """The right answers by position, as the form sends them."""
    items = AttemptItem.objects.using(using).filter(attempt=attempt).select_related("question_version")
    return {item.position: as_form_values(right_response(item.question_version)) for item in items}
