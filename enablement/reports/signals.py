"""What reports announce: `send(sender=Report, facts=[Fact, ...])`, in the change's transaction."""

from django.dispatch import Signal

#: kind `reports.requested`: who had the figures of which cohort's people written down
report_requested = Signal()
#: kinds `reports.evidence_pack_requested`, `…_made` and `…_downloaded`, the subject is the pack
evidence_pack_changed = Signal()
