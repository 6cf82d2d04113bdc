from surveys.services.answering import answer
from surveys.services.content import put_survey, retire_survey

__all__ = ["answer", "put_survey", "retire_survey"]
