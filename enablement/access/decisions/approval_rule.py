"""The language of `approval_rule`: `if confidence < 0.9 or contains: refund, escalation => manager_approve`.

A rule is parsed by a grammar, never evaluated as code. `and` binds stronger than `or`; both sides of a
comparison are decimals, so 0.9 is not below 0.9.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from operator import eq, ge, gt, le, lt
from typing import Any

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
Matches = Callable[[Decimal, str], bool]


class ApprovalRuleError(ValueError):
    """The rule does not parse; `line` and `column` count from 1."""

    def __init__(self, message: str, *, line: int, column: int) -> None:
        super().__init__(message)
        self.line = line
        self.column = column


@dataclass(frozen=True, slots=True)
class ApprovalRule:
    """approver: name of the approval step (`manager_approve`). matches: whether an output needs it.

    reads_text: whether that depends on the output's words.
    """

    approver: str
    matches: Matches
    reads_text: bool


@dataclass(frozen=True, slots=True)
class _Test:
    """A part of the condition; the fields as `ApprovalRule` has them."""

    matches: Matches
    reads_text: bool


class _Build(Transformer[Any, ApprovalRule]):
    def rule(self, parts: list[Any]) -> ApprovalRule:
        return ApprovalRule(approver=str(parts[1]), matches=parts[0].matches, reads_text=parts[0].reads_text)

    def any_of(self, tests: list[_Test]) -> _Test:
        return _Test(
            lambda confidence, text: any(test.matches(confidence, text) for test in tests),
            reads_text=any(test.reads_text for test in tests),
        )

    def all_of(self, tests: list[_Test]) -> _Test:
        return _Test(
            lambda confidence, text: all(test.matches(confidence, text) for test in tests),
            reads_text=any(test.reads_text for test in tests),
        )

    def confidence(self, parts: list[Any]) -> _Test:
        compare, bound = _COMPARE[str(parts[0])], Decimal(str(parts[1]))
        return _Test(lambda confidence, _text: compare(confidence, bound), reads_text=False)

    def contains(self, parts: list[Any]) -> _Test:
        terms = [str(part) for part in parts]
        return _Test(lambda _confidence, text: bool(found(terms, text)), reads_text=True)


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
