"""What this app announces: `signal.send(sender=Model, facts=[Fact, ...])`, in the change's transaction."""

from django.dispatch import Signal

attempt_started = Signal()
attempt_graded = Signal()
attempt_lapsed = Signal()
attempts_granted = Signal()

submission_handed_in = Signal()
lab_sent_back = Signal()
lab_signed_off = Signal()
sign_off_withdrawn = Signal()
sign_off_voided = Signal()

judge_appointed = Signal()
case_judged = Signal()
sample_judged = Signal()
sample_scored = Signal()
look_taken = Signal()

drill_started = Signal()
drill_finished = Signal()
drill_graded = Signal()
case_decided = Signal()
justification_graded = Signal()
case_supervised = Signal()
supervision_withdrawn = Signal()
