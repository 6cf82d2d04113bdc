"""Questions as they stand in a quiz's file: read into specs, and written back so that nothing is lost."""

import base64
import binascii
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal

from django.core.exceptions import ValidationError
from pydantic import AfterValidator, Field, StrictBool, StrictInt, StrictStr

from assessments.models import QuestionVersion
from assessments.patterns import check_pattern
from assessments.question_specs import ImageSpec, NumberSpec, OptionSpec, PairSpec, QuestionSpec, TextSpec
from assessments.services.question_images import media_type_of
from enablement.playbook.errors import SourceErrors
from enablement.playbook.fields import Line, Number, Slug, Strict, Text, as_decimal, refuse
from enablement.playbook.yaml_source import Path, Source

Kind = QuestionVersion.Kind
_ANSWERS = {
    Kind.TRUE_FALSE.value: "true or false",
    Kind.DECISION.value: "approve, deny or escalate",
}


def _pattern(value: str) -> str:
    try:
        check_pattern(value)
    except ValidationError as error:
        raise refuse(error.messages[0], "a regular expression that RE2 can use") from None
    return value


def _picture(value: str) -> str:
    try:
        media_type_of(base64.b64decode("".join(value.split()), validate=True))
    except binascii.Error:
        raise refuse("not the bytes of an image", "the file in base64") from None
    except ValidationError as error:
        raise refuse(error.messages[0], "a PNG, JPEG, WebP or GIF of at most 1 MB, in base64") from None
    return value


class OptionFile(Strict):
    text: StrictStr
    correct: StrictBool = False
    why: StrictStr = ""
    share: Number | None = None


class NumberFile(Strict):
    """Without `to`, only the number `from` itself."""

    low: Number = Field(alias="from")
    high: Number | None = Field(default=None, alias="to")
    share: Number = Decimal(1)
    why: StrictStr = ""


class TextFile(Strict):
    text: Text
    pattern: Annotated[StrictStr, AfterValidator(_pattern)] | None = None
    share: Number = Decimal(1)
    why: StrictStr = ""


class PairFile(Strict):
    left: Text
    right: Text
    why: StrictStr = ""


class LevelFile(Strict):
    points: Annotated[StrictInt, Field(ge=0, le=1000)]
    title: Line
    description: Text


class CriterionFile(Strict):
    key: Slug
    title: Line
    weight: Annotated[StrictInt, Field(ge=1, le=20)] = 1
    levels: list[LevelFile] = Field(min_length=2)


class ImageFile(Strict):
    """`data`: the file in base64, line breaks allowed."""

    alt: Text
    data: Annotated[StrictStr, AfterValidator(_picture)]


class QuestionFile(Strict):
    """`answer` is read by kind: true or false, a number, or a decision."""

    key: Slug
    kind: Literal[
        "single", "multiple", "true_false", "numeric", "short_text", "matching", "ordering", "decision"
    ]
    tags: list[Slug] = Field(min_length=1)
    difficulty: Annotated[StrictInt, Field(ge=1, le=3)] = 1
    lesson: Slug | None = None
    prompt: Text
    images: list[ImageFile] = []
    policy: StrictStr = ""
    options: list[OptionFile] = []
    answer: Any = None
    tolerance: Number = Decimal(0)
    unit: StrictStr = ""
    numbers: list[NumberFile] = []
    texts: list[TextFile] = []
    case_sensitive: StrictBool = False
    pairs: list[PairFile] = []
    distractors: list[Text] = []
    steps: list[Text] = []
    rubric: list[CriterionFile] = []
    scoring: Literal["exact", "proportional", "by_option", "weighted"] = "exact"
    why_right: StrictStr = ""
    why_wrong: StrictStr = ""
    explanation: StrictStr = ""


def as_spec(question: QuestionFile, source: Source, path: Path) -> QuestionSpec:
    """Checked. Raises SourceErrors, each fault at the key that it is about."""
    spec = QuestionSpec(
        key=question.key,
        kind=question.kind,
        prompt=question.prompt,
        tags=tuple(question.tags),
        difficulty=question.difficulty,
        lesson=question.lesson or "",
        options=tuple(OptionSpec(**option.model_dump()) for option in question.options),
        answer=_answer(question.answer, question.kind, source, (*path, "answer")),
        tolerance=question.tolerance,
        unit=question.unit,
        numbers=tuple(map(_number, question.numbers)),
        texts=tuple(
            TextSpec(text=text.text, pattern=text.pattern or "", share=text.share, why=text.why)
            for text in question.texts
        ),
        case_sensitive=question.case_sensitive,
        pairs=tuple(PairSpec(**pair.model_dump()) for pair in question.pairs),
        distractors=tuple(question.distractors),
        steps=tuple(question.steps),
        policy=question.policy,
        rubric=tuple(map(_criterion, question.rubric)),
        scoring=question.scoring,
        why_right=question.why_right,
        why_wrong=question.why_wrong,
        explanation=question.explanation,
        images=tuple(
            ImageSpec(alt=image.alt, content=base64.b64decode("".join(image.data.split())))
            for image in question.images
        ),
    )
    try:
        spec.check()
    except ValidationError as error:
        raise SourceErrors(
            source.error((*path, problem.code or ""), message)
            for problem in error.error_list
            for message in problem.messages
        ) from error
    return spec


def _number(number: NumberFile) -> NumberSpec:
    high = number.low if number.high is None else number.high
    return NumberSpec.between(number.low, high, share=number.share, why=number.why)


def _criterion(criterion: CriterionFile) -> dict[str, Any]:
    """As `tracks.models.Lab` keeps it; a weight of 1 is left out."""
    held = {"key": criterion.key, "title": criterion.title, "minimum": 0}
    weight = {} if criterion.weight == 1 else {"weight": criterion.weight}
    return {**held, **weight, "levels": [level.model_dump() for level in criterion.levels]}


def _answer(value: Any, kind: str, source: Source, path: Path) -> bool | Decimal | str | None:
    if value is None:
        return None
    if kind == Kind.NUMERIC:
        return as_decimal(value, source=source, path=path)
    if kind == Kind.TRUE_FALSE and isinstance(value, bool):
        return value
    if kind == Kind.DECISION and value in QuestionVersion.Decision.values:
        return str(value)
    expected = _ANSWERS.get(kind, "no answer: the question's parts say what is right")
    raise SourceErrors([source.error(path, "the answer does not fit the question", expected)])


def as_file(spec: QuestionSpec, *, contents: Mapping[str, bytes]) -> dict[str, Any]:
    """The question as it stands in a file, without what is at its default.

    contents: the bytes of images by their SHA-256.
    """
    entry: dict[str, Any] = {"key": spec.key, "kind": str(spec.kind), "tags": list(spec.tags)}
    further = {
        "difficulty": spec.difficulty if spec.difficulty != 1 else None,
        "lesson": spec.lesson,
        "prompt": spec.prompt,
        "images": [
            {"alt": image.alt, "data": base64.encodebytes(image.content or contents[image.digest]).decode()}
            for image in spec.images
        ],
        "policy": spec.policy,
        "options": [_option_file(option) for option in spec.options],
        "answer": _plain(spec.answer) if isinstance(spec.answer, Decimal) else spec.answer,
        "tolerance": _plain(spec.tolerance) if spec.tolerance else None,
        "unit": spec.unit,
        "numbers": [_number_file(number) for number in spec.numbers],
        "texts": [
            _kept({"text": text.text, "pattern": text.pattern, "share": _part(text.share), "why": text.why})
            for text in spec.texts
        ],
        "case_sensitive": spec.case_sensitive or None,
        "pairs": [_kept({"left": pair.left, "right": pair.right, "why": pair.why}) for pair in spec.pairs],
        "distractors": list(spec.distractors),
        "steps": list(spec.steps),
        "rubric": [
            {name: value for name, value in criterion.items() if name != "minimum"}
            for criterion in spec.rubric
        ],
        "scoring": spec.scoring if spec.scoring != "exact" else None,
        "why_right": spec.why_right,
        "why_wrong": spec.why_wrong,
        "explanation": spec.explanation,
    }
    return entry | _kept(further)


def _kept(values: Mapping[str, Any]) -> dict[str, Any]:
    """False is an answer; nothing, no text and no parts are not."""
    return {name: value for name, value in values.items() if value is not None and value not in ("", [])}


def _option_file(option: OptionSpec) -> dict[str, Any]:
    values = {
        "text": option.text,
        "correct": option.correct or None,
        "share": None if option.share is None else _plain(option.share),
        "why": option.why,
    }
    return _kept(values)


def _number_file(number: NumberSpec) -> dict[str, Any]:
    low, high = number.answer - number.tolerance, number.answer + number.tolerance
    values = {
        "from": _plain(low),
        "to": _plain(high) if high != low else None,
        "share": _part(number.share),
        "why": number.why,
    }
    return _kept(values)


def _part(share: Decimal) -> int | str | None:
    return None if share == 1 else _plain(share)


def _plain(number: Decimal) -> int | str:
    """A whole number, or the digits of another in quotes: a reader must not make a float of it."""
    whole = number == number.to_integral_value()
    return int(number) if whole else format(number.normalize(), "f")
