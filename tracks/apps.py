from django.apps import AppConfig


class TracksConfig(AppConfig):
    """Teaches: roles, tracks, modules, labs, cohorts, enrolments, progress."""

    name = "tracks"
    label = "tracks"
