"""Quizzes for tests, made as an author makes them."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from assessments.models import Attempt, QuestionVersion, Quiz
from assessments.question_specs import OptionSpec, QuestionSpec
from assessments.services import attempts
from assessments.services.grading import right_response
from assessments.services.quizzes import put_quiz
from assessments.specs import QuizSpec, SectionSpec
from tests.tracks.factories import ModuleFactory

#: A moment at which people of the factories are enrolled and their cohort runs.
NOW = datetime(2026, 11, 4, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)


def single(key="blocked", **overrides):
    options = (
        OptionSpec(text=f"Write it by hand ({key})", correct=True, why="CANARY Below 0.70 it is blocked."),
        OptionSpec(text=f"Ask for approval ({key})", why="CANARY Nobody approves a block away."),
        OptionSpec(text=f"Use it ({key})", why="CANARY It is blocked."),
    )
    values = {
        "key": key,
        "kind": "single",
        "prompt": f"A draft comes at 0.69 ({key}). What now?",
        "tags": ("limits",),
        "options": options,
        "explanation": f"EXPLAINED {key}: below 0.70 is blocked.",
        "lesson": "what-each-number-does",
    }
    return QuestionSpec(**(values | overrides))


def multiple(key="watched", **overrides):
    options = (
        OptionSpec(text="refund", correct=True, why="CANARY On the list."),
        OptionSpec(text="policy", correct=True, why="CANARY On the list."),
        OptionSpec(text="parcel", why="CANARY Not on the list."),
        OptionSpec(text="invoice", why="CANARY Not on the list."),
    )
    values = {
        "kind": "multiple",
        "prompt": f"Which terms are watched ({key})?",
        "options": options,
        "explanation": "EXPLAINED Refund and policy.",
    }
    return single(key, **(values | overrides))


def true_false(key="edge", **overrides):
    values = {
        "kind": "true_false",
        "prompt": f"Exactly 0.70 is blocked ({key}).",
        "options": (),
        "answer": False,
        "explanation": "EXPLAINED Only below.",
    }
    return single(key, **(values | overrides))


def numeric(key="hours", **overrides):
    values = {
        "kind": "numeric",
        "prompt": f"How long may an approval take ({key})?",
        "options": (),
        "answer": Decimal("4.25"),
        "tolerance": Decimal("0.25"),
        "unit": "hours",
        "explanation": "EXPLAINED Four and a quarter.",
    }
    return single(key, **(values | overrides))


RUBRIC = (
    {
        "key": "policy",
        "title": "Names the policy",
        "levels": [
            {"points": 0, "title": "Not named", "description": "No policy."},
            {"points": 1, "title": "Named", "description": "Names it."},
            {"points": 3, "title": "Quoted", "description": "Names the clause."},
        ],
    },
    {
        "key": "risk",
        "title": "Names the risk",
        "levels": [
            {"points": 0, "title": "Not named", "description": "No risk."},
            {"points": 1, "title": "Named", "description": "Says who could be hurt."},
        ],
    },
)


def decision(key="refund", **overrides):
    """Half a mark for the right decision (deny), the other half for the justification's marks."""
    values = {
        "kind": "decision",
        "prompt": f"A customer asks for a second refund ({key}).",
        "options": (),
        "answer": "deny",
        "policy": "One refund a case.",
        "rubric": RUBRIC,
        "explanation": "EXPLAINED One refund a case.",
    }
    return single(key, **(values | overrides))


def quiz_spec(*, questions=None, **overrides):
    """Of three questions (single, true/false, number) under one tag, unless said otherwise."""
    questions = questions or (single(), true_false(), numeric())
    values = {
        "key": "check",
        "title": "Front-line check",
        "intro": "Short situations.",
        "threshold": Decimal("0.85"),
        "time_limit_min": 40,
        "sections": (SectionSpec(tag="limits", title="Limits", draw=len(questions)),),
        "questions": tuple(questions),
    }
    return QuizSpec(**(values | overrides))


def make_quiz(*, module=None, at=NOW, **overrides) -> Quiz:
    module = module or ModuleFactory()
    quiz, _changed = put_quiz(module=module, spec=quiz_spec(**overrides), at=at)
    return quiz


def twenty(**overrides):
    """The spec of a quiz that asks 20 single choices."""
    return {"questions": tuple(single(f"q{number}") for number in range(20)), **overrides}


def right_answers(attempt: Attempt, count: int | None = None) -> dict[int, object]:
    """Right answers to the first `count` questions (all of them by default), by position."""
    items = attempt.items.select_related("question_version").order_by("position")[:count]
    return {item.position: right_response(item.question_version) for item in items}


def wrong_answer(version: QuestionVersion):
    """An answer to a single choice that is not right."""
    return next(option["key"] for option in version.options if not option["correct"])


def sit(*, quiz, user, right: int | None = None, at=NOW) -> Attempt:
    """A whole attempt: started, `right` questions answered right, handed in a minute later."""
    attempt = attempts.start(quiz=quiz, actor=user, at=at)
    attempts.save(attempt=attempt, answers=right_answers(attempt, right), actor=user, at=at + MINUTE)
    return attempts.submit(attempt=attempt, actor=user, at=at + MINUTE)
