"""How a question looks while it is asked, by its kind. Nothing here knows what is right."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from assessments.models import QuestionVersion
from assessments.services.responses import LEFT, RIGHT, WHY
from tracks import markdown

if TYPE_CHECKING:
    from assessments.models.question import Option, Picture, Step

Kind = QuestionVersion.Kind
#: The template that draws the inputs of each kind.
PARTS: Mapping[str, str] = {
    Kind.SINGLE.value: "choices",
    Kind.MULTIPLE.value: "choices",
    Kind.TRUE_FALSE.value: "choices",
    Kind.NUMERIC.value: "words",
    Kind.SHORT_TEXT.value: "words",
    Kind.MATCHING.value: "matching",
    Kind.ORDERING.value: "ordering",
    Kind.DECISION.value: "decision",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    key: str
    text: str
    checked: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Placed:
    """A left side with its right sides to choose from, or a step with its positions; keys are form values."""

    key: str
    text: str
    choices: Sequence[Choice]


@dataclass(frozen=True, kw_only=True, slots=True)
class Typed:
    """What a form sent and could not be saved: by position, the values, flags and errors."""

    values: Mapping[int, Sequence[str]] = field(default_factory=dict)
    flags: Mapping[int, bool] = field(default_factory=dict)
    errors: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """One question as it is asked. `was` is the answer shown, so that a form sends only what was changed."""

    position: int
    kind: str
    legend: str
    prose: SafeString
    policy: SafeString
    images: "Sequence[Picture]"
    choices: Sequence[Choice]
    placed: Sequence[Placed]
    typed: str
    unit: str
    flagged: bool
    was: str
    was_flagged: bool
    error: str
    is_graded: bool = False

    @property
    def part(self) -> str:
        return f"assessments/parts/question_{PARTS[self.kind]}.html"

    @property
    def several(self) -> bool:
        return self.kind == Kind.MULTIPLE

    @property
    def is_number(self) -> bool:
        return self.kind == Kind.NUMERIC


def as_asked(
    version: QuestionVersion,
    *,
    position: int,
    order: Sequence[str],
    saved: Sequence[str],
    values: Sequence[str],
    flagged: bool = False,
    was_flagged: bool = False,
    error: str = "",
) -> Asked:
    """order: the keys of what can be chosen or placed, as this attempt shows them. saved: the stored answer
    as form values; values: what the inputs show.
    """
    legend, prose = legend_of(version.prompt)
    kind = version.kind
    return Asked(
        position=position,
        kind=kind,
        legend=legend,
        prose=prose,
        policy=markdown.render(version.details.get("policy", "")),
        images=version.images,
        choices=[
            Choice(key=key, text=text, checked=key in values) for key, text in choices_of(version, order)
        ],
        placed=_placed(version, order, values),
        typed=_typed(kind, values),
        unit=version.unit,
        flagged=flagged,
        was=",".join(saved),
        was_flagged=was_flagged,
        error=error,
    )


def choices_of(version: QuestionVersion, order: Sequence[str]) -> Iterable[tuple[str, str]]:
    """Keys and texts of what can be picked; empty for what is typed, matched or put in order."""
    match version.kind:
        case Kind.TRUE_FALSE:
            return (("true", _("True")), ("false", _("False")))
        case Kind.DECISION:
            return [(value, str(label)) for value, label in QuestionVersion.Decision.choices]
        case _:
            options: list[Option] = version.options
            texts = {option["key"]: option["text"] for option in options}
            return [(key, texts[key]) for key in order if key in texts]


def side_texts(version: QuestionVersion) -> dict[str, str]:
    """The texts of a matching's sides, or of an ordering's steps, by key."""
    details: Mapping[str, Any] = version.details
    texts = {pair["key"]: pair["left"] for pair in details.get("pairs", ())}
    texts |= {pair["right_key"]: pair["right"] for pair in details.get("pairs", ())}
    further: Iterable[Step] = (*details.get("distractors", ()), *details.get("steps", ()))
    return texts | {step["key"]: step["text"] for step in further}


def _placed(version: QuestionVersion, order: Sequence[str], values: Sequence[str]) -> list[Placed]:
    texts = side_texts(version)
    if version.kind == Kind.MATCHING:
        rights = [key for key in order if key.startswith(RIGHT)]
        return [
            _place(left, texts[left], [(right, texts[right]) for right in rights], values)
            for left in order
            if left.startswith(LEFT)
        ]
    if version.kind == Kind.ORDERING:
        places = [(str(place), str(place)) for place in range(1, len(order) + 1)]
        steps = [_place(key, texts[key], places, values) for key in order]
        return sorted(steps, key=_chosen_place)
    return []


def _place(key: str, text: str, choices: Iterable[tuple[str, str]], values: Sequence[str]) -> Placed:
    return Placed(
        key=key,
        text=text,
        choices=[
            Choice(key=f"{key}:{value}", text=label, checked=f"{key}:{value}" in values)
            for value, label in choices
        ],
    )


def _chosen_place(step: Placed) -> int:
    """Steps stand in the order that was chosen; those without a position come last, as they were shuffled."""
    places = [number for number, choice in enumerate(step.choices) if choice.checked]
    return places[0] if places else len(step.choices)


def _typed(kind: str, values: Sequence[str]) -> str:
    if kind == Kind.DECISION:
        return next((value.removeprefix(WHY) for value in values if value.startswith(WHY)), "")
    return values[0] if values and kind in {Kind.NUMERIC, Kind.SHORT_TEXT} else ""


def as_form_values(response: object) -> list[str]:
    """A stored response as a form would send it (see `services.responses`)."""
    match response:
        case None:
            return []
        case bool():
            return ["true" if response else "false"]
        case list():
            return sorted(str(key) for key in response)
        case {"decision": decision, "justification": justification}:
            return [str(decision)] * bool(decision) + [f"{WHY}{justification}"] * bool(justification)
        case dict():
            return sorted(f"{key}:{value}" for key, value in response.items())
        case _:
            return [str(response)]


def scoring_label(kind: str, scoring: str) -> str:
    """What a way of scoring means for this kind, in words."""
    if scoring == QuestionVersion.Scoring.PROPORTIONAL and kind == Kind.MATCHING:
        return _("a share for each right pair")
    if scoring == QuestionVersion.Scoring.PROPORTIONAL and kind == Kind.ORDERING:
        return _("a share for each step that the right one follows")
    return str(QuestionVersion.Scoring(scoring).label)


def legend_of(prompt: str) -> tuple[str, SafeString]:
    """A prompt of one paragraph names the group of its answers; a longer one stands above them."""
    html = markdown.render(prompt).strip()
    inner = html.removeprefix("<p>").removesuffix("</p>")
    if "<p>" not in inner and html == f"<p>{inner}</p>":
        return mark_safe(inner), SafeString()  # noqa: S308 (a part of what the sanitiser returned)
    return _("Your answer"), SafeString(html)
