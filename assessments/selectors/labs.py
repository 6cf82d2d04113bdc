"""Reads of lab work: what stands signed off, what waits for whom, and how a learner's rounds went."""

from collections import defaultdict
from collections.abc import Collection
from typing import Any
from uuid import UUID

from assessments.models import SignOff


def signed_off_labs(*, enrolment_ids: Collection[Any]) -> dict[UUID, dict[int, UUID]]:
    """By enrolment id, the labs whose sign-off stands: lab id to sign-off id. One query."""
    signed: dict[UUID, dict[int, UUID]] = defaultdict(dict)
    rows = SignOff.objects.standing().filter(enrolment__in=enrolment_ids)
    for enrolment_id, lab_id, pk in rows.values_list("enrolment_id", "lab_id", "pk"):
        signed[enrolment_id][lab_id] = pk
    return dict(signed)
