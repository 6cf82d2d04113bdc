"""`shadow-<key>.yaml` and `.jsonl`: a pool of shadow-mode cases, one JSON object a line."""

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NoReturn

from django.core.exceptions import ValidationError
from pydantic import ValidationError as SchemaError

from assessments.pool_specs import CaseSpec, PoolSpec, check_pool
from assessments.services.agreement import DEFAULT_RULE, PassRule
from enablement.playbook.content.formats import CaseFile, PoolFile
from enablement.playbook.content.model import PoolContent
from enablement.playbook.errors import SourceError, SourceErrors, show
from enablement.playbook.faults import findings, validated
from enablement.playbook.yaml_source import Source


def read_pool(
    source: Source,
    cases: str,
    *,
    key: str,
    cases_file: str,
    tools: Mapping[str, str],
    sample_size: int,
    rule: PassRule = DEFAULT_RULE,
) -> PoolContent:
    """`tools`: titles of the track's microtools, by name. `sample_size`, `rule`: as its gate has them."""
    pool = validated(PoolFile, source)
    if pool.microtool not in tools:
        expected = f"one of {', '.join(tools)}" if tools else "a microtool of the track"
        raise SourceErrors(
            [source.error(("microtool",), f"the track has no tool {show(pool.microtool)}", expected)]
        )
    specs = read_cases(cases, file=cases_file)
    spec = PoolSpec(
        key=key,
        title=pool.title,
        microtool_key=pool.microtool,
        microtool_title=tools[pool.microtool],
        decisions=pool.decisions.model_dump(),
        instructions=pool.instructions,
        tool_version=pool.tool_version,
        model_version=pool.model_version,
        sample_size=sample_size,
        rule=rule,
    )
    try:
        check_pool(spec, specs)
    except ValidationError as error:
        raise SourceErrors(source.error((), message) for message in error.messages) from error
    return PoolContent(spec=spec, cases=tuple(specs))


def read_cases(text: str, *, file: str) -> list[CaseSpec]:
    faults: list[SourceError] = []
    specs: list[CaseSpec] = []
    first: dict[str, int] = {}
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), start=1):
        if not line.strip():
            continue
        row = _Line(file=file, number=number, text=line)
        try:
            spec = row.case()
        except SourceErrors as error:
            faults += error.errors
            continue
        if spec.key in first:
            message = f"the case {show(spec.key)} is there twice, first in line {first[spec.key]}"
            faults.append(row.fault("key", message))
        first.setdefault(spec.key, number)
        specs.append(spec)
    if faults:
        raise SourceErrors(faults)
    return specs


class _Line:
    """One line of a `.jsonl` file."""

    def __init__(self, *, file: str, number: int, text: str) -> None:
        self.file = file
        self.number = number
        self.text = text

    def case(self) -> CaseSpec:
        """Raises SourceErrors with what is wrong on this line."""
        try:
            case = CaseFile.model_validate(self._value())
        except SchemaError as error:
            raise SourceErrors(
                self.fault(str(finding.name), finding.message, finding.expected)
                for finding in findings(error, CaseFile)
            ) from error
        values = case.model_dump(exclude={"prompt"})
        spec = CaseSpec(**values, prompt_key=case.prompt or "")
        if problems := list(spec.problems()):
            raise SourceErrors(self.fault("key", f"the case {spec.key}: {problem}") for problem in problems)
        return spec

    def _value(self) -> Any:
        try:
            return json.loads(
                self.text, parse_float=Decimal, parse_constant=_refuse, object_pairs_hook=_without_doubles
            )
        except json.JSONDecodeError as error:
            raise SourceErrors([self._at(error.colno, f"not JSON: {error.msg}", "one object")]) from error
        except (ValueError, ArithmeticError, RecursionError) as error:
            text = "nested too deeply" if isinstance(error, RecursionError) else str(error)
            raise SourceErrors([self._at(1, f"not JSON that can be used: {text}", "one object")]) from error

    def fault(self, key: str, message: str, expected: str = "") -> SourceError:
        """A fault of one key's value, else of the line as a whole."""
        found = re.search(rf'(?<!\\)"{re.escape(key)}"\s*:\s*', self.text)
        return self._at(found.end() + 1 if found else 1, message, expected)

    def _at(self, column: int, message: str, expected: str) -> SourceError:
        return SourceError(
            file=self.file, line=self.number, column=column, message=message, expected=expected
        )


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a finite number")


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key is there twice")
    return found
