from django.apps import AppConfig


class AssessmentsConfig(AppConfig):
    """Proves: quizzes, sign-offs, shadow-mode samples."""

    name = "assessments"
    label = "assessments"

    def ready(self) -> None:
        from assessments import links

        links.register()
