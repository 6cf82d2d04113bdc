"""Facts of this app, sent inside the transaction of the change with `facts=[tracks.facts.Fact, …]`."""

from django.dispatch import Signal

# `access.grant_<state>`, the subject is the grant.
grant_changed = Signal()
# `access.grant_renewed`, the subject is the grant: it stays open, until another time than before.
grant_renewed = Signal()
# `access.grant_kept`, the subject is the grant: its gate became stricter, and it stays open for a time.
grant_kept = Signal()
# `access.gate_met`, the subject is the enrolment; sent while the enrolment is not complete yet.
gate_met = Signal()
# `access.gate_lost`, the subject is the enrolment; sent where it was complete and its gate is no longer met.
gate_lost = Signal()
# `access.approval_<what>`, the subject is the request.
approval_changed = Signal()
# `access.approval_delegate_named` and `…_ended`, the subject is the delegation.
approval_delegation_changed = Signal()
# `access.stop_started`, `…_ended` and `…_reviewed`, the subject is the stop.
stop_changed = Signal()
# `access.waiver_proposed`, the subject is the waiver: it does not count yet.
waiver_proposed = Signal()
# `access.waiver_approved` and `…_ended`, the subject is the waiver.
waiver_changed = Signal()
# `access.emergency_asked`, `…_approved`, `…_ended` and `…_reviewed`, the subject is the emergency access.
emergency_changed = Signal()
# `access.denies_repeated`, the subject is the tool.
denies_repeated = Signal()
# `access.suspension_kept`, the subject is the suspension: a person looked at it, and it stays.
suspension_kept = Signal()
# `access.outcome_reported`, the subject is the decision (its ledger entry).
outcome_reported = Signal()
# `access.attested`, the subject is the attestation.
attestation_made = Signal()
# `access.ruling_made`, `…_ended` and `…_module_confirmed`, the subject is the ruling.
ruling_changed = Signal()
# `access.prompt_<state>`, the subject is the version of the prompt.
prompt_changed = Signal()
# `access.sop_made` and `…_ended`, the subject is the version of the procedure.
sop_changed = Signal()
# `access.hold_placed` and `…_ended`, the subject is the legal hold.
legal_hold_changed = Signal()
# `access.content_purged` (the subject is the rule) and `access.content_erased` (the subject is the person).
content_removed = Signal()
