"""The registry of requirement types. Access registers its own; apps above it add theirs in `ready()`."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol, runtime_checkable
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from enablement.access.leaves import Leaf
from tracks.models import Enrolment, Track


class Params(BaseModel):
    """The keys of one requirement in a playbook; an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Requirement(Protocol):
    """A type of requirement; `name` is its `type` in a playbook."""

    name: str
    params: type[Params]

    def evaluate(
        self, *, track: Track, enrolments: Sequence[Enrolment], params: Any, at: datetime
    ) -> Mapping[UUID, Leaf]:
        """A leaf for each enrolment of one track, by primary key, in a constant number of queries.

        An enrolment left out counts as not established.
        """


@runtime_checkable
class Batched(Protocol):
    """A requirement that reads once for all leaves of its type in a gate."""

    def evaluate_all(
        self, *, track: Track, enrolments: Sequence[Enrolment], params: Sequence[Any], at: datetime
    ) -> Sequence[Mapping[UUID, Leaf]]:
        """What `Requirement.evaluate` gives for each of `params`, in as many queries as for one of them."""


_registry: dict[str, Requirement] = {}


def register(requirement: Requirement) -> None:
    known = _registry.get(requirement.name)
    if known is not None and type(known) is not type(requirement):
        raise ValueError(f"requirement type {requirement.name!r} is registered already")
    _registry[requirement.name] = requirement


def get(type_: str) -> Requirement | None:
    return _registry.get(type_)


def types() -> list[str]:
    return sorted(_registry)
