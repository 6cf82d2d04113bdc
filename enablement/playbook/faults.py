"""From pydantic's findings to faults with a place, in words that say what was expected."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from enablement.playbook.errors import SourceError, SourceErrors, show
from enablement.playbook.yaml_source import Path, Source

M = TypeVar("M", bound=BaseModel)

#: What pydantic's types of findings expect, in words; the rest carry limits in their context.
_TYPES = {
    "string_type": "text (in quotes where it looks like a number)",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "decimal_type": "a number",
    "decimal_parsing": "a number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "keys and values",
    "model_type": "keys and values",
    "model_attributes_type": "keys and values",
}
_LIMITS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "greater_than_equal": lambda ctx: f"at least {ctx['ge']}",
    "less_than_equal": lambda ctx: f"at most {ctx['le']}",
    "greater_than": lambda ctx: f"more than {ctx['gt']}",
    "less_than": lambda ctx: f"less than {ctx['lt']}",
    "literal_error": lambda ctx: str(ctx["expected"]).replace("'", ""),
}


class Collector:
    """Gathers the faults of several files: `with faults: …` keeps what is raised inside and goes on."""

    def __init__(self) -> None:
        self._found: list[SourceError] = []

    def add(self, fault: SourceError) -> None:
        self._found.append(fault)

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, _type: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> bool:
        if isinstance(error, SourceErrors):
            self._found += error.errors
            return True
        return False

    def check(self) -> None:
        """Raise SourceErrors where anything was gathered."""
        if self._found:
            raise SourceErrors(self._found)


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One of pydantic's errors in our words. `of_key`: the key itself is at fault, not its value."""

    path: Path
    message: str
    expected: str
    of_key: bool = False

    @property
    def name(self) -> str | int:
        return self.path[0] if self.path else ""


def validated(model: type[M], source: Source, *, path: Path = ()) -> M:
    """The value at `path` of a file, as `model`. Raises SourceErrors with every fault."""
    value = source.value
    for step in path:
        value = value[step]
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise SourceErrors(faults(error, model, source, path=path)) from error


def faults(
    error: ValidationError, model: type[BaseModel], source: Source, *, path: Path = ()
) -> Iterator[SourceError]:
    for finding in findings(error, model):
        place = source.key_error if finding.of_key else source.error
        yield place((*path, *finding.path), finding.message, finding.expected)


def findings(error: ValidationError, model: type[BaseModel]) -> Iterator[Finding]:
    for found in error.errors(include_url=False):
        path: Path = tuple(found["loc"])
        kind, context = found["type"], found.get("ctx", {})
        name = show(path[-1]) if path else ""
        if kind == "extra_forbidden":
            known = f"one of {', '.join(known_keys(model, path[:-1]))}"
            yield Finding(path=path, message=f"unknown key {name}", expected=known, of_key=True)
        elif kind == "missing":
            yield Finding(path=path, message=f"the key {name} is missing", expected=f"{path[-1]}: …")
        elif kind == "refused":
            yield Finding(path=path, message=context["message"], expected=context["expected"])
        elif kind == "too_short":
            yield Finding(path=path, message="the list is empty", expected="at least one entry")
        else:
            expected = _LIMITS[kind](context) if kind in _LIMITS else _TYPES.get(kind, found["msg"])
            yield Finding(path=path, message=f"{show(found['input'])} does not fit", expected=expected)


def known_keys(model: type[BaseModel], path: Path) -> list[str]:
    """The keys of the mapping at `path` below `model`."""
    current: Any = model
    for step in path:
        if isinstance(step, str):
            current = _model_in(_fields(current)[step])
    return list(_fields(current))


def _fields(model: type[BaseModel]) -> dict[str, Any]:
    return {field.alias or name: field.annotation for name, field in model.model_fields.items()}


def _model_in(annotation: Any) -> Any:
    """The model inside `list[Model]` or `Model | None`."""
    if get_origin(annotation) in (list, Union, UnionType):
        inner = [_model_in(argument) for argument in get_args(annotation)]
        return next(item for item in inner if isinstance(item, type) and issubclass(item, BaseModel))
    return annotation
