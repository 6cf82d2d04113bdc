"""The facts that tracks announces: each `send(sender=Model, facts=[Fact, ...])`, in the change's transaction.

Plain `send`, so that a listener that fails makes the change fail.
"""

from django.dispatch import Signal

#: kind `tracks.lesson_read`
lesson_read = Signal()
#: kind `tracks.module_completed`
module_completed = Signal()
#: kind `tracks.module_renewed`
module_renewed = Signal()
#: kind `tracks.module_completion_withdrawn`
module_completion_withdrawn = Signal()
#: kinds `tracks.enrolled`, `tracks.enrolment_paused`, `…_resumed`, `…_withdrawn`, `…_completed`
enrolment_changed = Signal()
#: kinds `tracks.cohort_created`, `tracks.cohort_started`, `tracks.cohort_closed`
cohort_changed = Signal()
#: kinds `tracks.mentor_assigned`, `tracks.mentor_ended`
mentorship_changed = Signal()
#: kinds `tracks.delegate_named`, `tracks.delegate_ended`
delegation_changed = Signal()
#: kinds `tracks.role_assigned`, `tracks.role_ended`
role_assignment_changed = Signal()
