"""What a QTI item expects for an answer: the response declaration, and how its processing gives points."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from django.utils.translation import gettext as _

from assessments.formats.numbers import decimal_of
from assessments.formats.parsed import Unmappable
from assessments.formats.xml_source import Node

KNOWN_RULES = frozenset(
    {
        *(
            "qti-response-condition",
            "qti-response-if",
            "qti-response-else-if",
            "qti-response-else",
            "qti-match",
        ),
        *("qti-variable", "qti-correct", "qti-base-value", "qti-set-outcome-value", "qti-map-response"),
        *(
            "qti-is-null",
            "qti-equal",
            "qti-string-match",
            "qti-pattern-match",
            "qti-or",
            "qti-multiple",
            "qti-gte",
        ),
    }
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Response:
    """A response declaration. `mapped`: points by value; `unmapped`: of every other value.

    lower, upper: what all of an answer's points are held between; None: no bound is declared.
    folded: upper and lower case are the same there.
    """

    identifier: str
    base_type: str
    correct: tuple[str, ...] = ()
    mapped: Mapping[str, Decimal] = field(default_factory=dict)
    unmapped: Decimal = Decimal(0)
    lower: Decimal | None = None
    upper: Decimal | None = None
    folded: bool = False

    def points(self, value: str) -> Decimal:
        return self.mapped.get(value, self.unmapped)


@dataclass(frozen=True, kw_only=True, slots=True)
class Branch:
    """A comparison of the response and what it earns; `feedback` is the identifier of what is then said."""

    value: str
    points: Decimal
    low: Decimal | None = None
    high: Decimal | None = None
    pattern: str = ""
    folded: bool = False
    feedback: str = ""


def every_node(node: Node) -> Iterator[Node]:
    for child in node.nodes():
        yield child
        yield from every_node(child)


def read_response(root: Node, interaction: Node) -> Response:
    identifier = interaction.get("response-identifier")
    for node in root.nodes("qti-response-declaration"):
        if node.get("identifier") != identifier:
            continue
        correct = node.first("qti-correct-response")
        mapping = node.first("qti-mapping")
        entries = list(mapping.nodes("qti-map-entry")) if mapping else []
        return Response(
            identifier=identifier,
            base_type=node.get("base-type"),
            correct=tuple(value.text.strip() for value in correct.nodes("qti-value")) if correct else (),
            mapped={
                entry.get("map-key"): decimal_of(entry.get("mapped-value"), line=entry.line)
                for entry in entries
            },
            unmapped=_bound(mapping, "default-value") or Decimal(0),
            lower=_bound(mapping, "lower-bound"),
            upper=_bound(mapping, "upper-bound"),
            folded=any(entry.get("case-sensitive", "false") != "true" for entry in entries),
        )
    raise Unmappable(
        _("Its interaction has no response declaration."),
        _("Declare “%(name)s”.") % {"name": identifier[:40]},
        line=interaction.line,
    )


def _bound(mapping: Node | None, name: str) -> Decimal | None:
    if mapping is None or not mapping.get(name):
        return None
    return decimal_of(mapping.get(name), line=mapping.line)


def lost_bounds(response: Response, points: Collection[Decimal], *, best: Decimal) -> Iterator[str]:
    """What of a mapping's bounds does not hold here. points: what single answers earn; best: all together."""
    if response.upper is not None and response.upper < best:
        yield _("a highest score that is less than its right answers earn together")
    if response.lower is not None and response.lower > 0:
        yield _("points that any answer earns")
    elif min(points, default=Decimal(0)) < 0 and response.lower != 0:
        yield _("a score below zero; here an answer is worth nothing at the least")


def uses_mapping(processing: Node | None, response: Response) -> bool:
    """Whether points come from the mapping; without any processing, where there is one."""
    if processing is None:
        return bool(response.mapped)
    template = processing.get("template")
    if "map_response" in template or any(processing.every("qti-map-response")):
        return bool(response.mapped)
    return bool(response.mapped) and not response.correct


def read_branches(processing: Node | None, response: Response) -> Iterator[Branch]:
    """The comparisons in the order in which they are tried, with points as they stand there."""
    if processing is None:
        return
    for node in processing.every("qti-response-if", "qti-response-else-if"):
        said = {child.get("identifier"): child for child in node.nodes("qti-set-outcome-value")}
        if "SCORE" not in said:
            continue
        value = said["SCORE"].first("qti-base-value")
        points = decimal_of(value.text, line=value.line) if value else Decimal(1)
        told = said.get("RESULT")
        base = Branch(value="", points=points, feedback=told.text.strip() if told else "")
        tests = [
            child
            for child in node.nodes()
            if child.tag not in {"qti-set-outcome-value", "qti-response-condition"}
        ]
        tests = [inner for test in tests for inner in (test.nodes() if test.tag == "qti-or" else (test,))]
        if branch := _compared(tests, base, response):
            yield branch


def _compared(tests: list[Node], base: Branch, response: Response) -> Branch | None:
    branch: Branch | None = None
    for test in tests:
        names = {node.get("identifier") for node in test.nodes("qti-variable")}
        if response.identifier not in names:
            return None
        given = test.first("qti-base-value")
        value = given.text.strip() if given else (response.correct or ("",))[0]
        if test.tag == "qti-equal":
            low, high = _range(test, decimal_of(value, line=test.line))
            branch = replace(base, value=value, low=low, high=high)
        elif test.tag == "qti-string-match" and test.get("substring", "false") != "true":
            folded = test.get("case-sensitive") == "false"
            branch = replace(branch or base, value=value, folded=folded)
        elif test.tag == "qti-match" and given:
            branch = replace(branch or base, value=value)
        elif test.tag == "qti-pattern-match":
            # The case of a pattern is said inside it.
            branch = replace(branch or base, pattern=test.get("pattern").removeprefix("(?i)"))
        else:
            return None
    return branch if branch and (branch.value or branch.pattern) else None


def _range(test: Node, value: Decimal) -> tuple[Decimal, Decimal]:
    parts = [abs(decimal_of(part, line=test.line)) for part in test.get("tolerance", "0").split()] or [
        Decimal(0)
    ]
    below, above = parts[0], parts[-1]
    if test.get("tolerance-mode", "exact") == "exact":
        return value, value
    if test.get("tolerance-mode") == "relative":
        below, above = abs(value) * below / 100, abs(value) * above / 100
    return value - below, value + above
