"""Exception cases: sets of scenarios, drills, graded justifications, and cases that a mentor observed."""

from assessments.services.scenarios.drills import decide, start
from assessments.services.scenarios.grading import grade
from assessments.services.scenarios.sets import put_set
from assessments.services.scenarios.supervised import record, withdraw

__all__ = ["decide", "grade", "put_set", "record", "start", "withdraw"]
