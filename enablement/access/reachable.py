"""What a token can be bound to so that a call with it can be allowed at all."""

from enablement.access.models import Microtool, Policy
from enablement.people.reach import Known


def known() -> Known | None:
    """Two queries. A retired tool denies whoever asks, so no new token is for it alone."""
    policy = Policy.objects.first()
    if policy is None:
        return None
    return Known(frozenset(Microtool.objects.live().values_list("key", flat=True)), frozenset(policy.regions))
