from django.urls import path

from tracks.views import cohorts, enrolments, learn

_LESSON = "learn/<slug:track_key>/<slug:module_key>/<slug:lesson_key>/"
_PERSON = "cohorts/<uuid:pk>/people/<uuid:enrolment_pk>/"

urlpatterns = [
    path("learn/<slug:track_key>/", learn.track, name="track"),
    path("learn/<slug:track_key>/<slug:module_key>/", learn.module, name="module"),
    path(_LESSON, learn.lesson, name="lesson"),
    path(f"{_LESSON}read/", learn.lesson_read, name="lesson_read"),
    path("read-again/<slug:track_key>/<slug:module_key>/", learn.module_again, name="module_again"),
    path("cohorts/", cohorts.cohort_list, name="cohorts"),
    path("cohorts/new/", cohorts.new, name="cohort_new"),
    path("cohorts/<uuid:pk>/", cohorts.manage, name="cohort"),
    path("cohorts/<uuid:pk>/start/", cohorts.start, name="cohort_start"),
    path("cohorts/<uuid:pk>/close/", cohorts.close, name="cohort_close"),
    path("cohorts/<uuid:pk>/enrol/", cohorts.enrol, name="cohort_enrol"),
    path(_PERSON, enrolments.person, name="cohort_person"),
    path(f"{_PERSON}pause/", enrolments.pause, name="enrolment_pause"),
    path(f"{_PERSON}resume/", enrolments.resume, name="enrolment_resume"),
    path(f"{_PERSON}withdraw/", enrolments.withdraw, name="enrolment_withdraw"),
    path(f"{_PERSON}mentors/<int:mentorship_pk>/end/", enrolments.end_mentor, name="mentor_end"),
]
