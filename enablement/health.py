"""For load balancers and supervisors: is the process alive, and can it serve?"""

from collections.abc import Callable
from functools import cache

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from enablement.ledger.selectors import oldest_unlinked_seconds

#: DESIGN of the ledger: an entry that nobody has linked for a minute is a fault.
MAX_UNLINKED_SECONDS = 60


@login_not_required
@require_safe
@never_cache
def healthz(_request: HttpRequest) -> HttpResponse:
    """200 while this process answers at all; touches nothing else."""
    return HttpResponse("ok\n", content_type="text/plain")


@login_not_required
@require_safe
@never_cache
def readyz(_request: HttpRequest) -> JsonResponse:
    """200 where requests can be served, otherwise 503; `checks` gives "ok" or the fault, by name."""
    checks = {name: _fault(check) or "ok" for name, check in CHECKS.items()}
    ready = set(checks.values()) == {"ok"}
    body = {"status": "ready" if ready else "not ready", "checks": checks}
    return JsonResponse(body, status=200 if ready else 503)


def _fault(check: Callable[[], str | None]) -> str | None:
    try:
        return check()
    except (DatabaseError, InterfaceError):
        return "the database does not answer"


def _database() -> str | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return None


def _migrations() -> str | None:
    if _are_migrations_applied():
        return None
    _are_migrations_applied.cache_clear()
    return "migrations are pending"


@cache
def _are_migrations_applied() -> bool:
    """Costs a tenth of a second, and "yes" stays true for the code of this process: asked until then."""
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def _ledger() -> str | None:
    waiting = oldest_unlinked_seconds(timezone.now())
    if waiting > MAX_UNLINKED_SECONDS:
        return f"the oldest unlinked entry has waited {int(waiting)} s"
    return None


CHECKS: dict[str, Callable[[], str | None]] = {
    "database": _database,
    "migrations": _migrations,
    "ledger": _ledger,
}
