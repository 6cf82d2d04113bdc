"""Where each engineer of the demo stands: every kind of step has somebody right before it."""

from dataclasses import dataclass

QUIZ_NONE, QUIZ_OPEN, QUIZ_FAILED, QUIZ_PASSED = "none", "open", "failed", "passed"
LAB_NONE, LAB_DRAFT, LAB_WAITING, LAB_SENT_BACK, LAB_SIGNED = (
    "none",
    "draft",
    "waiting",
    "sent_back",
    "signed",
)
ALL_LESSONS = 1000
ALL_SAMPLES = 50


@dataclass(frozen=True, kw_only=True, slots=True)
class Stage:
    """lessons: how many are read, in order. samples: shadow-mode cases decided."""

    shows: str
    lessons: int = 0
    quiz: str = QUIZ_NONE
    lab: str = LAB_NONE
    samples: int = 0
    survey: bool = False
    paused: bool = False


def _nearly(shows: str, **differences: object) -> Stage:
    """Everything is shown but what is named."""
    done: dict[str, object] = {
        "lessons": ALL_LESSONS,
        "quiz": QUIZ_PASSED,
        "lab": LAB_SIGNED,
        "samples": ALL_SAMPLES,
        "survey": True,
    }
    return Stage(shows=shows, **(done | differences))  # type: ignore[arg-type]


STAGES = (
    _nearly("has met every gate: the tool is open, the certificate is there"),
    _nearly("lacks one sign-off: a mentor has the lab", lab=LAB_WAITING),
    _nearly("has only the quiz left", quiz=QUIZ_NONE),
    _nearly("is in the middle of the quiz", quiz=QUIZ_OPEN, samples=12, survey=False),
    _nearly("failed the quiz and has two attempts left", quiz=QUIZ_FAILED, samples=20, survey=False),
    _nearly("had the lab sent back and mends it", lab=LAB_SENT_BACK, samples=30),
    _nearly("is one shadow-mode case short of the first comparison", samples=ALL_SAMPLES - 1),
    _nearly("has only the readiness survey left", survey=False),
    Stage(shows="reads the first module", lessons=3),
    Stage(shows="has not started yet"),
    Stage(shows="has read every lesson; the lab and the quiz come next", lessons=ALL_LESSONS),
    Stage(shows="is on leave", lessons=4, paused=True),
    Stage(shows="has a lab in draft", lessons=ALL_LESSONS, quiz=QUIZ_PASSED, lab=LAB_DRAFT),
    Stage(
        shows="decides shadow-mode cases", lessons=ALL_LESSONS, quiz=QUIZ_PASSED, lab=LAB_SIGNED, samples=25
    ),
    _nearly("has shown everything, and works in a region where the tool is not allowed"),
    Stage(
        shows="waits for a sign-off, and has a stricter rule for claims in Europe to meet",
        lessons=ALL_LESSONS,
        quiz=QUIZ_PASSED,
        lab=LAB_WAITING,
        samples=8,
    ),
    Stage(shows="reads the second module", lessons=7),
    Stage(shows="starts shadow mode", lessons=ALL_LESSONS, quiz=QUIZ_PASSED, lab=LAB_SIGNED),
    Stage(shows="waits for a sign-off", lessons=8, lab=LAB_WAITING),
    Stage(shows="has read one lesson", lessons=1),
)
