"""Putting a playbook in force."""

from datetime import datetime

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import connection, transaction
from django.utils.translation import gettext as _

from enablement.ledger import selectors
from enablement.ledger.canonical import sha256
from enablement.ledger.models import PolicyRevision
from tracks.errors import Refused

#: PostgreSQL's advisory lock of the revisions.
LOCK = 0x1ED6E5


@transaction.atomic
def add_revision(
    *, document: str, note: str, base_number: int | None, actor: AbstractBaseUser | None, at: datetime
) -> PolicyRevision:
    """Number and keep a playbook that is applied in this transaction.

    base_number: the revision that it was planned against (None: the first one).
    Raises Refused("stale_base") where another revision has come into force since.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    current = selectors.current_revision()
    current_number = current.number if current else None
    if base_number != current_number:
        raise Refused(
            "stale_base", _("Another playbook has been applied since this plan was made; plan again.")
        )
    return PolicyRevision.objects.create(
        number=(current_number or 0) + 1,
        sha256=sha256(document),
        document=document,
        note=note,
        base_number=base_number,
        applied_by_id=actor.pk if actor else None,
        applied_at=at,
    )
