"""Appeals: open one, answer one. Another person than who judged answers, within three working days."""

from assessments.services.appeals.answering import Answer, answer
from assessments.services.appeals.opening import appeal_mark, appeal_question, appeal_sample

__all__ = ["Answer", "answer", "appeal_mark", "appeal_question", "appeal_sample"]
