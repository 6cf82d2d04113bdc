"""What this app announces: `signal.send(sender=Model, facts=[Fact, ...])`, in the change's transaction."""

from django.dispatch import Signal

#: kinds `assessments.question_added`, `_changed`, `_retired`, `_restored`
question_changed = Signal()

attempt_started = Signal()
attempt_graded = Signal()
attempt_lapsed = Signal()
attempt_waits_for_marks = Signal()
#: points or passes that a regrade changed, one fact an attempt
attempts_regraded = Signal()
#: kinds `assessments.question_regraded`, `_excused`, `_excused_once`, `_remarked`
question_regraded = Signal()
attempts_granted = Signal()
time_granted = Signal()

submission_handed_in = Signal()
#: kinds `assessments.case_observed`, `assessments.observation_removed`
case_observed = Signal()
#: one of several people's marks
lab_marked = Signal()
lab_sent_back = Signal()
#: the first of two signatures: no proof yet
lab_signed_once = Signal()
lab_signed_off = Signal()
sign_off_withdrawn = Signal()
sign_off_voided = Signal()

judge_appointed = Signal()
case_judged = Signal()
sample_judged = Signal()
sample_scored = Signal()
look_taken = Signal()
cases_imported = Signal()
case_dropped = Signal()
version_started = Signal()
version_declared_material = Signal()
fresh_cases_done = Signal()
fitness_changed = Signal()

drill_started = Signal()
drill_finished = Signal()
drill_graded = Signal()
case_decided = Signal()
justification_graded = Signal()
case_supervised = Signal()
supervision_withdrawn = Signal()

#: one person's words are gone
words_erased = Signal()

#: kinds `assessments.appeal_opened`, `_upheld`, `_rejected`
appeal_changed = Signal()
#: a case whose right answer an appeal changed
case_rejudged = Signal()
#: kind `assessments.analysis_requested`
items_analysed = Signal()
