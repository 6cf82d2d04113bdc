"""What the pages of one attempt show. Nothing here that is shown during an attempt knows what is right."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from assessments.models import Attempt, AttemptItem, QuestionVersion
from tracks import markdown

if TYPE_CHECKING:
    from assessments.models.question import Option

PAGE_SIZE = 5
Kind = QuestionVersion.Kind


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    key: str
    text: str
    checked: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """One question as it is asked. `was` is the answer shown, so that a form sends only what was changed."""

    position: int
    kind: str
    legend: str
    prose: SafeString
    choices: list[Choice]
    typed: str
    unit: str
    flagged: bool
    was: str
    was_flagged: bool
    error: str

    @property
    def several(self) -> bool:
        return self.kind == Kind.MULTIPLE

    @property
    def is_number(self) -> bool:
        return self.kind == Kind.NUMERIC


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """Where one question of the attempt stands, for the way around in it."""

    position: int
    page: int
    answered: bool
    flagged: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Typed:
    """What a form sent and could not be saved: by position, the values, flags and errors."""

    values: Mapping[int, Sequence[str]] = field(default_factory=dict)
    flags: Mapping[int, bool] = field(default_factory=dict)
    errors: Mapping[int, str] = field(default_factory=dict)


def marks_of(attempt: Attempt) -> list[Mark]:
    """All questions of the attempt in order, without their texts. One query."""
    rows = attempt.items.order_by("position").values_list("position", "response", "flagged")
    return [
        Mark(position=position, page=page_of(position), answered=response is not None, flagged=flagged)
        for position, response, flagged in rows
    ]


def page_of(position: int) -> int:
    return (position - 1) // PAGE_SIZE + 1


def questions_on(attempt: Attempt, page: int, *, typed: Typed | None = None) -> list[Asked]:
    """The questions of one page as this person left them, or as they just typed them. One query."""
    first = (page - 1) * PAGE_SIZE + 1
    items = attempt.items.filter(position__gte=first, position__lt=first + PAGE_SIZE).order_by("position")
    return [asked(item, typed or Typed()) for item in items.select_related("question_version")]


def asked(item: AttemptItem, typed: Typed) -> Asked:
    version, position = item.question_version, item.position
    saved = as_form_values(item.response)
    values = typed.values.get(position, saved)
    legend, prose = legend_of(version.prompt)
    return Asked(
        position=position,
        kind=version.kind,
        legend=legend,
        prose=prose,
        choices=[Choice(key=key, text=text, checked=key in values) for key, text in choices_of(item)],
        typed=values[0] if values and version.kind == Kind.NUMERIC else "",
        unit=version.unit,
        flagged=typed.flags.get(position, item.flagged),
        was=",".join(saved),
        was_flagged=item.flagged,
        error=typed.errors.get(position, ""),
    )


def choices_of(item: AttemptItem) -> Iterable[tuple[str, str]]:
    """Keys and texts of what can be chosen, in this attempt's order."""
    if item.question_version.kind == Kind.TRUE_FALSE:
        return (("true", _("True")), ("false", _("False")))
    options: list[Option] = item.question_version.options
    texts = {option["key"]: option["text"] for option in options}
    return [(key, texts[key]) for key in item.option_order]


def as_form_values(response: object) -> list[str]:
    """A stored response as a form would send it."""
    match response:
        case None:
            return []
        case bool():
            return ["true" if response else "false"]
        case list():
            return sorted(str(key) for key in response)
        case _:
            return [str(response)]


def legend_of(prompt: str) -> tuple[str, SafeString]:
    """A prompt of one paragraph names the group of its answers; a longer one stands above them."""
    html = markdown.render(prompt).strip()
    inner = html.removeprefix("<p>").removesuffix("</p>")
    if "<p>" not in inner and html == f"<p>{inner}</p>":
        return mark_safe(inner), SafeString()  # noqa: S308 (a part of what the sanitiser returned)
    return _("Your answer"), SafeString(html)
