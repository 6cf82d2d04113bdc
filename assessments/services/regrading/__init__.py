"""After an attempt has its result: a key was wrong, a question was unfair, a mark was too low.

Nothing here moves an attempt's end, which is the date of a pass, or forgets a mentor's marks.
"""

from assessments.services.regrading.deciding import apply, decide
from assessments.services.regrading.excusing import excuse_in_attempt
from assessments.services.regrading.planning import Line, Plan, dry_run
from assessments.services.regrading.remarking import remark
from assessments.services.regrading.structure import why_incomparable

__all__ = ["Line", "Plan", "apply", "decide", "dry_run", "excuse_in_attempt", "remark", "why_incomparable"]
