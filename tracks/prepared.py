"""Queries whose SQL is built once a process: for answers within milliseconds, building costs most."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, TypeAlias
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

Value: TypeAlias = str | UUID | date


class Prepared:
    """`build(**stand_ins)` gives a queryset of `values_list`; calling this asks it with other values.

    Every stand-in has to be text, a UUID or a day that occurs nowhere else in the query, and to reach the
    database as it is: only as the right side of a comparison, or among those of an `in`.
    """

    def __init__(self, build: Callable[..., QuerySet[Any, tuple[Any, ...]]], **stand_ins: Value) -> None:
        self._build = build
        self._stand_ins = stand_ins
        self._made: tuple[Any, str, list[tuple[str, Any]], Mapping[int, Any]] | None = None

    def __call__(self, **values: Value) -> list[tuple[Any, ...]]:
        """The rows for these values, one for each stand-in."""
        compiler, sql, slots, converters = self._made or self._make()
        given = {name: _as_stored(value) for name, value in values.items()}
        with connection.cursor() as cursor:
            cursor.execute(sql, [given[name] if name else constant for name, constant in slots])
            rows = cursor.fetchall()
        return [tuple(row) for row in compiler.apply_converters(rows, converters)] if converters else rows

    def _make(self) -> tuple[Any, str, list[tuple[str, Any]], Mapping[int, Any]]:
        query = self._build(**self._stand_ins).query
        compiler = query.get_compiler(connection=connection)
        sql, params = compiler.as_sql()
        names = [(_as_stored(value), name) for name, value in self._stand_ins.items()]
        # Parameters need not be hashable: the path into a JSON column is a list.
        slots = [(next((name for value, name in names if value == param), ""), param) for param in params]
        columns = [column for column, _sql, _alias in compiler.select]
        self._made = compiler, sql, slots, compiler.get_converters(columns)
        return self._made


def _as_stored(value: Value) -> Value:
    if isinstance(value, UUID):
        return value if connection.features.has_native_uuid_field else value.hex
    return connection.ops.adapt_datefield_value(value) if isinstance(value, date) else value
