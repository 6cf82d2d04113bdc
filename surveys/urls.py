from django.urls import path

from surveys.views import answering, reading

urlpatterns = [
    path("surveys/<int:pk>/", answering.survey, name="survey"),
    path("surveys/<int:pk>/results/", reading.survey_results, name="survey_results"),
    path("surveys/answers/<uuid:pk>/", reading.survey_answers, name="survey_answers"),
]
