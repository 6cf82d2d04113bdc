from django.urls import path

from assessments.views import quizzes

urlpatterns = [
    path("quizzes/<int:pk>/", quizzes.quiz, name="quiz"),
    path("quizzes/<int:pk>/start/", quizzes.attempt_start, name="attempt_start"),
    path("quizzes/<int:pk>/unlock/<uuid:enrolment_pk>/", quizzes.unlock, name="attempts_unlock"),
    path("attempts/<uuid:pk>/", quizzes.attempt, name="attempt"),
    path("attempts/<uuid:pk>/save/", quizzes.attempt_save, name="attempt_save"),
    path("attempts/<uuid:pk>/submit/", quizzes.attempt_submit, name="attempt_submit"),
    path("attempts/<uuid:pk>/result/", quizzes.result, name="attempt_result"),
]
