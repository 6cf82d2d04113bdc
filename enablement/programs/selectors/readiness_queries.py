"""What readiness asks the database, each built once a process (see `tracks.prepared`).

Everything is about the people of one cohort who are not withdrawn.
"""

from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.db.models import (
    Aggregate,
    BooleanField,
    Count,
    Exists,
    ExpressionWrapper,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
)
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import Cast, Coalesce

from assessments.models import Submission
from surveys.models import Survey
from tracks.models import Cohort, ComponentCompletion, Enrolment, LessonRead, Module, ModuleCompletion
from tracks.people import Person
from tracks.prepared import PlannedAnew, Prepared

PAGE_SIZE = 25
ANY_COHORT, ANYBODY = UUID(int=1), UUID(int=2)
ANY_DAY = date(1, 1, 1)
#: Stand-ins for the people of a page.
SLOTS = {f"person_{number}": UUID(int=100 + number) for number in range(PAGE_SIZE)}
NOBODY = UUID(int=0)
MODULE, SURVEY = "module", "survey"


class Titled(NamedTuple):
    """A module or a survey."""

    pk: int
    key: str
    title: str


class Somebody(NamedTuple):
    """From met on, as the standing has it; None where there is none yet."""

    enrolment_id: UUID
    state: str
    due_on: date
    name: str
    email: str
    met: bool | None
    leaves: list[dict[str, Any]] | None
    overlay_leaves: list[dict[str, Any]] | None
    marks: str | None


class Member(NamedTuple):
    """As `Somebody`, for a report. there, requirements_met: of each requirement; no standing, all None.

    overlay_there: of what overlays ask, in the order of `marks`; None behind the last.
    """

    enrolment_id: UUID
    state: str
    due_on: date
    name: str
    email: str
    met: bool | None
    met_count: int | None
    marks: str | None
    there: tuple[str | None, ...]
    requirements_met: tuple[bool | None, ...]
    overlay_there: tuple[str | None, ...]


class Alike(NamedTuple):
    """Who stands alike before overlays: so many people, so many of them have shown everything.

    leaves: what is asked of one of them, as JSON.
    """

    marks: str
    people: int
    shown: int
    leaves: str


def _live(cohort: UUID) -> QuerySet[Enrolment]:
    return Enrolment.objects.live().filter(cohort=cohort).order_by()


@lru_cache(maxsize=8)
def _run_by(_content_type: int) -> Prepared:
    """Its SQL names the content type of cohorts by number, hence one for each."""

    def build(cohort: UUID, user: UUID) -> QuerySet[Cohort, tuple[Any, ...]]:
        return _cohort(cohort, get_user_model()(pk=user))

    return Prepared(build, cohort=ANY_COHORT, user=ANYBODY)


def _cohort(cohort: UUID, user: Person) -> QuerySet[Cohort, tuple[Any, ...]]:
    mine = Cohort.objects.filter(pk=cohort).order_by().run_by(user)
    return mine.values_list("pk", "name", "timezone", "track_id", "track__title")


def cohort_run_by(*, cohort: UUID, user: Person) -> tuple[Any, ...] | None:
    """(id, name, time zone, track, its title) where this person runs the cohort."""
    if user.is_superuser:
        return _cohort(cohort, user).first()
    prepared = _run_by(ContentType.objects.get_for_model(Cohort).pk)
    return next(iter(prepared(cohort=cohort, user=user.pk)), None)


def _gate(cohort: UUID) -> QuerySet[Enrolment, tuple[Any, ...]]:
    return _live(cohort).exclude(standing=None).order_by("pk").values_list("standing__leaves")[:1]


@lru_cache(maxsize=64)
def _board(requirements: int) -> Prepared:
    """How many there are, are ready, are late, labs wait; then who has met each of so many requirements."""
    met = {
        f"met_{index}": Count("pk", filter=Q(**{f"standing__leaves__{index}__met": True}))
        for index in range(requirements)
    }

    def build(cohort: UUID, today: date) -> QuerySet[Enrolment, tuple[Any, ...]]:
        waiting = Submission.objects.waiting().filter(enrolment__in=_live(cohort)).order_by()
        late = Q(due_on__lt=today, state=Enrolment.State.ACTIVE) & ~Q(standing__met=True)
        counted = (
            _live(cohort)
            .values("cohort")
            .annotate(
                total=Count("pk"),
                ready=Count("pk", filter=Q(standing__met=True)),
                late=Count("pk", filter=late),
                labs=Coalesce(Subquery(waiting.values("state").values_list(Count("pk"))), 0),
                **met,
            )
        )
        return counted.values_list("total", "ready", "late", "labs", *met)

    return Prepared(build, cohort=ANY_COHORT, today=ANY_DAY)


def board(*, cohort: UUID, today: date, requirements: int) -> tuple[int, ...]:
    rows = _board(requirements)(cohort=cohort, today=today)
    return rows[0] if rows else (0,) * (4 + requirements)


def _before_overlays(cohort: UUID) -> QuerySet[Enrolment, tuple[Any, ...]]:
    asked = _live(cohort).filter(standing__overlay_marks__gt="").values("standing__overlay_marks")
    counted = asked.annotate(
        people=Count("pk"),
        shown=Count("pk", filter=Q(standing__met=True)),
        leaves=Min(Cast("standing__overlay_leaves", TextField())),
    )
    return counted.order_by("standing__overlay_marks").values_list(
        "standing__overlay_marks", "people", "shown", "leaves"
    )


def before_overlays(*, cohort: UUID) -> list[Alike]:
    """Of whom overlays ask something, by what is asked and what of it is met."""
    return [Alike._make(row) for row in _prepared_before_overlays(cohort=cohort)]


def _content(cohort: UUID) -> QuerySet[Any, tuple[Any, ...]]:
    """The track's modules, then its surveys, each in the order of the playbook."""
    modules, surveys = (
        model.objects.live()
        .filter(track__cohorts=cohort)
        .order_by()
        .values_list(Value(kind), "position", "key", "pk", "title")
        for kind, model in ((MODULE, Module), (SURVEY, Survey))
    )
    return modules.union(surveys, all=True)


def content(*, cohort: UUID) -> tuple[list[Titled], list[Titled]]:
    """The modules of the cohort's track and its surveys."""
    rows = sorted(_prepared_content(cohort=cohort))
    modules, surveys = (
        [Titled(pk, key, title) for found, _position, key, pk, title in rows if found == kind]
        for kind in (MODULE, SURVEY)
    )
    return modules, surveys


def _completed(cohort: UUID) -> Any:
    return ModuleCompletion.objects.current().filter(enrolment__in=_live(cohort)).order_by()


def _completed_counts(cohort: UUID) -> QuerySet[Any, tuple[Any, ...]]:
    counted: QuerySet[Any, tuple[Any, ...]] = (
        _completed(cohort).values("module").annotate(number=Count("pk")).values_list("module", "number")
    )
    return counted


class _Joined(Aggregate):
    """The numbers of a group as one text, "3,1,2", in no order."""

    function = "GROUP_CONCAT"
    output_field = TextField()

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, Any]:
        template = "STRING_AGG((%(expressions)s)::text, ',')"
        return self.as_sql(compiler, connection, template=template, **context)


def _completed_of_each(cohort: UUID) -> QuerySet[Any, tuple[Any, ...]]:
    """(enrolment, its completed modules as `_Joined`): a row for each person, not for each fact."""
    lists: QuerySet[Any, tuple[Any, ...]] = (
        _completed(cohort)
        .values("enrolment")
        .annotate(modules=_Joined("module_id"))
        .values_list("enrolment_id", "modules")
    )
    return lists


def _under_way(cohort: UUID) -> QuerySet[Any, tuple[Any, ...]]:
    """(enrolment, module) where something is read or achieved, but the module is not completed."""
    completed = ModuleCompletion.objects.current().filter(enrolment=OuterRef("enrolment"))
    reads = (
        LessonRead.objects.filter(enrolment__in=_live(cohort))
        .exclude(Exists(completed.filter(module=OuterRef("lesson__module"))))
        .values_list("enrolment_id", "lesson__module_id")
    )
    parts = (
        ComponentCompletion.objects.current()
        .filter(enrolment__in=_live(cohort))
        .exclude(Exists(completed.filter(module=OuterRef("component__module"))))
        .values_list("enrolment_id", "component__module_id")
    )
    return reads.order_by().union(parts.order_by())


def _states(**people: UUID) -> QuerySet[Any, tuple[Any, ...]]:
    """(enrolment, module, completed), once or more where something is read, achieved or completed."""
    theirs = Q(enrolment__in=list(people.values()))
    no, yes = (Value(truth, output_field=BooleanField()) for truth in (False, True))
    completed = ModuleCompletion.objects.current().filter(theirs)
    parts = ComponentCompletion.objects.current().filter(theirs)
    reads = LessonRead.objects.filter(theirs)
    return (
        completed.order_by()
        .values_list("enrolment_id", "module_id", yes)
        .union(
            parts.order_by().values_list("enrolment_id", "component__module_id", no),
            reads.order_by().values_list("enrolment_id", "lesson__module_id", no),
        )
    )


#: Of a line of a report, without its requirements.
MEMBER = (
    *("pk", "state", "due_on", "user__name", "user__email"),
    *("standing__met", "standing__met_count", "standing__overlay_marks"),
)
#: Of a line of the people table.
LINE = (
    *("pk", "state", "due_on", "user__name", "user__email"),
    *("standing__met", "standing__leaves", "standing__overlay_leaves", "standing__overlay_marks"),
)
BY_NAME = ("user__name", "user__email", "pk")


@lru_cache(maxsize=64)
def _everybody(requirements: int, demanded: int) -> Prepared:
    """Of everybody what `Member` names, with so many requirements, and as many of overlays at most.

    The JSON stays in the database, which takes out of it what a report says.
    """
    there = {
        f"there_{index}": KeyTextTransform("actual", KeyTransform(index, "standing__leaves"))
        for index in range(requirements)
    }
    met = {
        f"met_{index}": ExpressionWrapper(
            Q(**{f"standing__leaves__{index}__met": True}), output_field=BooleanField()
        )
        for index in range(requirements)
    }

    overlay_there = {
        f"overlay_there_{index}": KeyTextTransform("actual", KeyTransform(index, "standing__overlay_leaves"))
        for index in range(demanded)
    }

    def build(cohort: UUID) -> QuerySet[Enrolment, tuple[Any, ...]]:
        people = _live(cohort).order_by(*BY_NAME).annotate(**there, **met, **overlay_there)
        return people.values_list(*MEMBER, *there, *met, *overlay_there)

    return PlannedAnew(build, cohort=ANY_COHORT)


def everybody(*, cohort: UUID, requirements: int, demanded: int) -> list[Member]:
    there = len(MEMBER)
    met = there + requirements
    overlays = met + requirements
    return [
        Member._make((*row[:there], row[there:met], row[met:overlays], row[overlays:]))
        for row in _everybody(requirements, demanded)(cohort=cohort)
    ]


@lru_cache(maxsize=128)
def _page(start: int, missing: int | str | None) -> Prepared:
    """A page of people from `start` on; missing: only who has not met this requirement.

    It is the gate's by its index, or an overlay's by what the marks call it.
    """

    def build(cohort: UUID) -> QuerySet[Enrolment, tuple[Any, ...]]:
        people = _live(cohort)
        if isinstance(missing, str):
            people = people.filter(standing__overlay_marks__contains=f" {missing}=0")
        elif missing is not None:
            people = people.filter(~Q(**{f"standing__leaves__{missing}__met": True}))
        # Who is on the page is found first, so that nobody else's standing is carried through the sorting.
        these = people.order_by(*BY_NAME).values("pk")[start : start + PAGE_SIZE]
        return Enrolment.objects.filter(pk__in=these).order_by(*BY_NAME).values_list(*LINE)

    return Prepared(build, cohort=ANY_COHORT)


def page(*, cohort: UUID, start: int, missing: int | str | None) -> list[Somebody]:
    return [Somebody._make(row) for row in _page(start, missing)(cohort=cohort)]


def states(people: Sequence[UUID]) -> list[tuple[UUID, int, bool]]:
    """See `_states`; at most a page of people."""
    padded = [*people, *[NOBODY] * (PAGE_SIZE - len(people))]
    return [
        (row[0], row[1], bool(row[2])) for row in _prepared_states(**dict(zip(SLOTS, padded, strict=True)))
    ]


_prepared_before_overlays = Prepared(_before_overlays, cohort=ANY_COHORT)
gate = Prepared(_gate, cohort=ANY_COHORT)
completed_counts = PlannedAnew(_completed_counts, cohort=ANY_COHORT)
completed_of_each = PlannedAnew(_completed_of_each, cohort=ANY_COHORT)
under_way = PlannedAnew(_under_way, cohort=ANY_COHORT)
_prepared_content = Prepared(_content, cohort=ANY_COHORT)
_prepared_states = Prepared(_states, **SLOTS)
