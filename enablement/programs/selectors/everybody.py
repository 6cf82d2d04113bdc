"""Everybody of a cohort, for a report: as the readiness page says it, by as few values as there can be.

Many people of a cohort stand alike: what follows from the modules that somebody has is worked out once for
all who have the same.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from typing import NamedTuple
from uuid import UUID

from enablement.programs.selectors import readiness_queries as queries
from enablement.programs.selectors.readiness import (
    TONES,
    ModuleRow,
    content,
    spread,
    state_of,
    today,
    words_of_states,
)
from enablement.programs.selectors.readiness_queries import Titled
from tracks.models import Cohort


class Line(NamedTuple):
    """One person. modules: a state for each; there: what is there of each requirement of the gate.

    met_count: of requirements, None without a standing; first_unmet: the index of one that is not met.
    """

    enrolment_id: UUID
    name: str
    email: str
    due_on: date
    modules: tuple[str, ...]
    there: tuple[str | None, ...]
    met_count: int | None
    first_unmet: int | None
    status: str
    state: str


def everybody(*, cohort: Cohort, requirements: int, at: datetime) -> tuple[list[ModuleRow], list[Line]]:
    """The cohort's modules with how people are spread over them, and a line for everybody. Four queries.

    requirements: how many the gate has.
    """
    modules, _surveys = content(cohort=cohort)
    people = queries.everybody(cohort=cohort.pk, requirements=requirements)
    completed: dict[UUID, str] = dict(queries.completed_of_each(cohort=cohort.pk))
    under_way: Counter[int] = Counter()
    begun: dict[UUID, frozenset[int]] = defaultdict(frozenset)
    for enrolment, module in queries.under_way(cohort=cohort.pk):
        begun[enrolment] |= {module}
        under_way[module] += 1
    lines = _lines(people, modules, completed, begun, today(cohort, at))
    return spread(modules, _counted(completed.values()), under_way, len(people)), lines


def _counted(completed: Iterable[str]) -> Counter[int]:
    counts: Counter[int] = Counter()
    for listed, people in Counter(completed).items():
        for module in _numbers(listed):
            counts[module] += people
    return counts


def _numbers(listed: str) -> list[int]:
    return [int(number) for number in listed.split(",") if number]


def _lines(
    people: Sequence[queries.Member],
    modules: Sequence[Titled],
    completed: Mapping[UUID, str],
    begun: Mapping[UUID, frozenset[int]],
    day: date,
) -> list[Line]:
    ids = [module.pk for module in modules]
    words = words_of_states()

    @cache
    def states(listed: str, under_way: frozenset[int]) -> tuple[str, ...]:
        done = set(_numbers(listed))
        return tuple("met" if pk in done else "waiting" if pk in under_way else "not-started" for pk in ids)

    @cache
    def any_begun(reached: tuple[str, ...]) -> bool:
        return any(state != "not-started" for state in reached)

    nothing: frozenset[int] = frozenset()
    lines = []
    for person in people:
        pk = person.enrolment_id
        reached = states(completed.get(pk, ""), begun.get(pk, nothing))
        state = state_of(
            met=person.met, state=person.state, late=person.due_on < day, begun=any_begun(reached)
        )
        lines.append(
            Line(
                pk,
                person.name,
                person.email,
                person.due_on,
                reached,
                person.there,
                person.met_count,
                next((n for n, met in enumerate(person.requirements_met) if not met), None),
                words[state],
                TONES[state],
            )
        )
    return lines
