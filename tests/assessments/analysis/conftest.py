from tests.assessments.quizzes.conftest import cast  # noqa: F401
