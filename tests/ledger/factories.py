"""Entries and revisions for tests, made by the services."""

from datetime import UTC, datetime

from django.db import transaction

from enablement.ledger import services

AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def record_n(n, **changes):
    """`n` facts of one transaction about the samples 1..n."""
    with transaction.atomic():
        return services.record_many(
            services.NewEntry(
                kind="assessments.sample_judged",
                subject=("assessments.ShadowSample", str(i)),
                actor="system",
                at=AT,
                payload={"usable": i % 2 == 0, "n": i},
                **changes,
            )
            for i in range(1, n + 1)
        )


def add_revision(document="roles: []", base_number=None, at=AT, **changes):
    return services.add_revision(
        document=document, note="", base_number=base_number, actor=None, at=at, **changes
    )
