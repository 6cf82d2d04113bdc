from surveys.models.response import Answer, Response
from surveys.models.survey import Item, Survey

__all__ = ["Answer", "Item", "Response", "Survey"]
