"""Looks every night whether what was signed is still as it was; a sign-off over anything else is void."""

import logging
from datetime import datetime

from assessments.models import SignOff, Submission
from assessments.services.labs.evidence import record_hash, swapped_files
from assessments.services.labs.withdrawals import void

logger = logging.getLogger(__name__)


def void_changed(*, at: datetime) -> int:
    """Voids every open sign-off whose evidence is not what it is bound to, by rows or by stored files.

    A file that is missing voids nothing: the store may be away; it is logged. Of evidence that was erased for
    its person the hash alone is left to compare. How many were voided. Each is a transaction of its own.
    """
    voided = 0
    rows = SignOff.objects.open().select_related("submission__enrolment").order_by("pk")
    for sign_off in rows.iterator(chunk_size=200):
        if _changed(sign_off.submission, sign_off.evidence_hash):
            logger.warning("The evidence of sign-off %s has changed: it is void.", sign_off.pk)
            void(sign_off=sign_off, actor=None, at=at)
            voided += 1
    return voided


def _changed(submission: Submission, evidence_hash: str) -> bool:
    if submission.content_hash != evidence_hash:
        return True
    if submission.erased_at is not None:
        return False
    if record_hash(submission) != evidence_hash:
        return True
    swapped, missing = swapped_files(submission)
    for file in missing:
        logger.warning("The evidence file %s is missing.", file.pk)
    return bool(swapped)
