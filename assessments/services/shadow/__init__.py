"""Shadow mode: pools of cases, learners' blind samples, quality assurance's blind judgements, and looks."""

from assessments.services.shadow.judgements import judge_case_output, judge_decide
from assessments.services.shadow.pools import PoolChange, appoint_judge, appoint_newcomers, put_pool
from assessments.services.shadow.samples import decide, draw, judge_output
from assessments.services.shadow.scoring import take_look

__all__ = [
    "PoolChange",
    "appoint_judge",
    "appoint_newcomers",
    "decide",
    "draw",
    "judge_case_output",
    "judge_decide",
    "judge_output",
    "put_pool",
    "take_look",
]
