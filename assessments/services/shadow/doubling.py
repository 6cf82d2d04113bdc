"""Which cases two people judge: one in five, by a secret of the pool. Repeatable, and nobody can guess it."""

import hashlib
import hmac
from collections.abc import Sequence

from assessments.models import ShadowCase, ShadowPool

#: One case in so many is judged twice (DESIGN §4: 20 %).
DOUBLE_EVERY = 5


def choose_doubles(*, pool: ShadowPool, kept: Sequence[ShadowCase], fresh: Sequence[ShadowCase]) -> None:
    """Set `double` on `fresh`, so that one in five of all (rounded up) is judged twice.

    Cases whose answer is known are left out: every judge sees those. The order of `fresh` does not matter.
    """
    for case in fresh:
        case.double = False
    candidates = [case for case in fresh if not case.ground_truth]
    counted = [case for case in kept if not case.ground_truth]
    wanted = -(-(len(counted) + len(candidates)) // DOUBLE_EVERY)
    more = max(wanted - sum(case.double for case in counted), 0)
    for case in sorted(candidates, key=lambda case: _rank(pool.seed, case))[:more]:
        case.double = True


def _rank(seed: str, case: ShadowCase) -> bytes:
    return hmac.digest(seed.encode(), f"{case.key}\n{case.sha256}".encode(), hashlib.sha256)
