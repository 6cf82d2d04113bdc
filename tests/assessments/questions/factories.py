"""Questions of every kind for tests, as an author writes them."""

from decimal import Decimal

from assessments.models import QuestionVersion
from assessments.question_specs import ImageSpec, PairSpec, QuestionSpec, TextSpec
from assessments.services.question_columns import columns_of
from tests.assessments.quizzes.factories import multiple, numeric, single, true_false

#: One white pixel.
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489"
    "0000000d49444154789c63f8ffff3f0005fe02fea7359d490000000049454e44ae426082"
)
RUBRIC = (
    {
        "key": "reason",
        "title": "Reason",
        "minimum": 0,
        "levels": [
            {"points": 0, "title": "None", "description": "No reason is given."},
            {"points": 1, "title": "Some", "description": "A reason is given."},
            {"points": 3, "title": "Good", "description": "The sentence that decides is named."},
        ],
    },
    {
        "key": "tone",
        "title": "Tone",
        "minimum": 0,
        "levels": [
            {"points": 0, "title": "Off", "description": "It could not be sent."},
            {"points": 1, "title": "Fit", "description": "It could be sent."},
        ],
    },
)


def _spec(kind, key, **values):
    common = {"key": key, "kind": kind, "prompt": f"Prompt of {key}?", "tags": ("limits",)}
    return QuestionSpec(**(common | values))


def short_text(key="word", **overrides):
    texts = (
        TextSpec(text="escalate", pattern="escalat(e|ion)", why="CANARY The word of the SOP."),
        TextSpec(text="hand over", share=Decimal("0.5"), why="CANARY Close."),
    )
    return _spec("short_text", key, **({"texts": texts} | overrides))


def matching(key="pairs", **overrides):
    values = {
        "pairs": (
            PairSpec(left="refund", right="request it", why="CANARY Money."),
            PairSpec(left="parcel status", right="answer it"),
            PairSpec(left="legal threat", right="escalate it"),
        ),
        "distractors": ("ignore it",),
        "scoring": "proportional",
    }
    return _spec("matching", key, **(values | overrides))


def ordering(key="steps", **overrides):
    values = {"steps": ("read", "look up", "draft", "send"), "scoring": "proportional"}
    return _spec("ordering", key, **(values | overrides))


def decision(key="case", **overrides):
    values = {
        "answer": "deny",
        "policy": "Credits are for parcels **seven days** late.",
        "rubric": RUBRIC,
    }
    return _spec("decision", key, **(values | overrides))


EVERY_KIND = (single, multiple, true_false, numeric, short_text, matching, ordering, decision)


def image(alt="A white dot", content=PNG):
    return ImageSpec(alt=alt, content=content)


def version_of(spec) -> QuestionVersion:
    """Not stored."""
    return QuestionVersion(**columns_of(spec))
