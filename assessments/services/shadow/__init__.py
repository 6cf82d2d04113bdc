"""Shadow mode: pools of cases, learners' blind samples, quality assurance's blind judgements, and looks."""

from assessments.services.shadow.dropping import drop_case
from assessments.services.shadow.imports import import_cases, plan_import
from assessments.services.shadow.judgements import judge_case_output, judge_decide
from assessments.services.shadow.judges import appoint_judge, appoint_newcomers
from assessments.services.shadow.pools import PoolChange, put_pool
from assessments.services.shadow.samples import decide, draw, judge_output
from assessments.services.shadow.scoring import take_look
from assessments.services.shadow.versions import declare_material

__all__ = [
    "PoolChange",
    "appoint_judge",
    "appoint_newcomers",
    "decide",
    "declare_material",
    "draw",
    "drop_case",
    "import_cases",
    "judge_case_output",
    "judge_decide",
    "judge_output",
    "plan_import",
    "put_pool",
    "take_look",
]
