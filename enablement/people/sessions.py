"""Sessions in the database, as Django keeps them, found by a query that is built once a process."""

from typing import Any

from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.utils import timezone

from tracks.prepared import Prepared


def _session(key: str) -> QuerySet[Session, tuple[Any, ...]]:
    return Session.objects.filter(session_key=key).values_list("session_data", "expire_date")


_kept = Prepared(_session, key="stand-in")


class SessionStore(db.SessionStore):
    """Every page of a signed-in person begins with this look-up."""

    def load(self) -> dict[str, Any]:
        """What was kept; nothing, and a new key with the next change, where that is over or unknown."""
        for data, expires_at in _kept(key=str(self.session_key)):
            if expires_at > timezone.now():
                kept: dict[str, Any] = self.decode(data)
                return kept
        self._session_key = None
        return {}
