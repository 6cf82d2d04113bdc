"""How a question looks once its answer is graded and what is right may be shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from assessments.models import AttemptItem, QuestionVersion
from assessments.selectors.asking import PARTS, as_form_values, choices_of, legend_of, side_texts
from assessments.services import grading
from tracks import markdown
from tracks.models import Lesson

if TYPE_CHECKING:
    from assessments.models.question import Option, Pair, Picture, Step

Kind = QuestionVersion.Kind


@dataclass(frozen=True, kw_only=True, slots=True)
class GradedChoice:
    key: str
    text: str
    picked: bool
    verdict: str
    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class GradedRow:
    """One pair or step: what was chosen for it, and what is right; `own` is empty where nothing was."""

    text: str
    own: str
    right: str
    is_right: bool
    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class GradedQuestion:
    """`state` is one of the pages' states. What the kind does not use is empty: `choices`; `rows` (matching
    and ordering); `own` and `right`, texts for what was typed; `policy` and `justification` of a decision.
    `remarks` is what the author says to this very answer.
    """

    position: int
    part: str
    legend: str
    prose: SafeString
    policy: SafeString
    images: "Sequence[Picture]"
    state: str
    points: Decimal
    several: bool
    choices: Sequence[GradedChoice]
    rows: Sequence[GradedRow]
    own: str
    right: str
    unit: str
    justification: str
    remarks: Sequence[str]
    explanation: SafeString
    lesson: Lesson | None
    is_graded: bool = True

    @property
    def is_typed(self) -> bool:
        return not self.choices and not self.rows


def as_graded(item: AttemptItem, lessons: Mapping[str, Lesson]) -> GradedQuestion:
    """item: with its points, its version and the version's question."""
    version = item.question_version
    points = item.points or Decimal(0)
    legend, prose = legend_of(version.prompt)
    typed = version.kind in {Kind.NUMERIC, Kind.SHORT_TEXT}
    justification = (
        item.response.get("justification", "") if version.kind == Kind.DECISION and item.response else ""
    )
    return GradedQuestion(
        position=item.position,
        part=f"assessments/parts/result_{PARTS[version.kind]}.html",
        legend=legend,
        prose=prose,
        policy=markdown.render(version.details.get("policy", "")),
        images=version.images,
        state="met" if points == item.max_points else "at-risk" if points else "not-met",
        points=points,
        several=version.kind == Kind.MULTIPLE,
        choices=_choices(item),
        rows=_rows(item),
        own=" ".join(as_form_values(item.response)) if typed else "",
        right=_right(version) if typed else "",
        unit=version.unit,
        justification=justification,
        remarks=_remarks(item, whole=points == item.max_points),
        explanation=markdown.render(version.explanation),
        lesson=lessons.get(version.question.lesson_key),
    )


def _right(version: QuestionVersion) -> str:
    right = str(grading.right_response(version))
    tolerance = Decimal(version.tolerance)
    return f"{right} ± {format(tolerance.normalize(), 'f')}" if tolerance else right


def _choices(item: AttemptItem) -> list[GradedChoice]:
    version = item.question_version
    own, right = as_form_values(item.response), as_form_values(grading.right_response(version))
    options: list[Option] = version.options
    whys = {option["key"]: option["why"] for option in options}
    return [
        GradedChoice(
            key=key, text=text, picked=key in own, verdict=_verdict(key, own, right), why=whys.get(key, "")
        )
        for key, text in choices_of(version, item.option_order)
    ]


def _verdict(key: str, own: Sequence[str], right: Sequence[str]) -> str:
    if key in own:
        return "right" if key in right else "wrong"
    return "missed" if key in right else ""


def _rows(item: AttemptItem) -> list[GradedRow]:
    version = item.question_version
    response = item.response if isinstance(item.response, dict) else {}
    if version.kind == Kind.MATCHING:
        texts = side_texts(version)
        pairs: list[Pair] = version.details["pairs"]
        return [
            GradedRow(
                text=pair["left"],
                own=texts.get(response.get(pair["key"], ""), ""),
                right=pair["right"],
                is_right=response.get(pair["key"]) == pair["right_key"],
                why=pair["why"],
            )
            for pair in pairs
        ]
    if version.kind == Kind.ORDERING:
        steps: list[Step] = version.details["steps"]
        return [
            GradedRow(
                text=step["text"],
                own=str(response.get(step["key"], "")),
                right=str(place),
                is_right=response.get(step["key"]) == place,
                why="",
            )
            for place, step in enumerate(steps, start=1)
        ]
    return []


def _remarks(item: AttemptItem, *, whole: bool) -> list[str]:
    """What was counted, and what the author says to whoever was right, or was not."""
    version, response = item.question_version, item.response
    accepted: Mapping[str, object] | None = None
    if isinstance(response, str) and version.kind == Kind.NUMERIC:
        accepted = grading.accepted_number(version, response)
    elif isinstance(response, str) and version.kind == Kind.SHORT_TEXT:
        accepted = grading.accepted_text(version, response)
    said = [str(accepted["why"])] if accepted else []
    said.append(version.details.get("why_right" if whole else "why_wrong", ""))
    if version.kind == Kind.DECISION and item.points is None:
        said.append(_("A mentor still marks the justification."))
    return [text for text in said if text]
