"""The language of `approval_rule`: `if confidence < 0.9 or contains: refund, escalation => manager_approve`.

A rule is parsed by a grammar, never evaluated as code. `and` binds stronger than `or`; both sides of a
comparison are decimals, so 0.9 is not below 0.9.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from operator import eq, ge, gt, le, lt
from typing import Any, ClassVar, TypeAlias

from lark import Lark, Transformer, UnexpectedInput

from enablement.access.decisions.terms import found

GRAMMAR = r"""
    rule: "if" condition "=>" NAME
    ?condition: conjunction ("or" conjunction)* -> any_of
    ?conjunction: test ("and" test)*            -> all_of
    ?test: "confidence" COMPARE NUMBER          -> confidence
         | "contains" ":" TERM ("," TERM)*      -> contains
         | "(" condition ")"
    COMPARE: "<=" | ">=" | "<" | ">" | "=="
    NUMBER: /\d+(\.\d+)?/
    NAME: /[a-z][a-z0-9_]*/
    TERM: /(?!(or|and)\b)[^\W_][\w\-]*/
    %import common.WS
    %ignore WS
"""
_COMPARE: dict[str, Callable[[Decimal, Decimal], bool]] = {"<": lt, "<=": le, ">": gt, ">=": ge, "==": eq}


class ApprovalRuleError(ValueError):
    """The rule does not parse; `line` and `column` count from 1."""

    def __init__(self, message: str, *, line: int, column: int) -> None:
        super().__init__(message)
        self.line = line
        self.column = column


@dataclass(frozen=True, slots=True)
class Confidence:
    """`confidence < 0.9`."""

    compare: str
    bound: Decimal
    reads_text: ClassVar[bool] = False

    def matches(self, confidence: Decimal, _text: str) -> bool:
        return _COMPARE[self.compare](confidence, self.bound)


@dataclass(frozen=True, slots=True)
class Contains:
    """`contains: refund, escalation`: one of the terms is enough."""

    terms: tuple[str, ...]
    reads_text: ClassVar[bool] = True

    def matches(self, _confidence: Decimal, text: str) -> bool:
        return bool(found(list(self.terms), text))


@dataclass(frozen=True, slots=True)
class AnyOf:
    parts: tuple["Condition", ...]

    @property
    def reads_text(self) -> bool:
        return any(part.reads_text for part in self.parts)

    def matches(self, confidence: Decimal, text: str) -> bool:
        return any(part.matches(confidence, text) for part in self.parts)


@dataclass(frozen=True, slots=True)
class AllOf:
    parts: tuple["Condition", ...]

    @property
    def reads_text(self) -> bool:
        return any(part.reads_text for part in self.parts)

    def matches(self, confidence: Decimal, text: str) -> bool:
        return all(part.matches(confidence, text) for part in self.parts)


Condition: TypeAlias = Confidence | Contains | AnyOf | AllOf


@dataclass(frozen=True, slots=True)
class ApprovalRule:
    """approver: name of the approval step (`manager_approve`), asked where the condition holds."""

    approver: str
    condition: Condition

    @property
    def reads_text(self) -> bool:
        """Whether it depends on the output's words."""
        return self.condition.reads_text

    def matches(self, confidence: Decimal, text: str) -> bool:
        """Whether an output needs the approval."""
        return self.condition.matches(confidence, text)


class _Build(Transformer[Any, ApprovalRule]):
    def rule(self, parts: list[Any]) -> ApprovalRule:
        return ApprovalRule(approver=str(parts[1]), condition=parts[0])

    def any_of(self, parts: list[Condition]) -> Condition:
        return AnyOf(tuple(parts)) if len(parts) > 1 else parts[0]

    def all_of(self, parts: list[Condition]) -> Condition:
        return AllOf(tuple(parts)) if len(parts) > 1 else parts[0]

    def confidence(self, parts: list[Any]) -> Condition:
        return Confidence(str(parts[0]), Decimal(str(parts[1])))

    def contains(self, parts: list[Any]) -> Condition:
        return Contains(tuple(str(part) for part in parts))


_parser = Lark(GRAMMAR, start="rule", parser="lalr", transformer=_Build())


def parse(source: str) -> ApprovalRule:
    """Read a rule. Raises ApprovalRuleError with line, column and what was expected."""
    try:
        rule: Any = _parser.parse(source)
    except UnexpectedInput as error:
        line, column = max(error.line, 1), max(error.column, 1)
        message = f"the approval rule is not understood here: {error.get_context(source).splitlines()[0]!r}"
        example = "if confidence < 0.9 or contains: refund, escalation => manager_approve"
        raise ApprovalRuleError(f"{message}; write it like `{example}`", line=line, column=column) from error
    parsed: ApprovalRule = rule
    return parsed
