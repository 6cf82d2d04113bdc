"""Between what an author wants (`QuestionSpec`) and what a version's columns hold, in both directions."""

import hashlib
import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from assessments.models import Question, QuestionVersion
from assessments.question_specs import (
    ImageSpec,
    Kind,
    NumberSpec,
    OptionSpec,
    PairSpec,
    QuestionSpec,
    TextSpec,
    key_of,
)

if TYPE_CHECKING:
    from assessments.models.question import AcceptedNumber, AcceptedText, Option, Pair, Picture, Step


def columns_of(spec: QuestionSpec) -> dict[str, Any]:
    """What a version holds beside its images."""
    return {
        "kind": str(spec.kind),
        "prompt": spec.prompt.strip(),
        "options": [_option(option) for option in spec.options],
        "answer": _answer(spec),
        "tolerance": spec.tolerance.normalize() if spec.kind == Kind.NUMERIC else Decimal(0),
        "unit": spec.unit,
        "details": _details(spec),
        "scoring": str(spec.scoring),
        "explanation": spec.explanation.strip(),
    }


def digest_of(spec: QuestionSpec) -> str:
    """SHA-256 (hex) of all that a version shows and knows: another one means another version.

    What is empty is left out, so that a field that questions did not have before changes no old one.
    """
    covered = columns_of(spec)
    if not covered["details"]:
        del covered["details"]
    if spec.images:
        covered["images"] = [[image.digest, image.alt.strip()] for image in spec.images]
    return hashlib.sha256(json.dumps(covered, sort_keys=True, default=str).encode()).hexdigest()


def spec_of(question: Question, version: QuestionVersion) -> QuestionSpec:
    """The question as its author wrote it, in this version; images by their hash, without their content."""
    details = version.details
    return QuestionSpec(
        key=question.key,
        kind=version.kind,
        prompt=version.prompt,
        tags=tuple(question.tags),
        difficulty=question.difficulty,
        lesson=question.lesson_key,
        options=tuple(map(_option_spec, version.options)),
        answer=_answer_of(version),
        tolerance=Decimal(version.tolerance).normalize(),
        unit=version.unit,
        numbers=tuple(map(_number_spec, details.get("numbers", ()))),
        texts=tuple(map(_text_spec, details.get("texts", ()))),
        case_sensitive=details.get("case_sensitive", False),
        pairs=tuple(map(_pair_spec, details.get("pairs", ()))),
        distractors=tuple(step["text"] for step in details.get("distractors", ())),
        steps=tuple(step["text"] for step in details.get("steps", ())),
        policy=details.get("policy", ""),
        rubric=tuple(details.get("rubric", ())),
        scoring=version.scoring,
        why_right=details.get("why_right", ""),
        why_wrong=details.get("why_wrong", ""),
        explanation=version.explanation,
        images=tuple(map(_image_spec, version.images)),
    )


def _option(option: OptionSpec) -> "Option":
    held: Option = {
        "key": option.key,
        "text": option.text.strip(),
        "correct": option.correct,
        "why": option.why.strip(),
    }
    if option.share is not None:
        held["share"] = _plain(option.share)
    return held


def _answer(spec: QuestionSpec) -> str:
    match spec.answer:
        case None:
            return ""
        case bool():
            return "true" if spec.answer else "false"
        case Decimal():
            return format(spec.answer, "f")
        case _:
            return str(spec.answer)


def _details(spec: QuestionSpec) -> dict[str, Any]:
    """What `QuestionVersion` says of `details`; empty parts are left out."""
    details: dict[str, Any] = {
        "numbers": [_number(number) for number in spec.numbers],
        "texts": [_text(text) for text in spec.texts],
        "case_sensitive": spec.case_sensitive and spec.kind == Kind.SHORT_TEXT,
        "pairs": [_pair(pair) for pair in spec.pairs],
        "distractors": [_step(text, prefix="r-") for text in spec.distractors],
        "steps": [_step(text) for text in spec.steps],
        "policy": spec.policy.strip(),
        "rubric": [dict(criterion) for criterion in spec.rubric],
        "why_right": spec.why_right.strip(),
        "why_wrong": spec.why_wrong.strip(),
    }
    return {name: value for name, value in details.items() if value}


def _number(number: NumberSpec) -> "AcceptedNumber":
    return {
        "answer": _plain(number.answer),
        "tolerance": _plain(number.tolerance),
        "share": _plain(number.share),
        "why": number.why.strip(),
    }


def _text(text: TextSpec) -> "AcceptedText":
    return {
        "text": text.text.strip(),
        "pattern": text.pattern,
        "share": _plain(text.share),
        "why": text.why.strip(),
    }


def _pair(pair: PairSpec) -> "Pair":
    return {
        "key": pair.left_key,
        "left": pair.left.strip(),
        "right_key": pair.right_key,
        "right": pair.right.strip(),
        "why": pair.why.strip(),
    }


def _step(text: str, *, prefix: str = "") -> "Step":
    return {"key": f"{prefix}{key_of(text)}", "text": text.strip()}


def _plain(number: Decimal) -> str:
    """One way to write a number, so that 0.50 and 0.5 are no difference."""
    return format(number.normalize(), "f")


def _answer_of(version: QuestionVersion) -> bool | Decimal | str | None:
    match version.kind:
        case Kind.TRUE_FALSE:
            return version.answer == "true"
        case Kind.NUMERIC:
            return Decimal(version.answer)
        case Kind.DECISION:
            return version.answer
        case _:
            return None


def _option_spec(option: "Option") -> OptionSpec:
    share = option.get("share")
    return OptionSpec(
        text=option["text"],
        correct=option["correct"],
        why=option["why"],
        share=None if share is None else Decimal(share),
    )


def _number_spec(number: "AcceptedNumber") -> NumberSpec:
    return NumberSpec(
        answer=Decimal(number["answer"]),
        tolerance=Decimal(number["tolerance"]),
        share=Decimal(number["share"]),
        why=number["why"],
    )


def _text_spec(text: "AcceptedText") -> TextSpec:
    return TextSpec(text=text["text"], pattern=text["pattern"], share=Decimal(text["share"]), why=text["why"])


def _pair_spec(pair: "Pair") -> PairSpec:
    return PairSpec(left=pair["left"], right=pair["right"], why=pair["why"])


def _image_spec(picture: "Picture") -> ImageSpec:
    return ImageSpec(alt=picture["alt"], sha256=picture["sha256"])
