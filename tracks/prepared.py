"""Queries whose SQL is built once a process: for answers within milliseconds, building costs most.

On PostgreSQL each connection prepares them, too, so that the server plans them once and not on every call.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any, ClassVar, Generic, NamedTuple, TypeAlias, TypeVar
from uuid import UUID

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.db.models import Model, QuerySet
from django.db.models.query import get_related_populators

Value: TypeAlias = str | UUID | date | datetime | int
#: A list is of what stands right of an `in`.
Given: TypeAlias = Value | list[UUID] | list[int]
M = TypeVar("M", bound=Model)


class _Compiled(NamedTuple):
    """`slots` are the parameters in order: the name of a stand-in, or "" and a constant.

    numbered: for PostgreSQL, where each value has a name in the SQL; by it, its slot.
    """

    compiler: Any
    sql: str
    slots: list[tuple[str, Any]]
    numbered: Mapping[str, tuple[str, Any]]
    converters: Mapping[int, Any]


class _Question:
    """`build(**stand_ins)` gives a queryset, which is compiled once and then asked with other values.

    Every stand-in has to be text, a UUID, a day, a moment or an integer that occurs nowhere else in the
    query, and to reach the database as it is: only as the right side of a comparison, or among those of an
    `in`.
    A list of one stands in for a list: asked for one, the kept SQL answers; for any other number the query is
    built anew, which costs little beside so many rows.
    """

    #: Whether PostgreSQL plans every call for its values.
    anew: ClassVar[bool] = False

    def __init__(self, build: Callable[..., QuerySet[Any, Any]], **stand_ins: Given) -> None:
        self._build = build
        self._stand_ins = stand_ins
        self._compiled: _Compiled | None = None

    def _built_anew(self, values: Mapping[str, Given]) -> list[Any] | None:
        """The answer where a list is not of one; None where the kept SQL can give it."""
        if all(len(value) == 1 for value in values.values() if isinstance(value, list)):
            return None
        return list(self._build(**values))

    def _ask(self, values: Mapping[str, Given]) -> tuple[Any, list[tuple[Any, ...]]]:
        """The compiler, which knows the columns, and the rows for these values, one for each stand-in."""
        compiler, sql, slots, numbered, converters = self._compiled or self._compile()
        given = {name: _as_stored(_alone(value)) for name, value in values.items()}
        with _cursor(anew=self.anew) as cursor:
            if numbered:
                named = {key: given[name] if name else value for key, (name, value) in numbered.items()}
                cursor.execute(sql, named)
            else:
                cursor.execute(sql, [given[name] if name else constant for name, constant in slots])
            rows = cursor.fetchall()
        if converters:
            rows = [tuple(row) for row in compiler.apply_converters(rows, converters)]
        return compiler, rows

    def _compile(self) -> _Compiled:
        query = self._build(**self._stand_ins).query
        compiler = query.get_compiler(connection=connection)
        sql, params = compiler.as_sql()
        names = [(_as_stored(_alone(value)), name) for name, value in self._stand_ins.items()]
        # Parameters need not be hashable: the path into a JSON column is a list.
        slots = [(next((name for value, name in names if value == param), ""), param) for param in params]
        columns = [column for column, _sql, _alias in compiler.select]
        numbered: dict[str, tuple[str, Any]] = {}
        if connection.vendor == "postgresql":
            sql, numbered = _named(sql, slots)
        self._compiled = _Compiled(compiler, sql, slots, numbered, compiler.get_converters(columns))
        return self._compiled


class Prepared(_Question):
    """Of a queryset of `values_list`; calling it gives the rows."""

    def __call__(self, **values: Given) -> list[tuple[Any, ...]]:
        built = self._built_anew(values)
        return self._ask(values)[1] if built is None else built


class PlannedAnew(Prepared):
    """For what reads few rows with one value and thousands with another: a plan for any value would then take
    several times as long as the best one.
    """

    anew = True


class PreparedObjects(_Question, Generic[M]):
    """Of a queryset of objects, which may select related ones and annotate; calling it gives the objects."""

    def __init__(self, build: Callable[..., QuerySet[M]], **stand_ins: Given) -> None:
        super().__init__(build, **stand_ins)

    def __call__(self, **values: Given) -> list[M]:
        built = self._built_anew(values)
        return self._put_together(*self._ask(values)) if built is None else built

    def _put_together(self, compiler: Any, rows: Sequence[tuple[Any, ...]]) -> list[M]:
        # From here on as Django's own iterator of a queryset puts objects together.
        info, select, alias = compiler.klass_info, compiler.select, connection.alias
        first, end = info["select_fields"][0], info["select_fields"][-1] + 1
        names = [column.target.attname for column, _sql, _alias in select[first:end]]
        # The stubs are of a later Django.
        related = get_related_populators(info, select, alias)  # type: ignore[call-arg]
        found = []
        for row in rows:
            made = info["model"].from_db(alias, names, row[first:end])
            for populator in related:
                populator.populate(row, made)
            for name, position in compiler.annotation_col_map.items():
                setattr(made, name, row[position])
            found.append(made)
        return found


class PreparedInsert(Generic[M]):
    """Writes one new row, as `bulk_create` does: every column, without signals. The key has to be there."""

    def __init__(self, model: type[M]) -> None:
        self._model = model
        self._sql = ""

    def __call__(self, row: M) -> None:
        """Inside a transaction, which an error spoils as any other does."""
        fields = self._model._meta.local_concrete_fields  # noqa: SLF001  # Django's public API
        with transaction.mark_for_rollback_on_error(using=connection.alias), _cursor(anew=False) as cursor:
            cursor.execute(
                self._sql or self._build(),
                [field.get_db_prep_save(field.pre_save(row, add=True), connection) for field in fields],
            )
        # As Django marks what it has written.
        row._state.adding, row._state.db = False, connection.alias  # noqa: SLF001

    def _build(self) -> str:
        meta, quote = self._model._meta, connection.ops.quote_name  # noqa: SLF001
        columns = [quote(str(field.column)) for field in meta.local_concrete_fields]
        places = ", ".join("%s" for _column in columns)
        self._sql = f"INSERT INTO {quote(meta.db_table)} ({', '.join(columns)}) VALUES ({places})"  # noqa: S608
        return self._sql


def _named(sql: str, slots: Sequence[tuple[str, Any]]) -> tuple[str, dict[str, tuple[str, Any]]]:
    """The SQL with a name for each different value: what stands in two places has to be one to PostgreSQL,
    which otherwise does not know an expression again that it groups by.
    """
    names: dict[str, str] = {}
    numbered: dict[str, tuple[str, Any]] = {}
    following = iter(slots)

    def place(found: re.Match[str]) -> str:
        if found[0] == "%%":
            return "%%"
        name, constant = next(following)
        key = names.setdefault(repr((name, constant)), f"v{len(names)}")
        numbered[key] = (name, constant)
        return f"%({key})s"

    return re.sub("%[s%]", place, sql), numbered


@contextmanager
def _cursor(*, anew: bool) -> Iterator[CursorWrapper]:
    """Of PostgreSQL one that sends SQL and values apart, as a prepared statement needs it.

    Where the connection's option `prepare_threshold` is absent, the server plans every call anew. Where
    queries are written down, it is the ordinary one, which can say what it has asked.
    """
    if anew or connection.vendor != "postgresql" or connection.queries_logged:
        with connection.cursor() as cursor:
            yield cursor
        return
    from django.db.backends.postgresql.base import ServerBindingCursor

    # As `connection.cursor()` begins.
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    # The stubs know neither its arguments nor that any cursor can be wrapped.
    raw: Any = ServerBindingCursor(connection.connection)  # type: ignore[call-arg]
    with connection.make_cursor(raw) as cursor:
        yield cursor


def _alone(value: Given) -> Value:
    return value[0] if isinstance(value, list) else value


def _as_stored(value: Value) -> Value | None:
    if isinstance(value, UUID):
        return value if connection.features.has_native_uuid_field else value.hex
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    return connection.ops.adapt_datefield_value(value) if isinstance(value, date) else value
