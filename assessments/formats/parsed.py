"""What a reader hands over: questions in one neutral form, and every fault by line."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from django.utils.translation import gettext as _

from assessments.question_specs import QuestionSpec

#: A file, or the unpacked files of a package together, may be no larger (bytes).
MAX_BYTES = 10_000_000
#: Nobody reads the plan of more questions than this at once.
MAX_QUESTIONS = 5_000
#: One text of a question (characters).
MAX_TEXT = 20_000
#: How Moodle may grade an order beside all or nothing and the next neighbour, which are ours.
OTHER_ORDER_GRADINGS = frozenset(
    {
        "ABSOLUTE_POSITION",
        "ABSOLUTE",
        "ABS",
        "RELATIVE_NEXT_INCLUDE_LAST",
        "RELATIVE_ONE_PREVIOUS_AND_NEXT",
        "RELATIVE_ALL_PREVIOUS_AND_NEXT",
        "RELATIVE_TO_CORRECT",
        "LONGEST_ORDERED_SUBSET",
        "LONGEST_CONTIGUOUS_SUBSET",
    }
)


class Weight(StrEnum):
    """What a fault costs."""

    LEFT_OUT = "left_out"  # the question is not imported (or not exported)
    CHANGED = "changed"  # it is, but it says or scores something else than in the file


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """One thing that the target cannot hold. `line` and `column` count from 1; 0: unknown.

    file: which file of a package; empty for the file itself. title: of the question.
    what: the reason. mend: what the author can do about it.
    """

    line: int
    what: str
    mend: str
    weight: Weight = Weight.LEFT_OUT
    column: int = 0
    file: str = ""
    title: str = ""

    @property
    def leaves_out(self) -> bool:
        return self.weight is Weight.LEFT_OUT

    @property
    def place(self) -> str:
        """`items/q1.xml, line 12, column 3`; empty where nothing is known."""
        parts = [self.file] if self.file else []
        if self.line:
            parts.append(_("line %(line)s") % {"line": self.line})
        if self.line and self.column:
            parts.append(_("column %(column)s") % {"column": self.column})
        return ", ".join(parts)

    def __str__(self) -> str:
        title = f"“{self.title}”" if self.title else ""
        head = ", ".join(part for part in (self.place, title) if part)
        text = f"{self.what} {self.mend}".strip()
        return f"{head}: {text}" if head else text


class Unreadable(Exception):
    """The file cannot be read at all; nothing of it can be imported."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault


class Unmappable(Exception):
    """The question cannot be ours; the reader goes on with the next one."""

    def __init__(self, what: str, mend: str = "", *, line: int = 0, column: int = 0) -> None:
        super().__init__(what)
        self.what = what
        self.mend = mend
        self.line = line
        self.column = column


class Form(StrEnum):
    """How a text is written."""

    PLAIN = "plain"
    MARKDOWN = "markdown"
    HTML = "html"
    MOODLE = "moodle"  # plain text in which HTML counts


@dataclass(frozen=True, slots=True)
class Text:
    """A text of a foreign file as it stands there."""

    raw: str = ""
    form: Form = Form.PLAIN

    def __bool__(self) -> bool:
        return bool(self.raw.strip())


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """One answer. `share` of the points in percent; `low` and `high` of a range of numbers, included.

    pattern: a regular expression that accepts further spellings of a text.
    """

    text: Text = field(default_factory=Text)
    share: Decimal = Decimal(0)
    feedback: Text = field(default_factory=Text)
    pattern: str = ""
    low: Decimal | None = None
    high: Decimal | None = None
    line: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Pair:
    """A left side and what belongs to it; without a left side the right one is a distractor."""

    left: Text
    right: Text


class ItemKind(StrEnum):
    CHOICE = "choice"
    TRUE_FALSE = "true_false"
    SHORT_TEXT = "short_text"
    NUMBER = "number"
    MATCH = "match"
    ORDER = "order"


@dataclass(frozen=True, kw_only=True, slots=True)
class Image:
    """A picture that a text shows, by the name it is shown under."""

    name: str
    data: bytes
    alt: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """A question as all foreign formats can say it.

    key: an identifier that the file gives (idnumber, QTI identifier), else empty.
    several: more than one choice may be picked. truth: the answer of true/false.
    answers: choices, accepted texts or numbers, or the things to order, in the right order.
    wildcards: a * in an accepted text stands for anything.
    scoring: of matching and ordering. right, wrong: said to whoever earned the whole mark, or less.
    lost: what the reader could not carry over, as phrases that complete "lost: …".
    """

    line: int
    kind: ItemKind
    prompt: Text
    title: str = ""
    key: str = ""
    file: str = ""
    tags: tuple[str, ...] = ()
    several: bool = False
    scoring: str = "proportional"
    truth: bool | None = None
    answers: tuple[Answer, ...] = ()
    pairs: tuple[Pair, ...] = ()
    unit: str = ""
    case_sensitive: bool = False
    wildcards: bool = False
    right: Text = field(default_factory=Text)
    wrong: Text = field(default_factory=Text)
    explanation: Text = field(default_factory=Text)
    images: tuple[Image, ...] = ()
    difficulty: int | None = None
    lost: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Parsed:
    """What a file holds for us: questions that can be asked, where each stands, and every fault.

    silent: the fields of a question that this format never says; the bank keeps its own.
    """

    questions: tuple[QuestionSpec, ...] = ()
    faults: tuple[Fault, ...] = ()
    silent: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """What a reader found: items in the order of the file, and what it could not read."""

    items: tuple[Item, ...] = ()
    faults: tuple[Fault, ...] = ()


def too_large(size: int, *, file: str = "") -> Unreadable:
    return Unreadable(
        Fault(
            line=0,
            file=file,
            what=_("The file has %(size)s bytes; at most %(most)s can be read.")
            % {"size": f"{size:,}", "most": f"{MAX_BYTES:,}"},
            mend=_("Split it into smaller files."),
        )
    )


def check_size(data: bytes) -> None:
    """Before anything looks into the bytes."""
    if len(data) > MAX_BYTES:
        raise too_large(len(data))


def other_grading(name: str) -> str:
    return _("its grading (%(name)s); here each step that is followed by the right one counts") % {
        "name": name.lower().replace("_", " ")
    }


def in_order(faults: Sequence[Fault]) -> tuple[Fault, ...]:
    return tuple(sorted(faults, key=lambda fault: (fault.file, fault.line, fault.column)))
