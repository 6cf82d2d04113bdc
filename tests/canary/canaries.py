"""Words that stand nowhere but in answers, and content that is full of them.

A word is z, a letter for what it is about, where it comes from, and x with the rest: "zqneverxsingle" belongs
to the question `single` of the quiz whose feedback is `never`. Ids, hashes and English have no such words.
"""

import re
from dataclasses import replace
from decimal import Decimal

from assessments.models import Quiz
from assessments.question_specs import NumberSpec, PairSpec, TextSpec
from assessments.specs import SectionSpec
from tests.assessments.questions import factories as questions
from tests.assessments.quizzes.factories import (
    NOW,
    decision,
    multiple,
    numeric,
    quiz_spec,
    single,
    true_false,
)
from tests.assessments.scenarios.factories import CriterionSpec, scenario_spec
from tests.assessments.shadow.factories import case_spec

POLICIES = [policy.value for policy in Quiz.Feedback]
KINDS = ("single", "multiple", "true_false", "numeric", "short_text", "matching", "ordering", "decision")
_WORD = re.compile(r"\bz[qrmlsocje][a-z]*x[a-z0-9]+\b")
#: Secrets of forms and sessions, which are random letters.
_RANDOM = re.compile(r"\b[A-Za-z0-9]{32,}\b")
#: One right number in each quiz; with its tolerance the bounds are known.
_NUMBERS = {policy: 73110042 + 1000 * index for index, policy in enumerate(POLICIES)}
TOLERANCE = Decimal("0.75")


def plain(key: str) -> str:
    """A key as a part of a word."""
    return re.sub(r"[^a-z0-9]", "", key)


def about_question(policy: str, kind: str) -> str:
    return f"zq{plain(policy)}x{plain(kind)}"


def letters(number: int) -> str:
    return "".join("abcdefghij"[int(digit)] for digit in f"{number:03}")


def found_in(text: str) -> set[str]:
    """The canary words of a text; a right number, or a bound of it, counts as its question's word."""
    words = set(_WORD.findall(_RANDOM.sub("", text).lower()))
    for policy, whole in _NUMBERS.items():
        bounds = (Decimal(whole) + shift for shift in (-TOLERANCE, Decimal(0), TOLERANCE))
        if any(f"{bound.normalize():f}" in text for bound in bounds):
            words.add(about_question(policy, "numeric"))
    return words


def _questions(policy: str) -> list:
    def word(kind: str) -> str:
        return about_question(policy, kind)

    def said(kind: str) -> dict:
        text = word(kind)
        return {"explanation": f"{text} explains", "why_right": f"{text} right", "why_wrong": f"{text} wrong"}

    def told(spec, kind: str):
        options = tuple(replace(option, why=f"{word(kind)} why") for option in spec.options)
        return replace(spec, options=options, **said(kind))

    rubric = tuple(
        criterion
        | {
            "levels": [
                level | {"description": f"zr{plain(policy)}xrubric {level['points']}"}
                for level in criterion["levels"]
            ]
        }
        for criterion in questions.RUBRIC
    )
    words = questions.short_text(
        "short_text",
        texts=(
            TextSpec(text=word("short_text"), pattern=f"{word('short_text')}s?", why=word("short_text")),
            TextSpec(text=f"{word('short_text')}half", share=Decimal("0.5")),
        ),
        **said("short_text"),
    )
    pairs = questions.matching(
        "matching",
        pairs=tuple(
            PairSpec(left=f"left {n}", right=f"side {n * 7 % 5}", why=f"{word('matching')} {n}")
            for n in range(3)
        ),
        **said("matching"),
    )
    return [
        told(single("single"), "single"),
        told(multiple("multiple"), "multiple"),
        replace(true_false("true_false"), **said("true_false")),
        replace(
            numeric("numeric", answer=Decimal(_NUMBERS[policy]), tolerance=TOLERANCE),
            numbers=(NumberSpec(answer=Decimal(7), share=Decimal("0.5"), why=word("numeric")),),
            **said("numeric"),
        ),
        replace(words, tags=("limits",)),
        pairs,
        questions.ordering("ordering", **said("ordering")),
        replace(decision("decision", rubric=rubric), **said("decision")),
    ]


def spec_of_quiz(policy: str, *, closes_at):
    """Every kind of question, two pages, in the authored order of nothing."""
    asked = _questions(policy)
    key = plain(policy)
    tagged = [
        replace(each, prompt=f"{each.prompt} ({key})", tags=("limits",), images=(questions.image(),))
        for each in asked
    ]
    return quiz_spec(
        key=key,
        title=f"Quiz {key}",
        questions=tagged,
        feedback=policy,
        page_size=4,
        cooldown_hours=0,
        max_attempts=9,
        threshold=Decimal("0.80"),
        closes_at=closes_at if policy == "after_close" else None,
        sections=(SectionSpec(tag="limits", title="Limits", draw=len(tagged)),),
    )


def shadow_cases(count: int) -> list:
    """`zo…` is a case's recorded output, `zc…` its author's reason."""
    return [
        case_spec(
            number,
            output=f"zox{letters(number)} says the tool",
            reason=f"zcx{letters(number)} is why",
            confidence=Decimal("0.9183"),
        )
        for number in range(count)
    ]


def scenarios(count: int) -> list:
    """`ze…` explains what is right of a case, and what its justification has to name."""
    return [
        scenario_spec(
            number,
            explanation=f"zex{letters(number)} explains",
            criteria=tuple(
                CriterionSpec(key=key, text=f"zex{letters(number)} {key} is named")
                for key in ("rule", "figure")
            ),
        )
        for number in range(count)
    ]


__all__ = ["KINDS", "NOW", "POLICIES", "about_question", "found_in", "plain", "shadow_cases", "spec_of_quiz"]
