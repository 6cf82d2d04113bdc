"""Everybody of a cohort, for a report: as the readiness page says it, by as few values as there can be.

Many people of a cohort stand alike: what follows from the modules that somebody has is worked out once for
all who have the same.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from typing import NamedTuple
from uuid import UUID

from django.utils.translation import gettext as _

from enablement.access.leaves import marked
from enablement.access.overlays import REGION
from enablement.programs.selectors import readiness_queries as queries
from enablement.programs.selectors.readiness import (
    TONES,
    Board,
    ModuleRow,
    content,
    spread,
    state_of,
    today,
    words_of_states,
)
from enablement.programs.selectors.readiness_queries import Titled


class Line(NamedTuple):
    """One person. modules: a state for each; there: what is there of each requirement of the board's rows,
    None where it is not asked of this person.

    met_count: of the `asked_count` requirements, None without a standing; first_unmet: the index of one that
    is asked and not met.
    """

    enrolment_id: UUID
    name: str
    email: str
    due_on: date
    modules: tuple[str, ...]
    there: tuple[str | None, ...]
    met_count: int | None
    asked_count: int
    first_unmet: int | None
    status: str
    state: str


def everybody(*, board: Board, at: datetime) -> tuple[list[ModuleRow], list[Line]]:
    """The modules of the board's cohort with how people are spread over them, and a line for everybody.

    Four queries.
    """
    cohort = board.cohort
    modules, _surveys = content(cohort=cohort)
    people = queries.everybody(
        cohort=cohort.pk, requirements=len(board.requirements), demanded=board.most_demanded
    )
    completed: dict[UUID, str] = dict(queries.completed_of_each(cohort=cohort.pk))
    under_way: Counter[int] = Counter()
    begun: dict[UUID, frozenset[int]] = defaultdict(frozenset)
    for enrolment, module in queries.under_way(cohort=cohort.pk):
        begun[enrolment] |= {module}
        under_way[module] += 1
    asked = _asked([str(row.key) for row in board.demanded])
    lines = _lines(people, _states(modules, completed, begun), asked, today(cohort, at))
    return spread(modules, _counted(completed.values()), under_way, len(people)), lines


def _counted(completed: Iterable[str]) -> Counter[int]:
    counts: Counter[int] = Counter()
    for listed, people in Counter(completed).items():
        for module in _numbers(listed):
            counts[module] += people
    return counts


def _numbers(listed: str) -> list[int]:
    return [int(number) for number in listed.split(",") if number]


def _states(
    modules: Sequence[Titled], completed: Mapping[UUID, str], begun: Mapping[UUID, frozenset[int]]
) -> Callable[[UUID], tuple[str, ...]]:
    """By enrolment, a state for each module."""
    ids = [module.pk for module in modules]
    nothing: frozenset[int] = frozenset()

    @cache
    def states(listed: str, under_way: frozenset[int]) -> tuple[str, ...]:
        done = set(_numbers(listed))
        return tuple("met" if pk in done else "waiting" if pk in under_way else "not-started" for pk in ids)

    return lambda pk: states(completed.get(pk, ""), begun.get(pk, nothing))


class _Asked(NamedTuple):
    """Of each requirement that overlays ask of somebody of the cohort: what is there, and whether it is met.

    met: None where it is not asked of this person.
    """

    there: tuple[str | None, ...]
    met: tuple[bool | None, ...]
    barred: bool = False


def _asked(demanded: Sequence[str]) -> Callable[[queries.Member], _Asked]:
    no, fits = _("not asked"), _("fits")

    @cache
    def asked(marks: str | None, there: tuple[str | None, ...]) -> _Asked:
        if marks is None:
            return _Asked((None,) * len(demanded), (None,) * len(demanded))
        # There is a place for as many as somebody else is asked.
        known = {key: (met, text) for (key, met), text in zip(marked(marks), there, strict=False)}
        met = tuple(known[key][0] if key in known else None for key in demanded)
        texts = (known[key][1] if key in known else fits if key == REGION else no for key in demanded)
        return _Asked(tuple(texts), met, REGION in known)

    return lambda person: asked(person.marks, person.overlay_there)


def _lines(
    people: Sequence[queries.Member],
    states: Callable[[UUID], tuple[str, ...]],
    asked: Callable[[queries.Member], _Asked],
    day: date,
) -> list[Line]:
    words = words_of_states()

    @cache
    def any_begun(reached: tuple[str, ...]) -> bool:
        return any(state != "not-started" for state in reached)

    lines = []
    for person in people:
        reached, more = states(person.enrolment_id), asked(person)
        state = state_of(
            met=person.met,
            barred=more.barred,
            state=person.state,
            late=person.due_on < day,
            begun=any_begun(reached),
        )
        met = [*(bool(each) for each in person.requirements_met), *more.met]
        lines.append(
            Line(
                person.enrolment_id,
                person.name,
                person.email,
                person.due_on,
                reached,
                (*person.there, *more.there),
                None if person.met_count is None else person.met_count + more.met.count(True),
                len(met) - met.count(None),
                met.index(False) if False in met else None,
                words[state],
                TONES[state],
            )
        )
    return lines
