"""What many tests begin with: built by the services once a process, its rows laid down again after that.

Unlike a fixture of a whole module, it is there for those tests alone that ask for it, and each has its own.
"""

import copy
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db import connection, transaction

from tests import emptying

T = TypeVar("T")


@dataclass(frozen=True)
class Built:
    result: Any
    rows: dict[str, emptying.Rows]


_built: dict[Hashable, Built] = {}


def lay_down(key: Hashable, build: Callable[[], T]) -> T:
    """What `build` gives, and the rows that it makes; `key` says all that they depend on.

    Where the test has already written into one of these tables, they are built by the services again.
    """
    assert emptying.made is not None
    belonging = emptying.made.rows
    with transaction.atomic(), connection.cursor() as cursor:
        filled = set(emptying.filled(cursor, emptying.made.tables)) - belonging.keys()
        if key in _built and filled.isdisjoint(_built[key].rows):
            for table, rows in _built[key].rows.items():
                emptying.insert(cursor, table, rows)
            result: T = copy.deepcopy(_built[key].result)
            return result
        built = build()
        if not filled:
            added = set(emptying.filled(cursor, emptying.made.tables)) - belonging.keys()
            assert all(emptying.rows(cursor, table) == belonging[table] for table in belonging)
            rows_of = {table: emptying.rows(cursor, table) for table in sorted(added)}
            _built[key] = Built(copy.deepcopy(built), rows_of)
        return built
