"""The facts that people announces: each `send(sender=Model, facts=[Fact, ...])`, in the change's
transaction.
"""

from django.dispatch import Signal

#: kinds `people.person_added`, `…_updated`, `…_deactivated`, `…_reactivated`,
#: `people.identity_linked`, `people.sessions_ended`
person_changed = Signal()
#: kinds `people.token_created`, `people.token_revoked`
token_changed = Signal()
#: kinds `people.auditor_access_given`, `people.auditor_access_ended`, the subject is the access
auditor_access_changed = Signal()
#: kinds `people.right_asked`, `…_confirmed`, `…_turned_down`, `…_withdrawn`, `…_lapsed`
right_request_changed = Signal()
