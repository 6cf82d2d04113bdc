"""What programs announce: `send(sender=Model, facts=[Fact, ...])`, in the change's transaction."""

from django.dispatch import Signal

#: kinds `programs.session_planned`, `…_changed`, `…_cancelled`, the subject is the session
session_changed = Signal()
#: kinds `programs.attendance_marked`, `…_corrected`, the subject is the mark; and with the first marks of a
#: session `programs.session_held`, which names its cohort: from then on it counts for everybody there
attendance_changed = Signal()
#: kinds `programs.calendar_address_made` and `…_ended`, the subject is the person
calendar_address_changed = Signal()
