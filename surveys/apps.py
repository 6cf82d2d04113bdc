from django.apps import AppConfig


class SurveysConfig(AppConfig):
    """Asks: surveys, answers, results."""

    name = "surveys"
    label = "surveys"
