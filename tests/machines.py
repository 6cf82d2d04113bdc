"""How long state machines run."""

from django.db import connection


def examples(number: int) -> int:
    """So many on SQLite and a quarter on PostgreSQL.

    Which orders of steps there are is the services' affair, and each of them costs as much again there. What
    the other database may do differently (a constraint, a lock, a type) shows at any one step of a kind.
    """
    return max(number // 4, 1) if connection.vendor == "postgresql" else number
