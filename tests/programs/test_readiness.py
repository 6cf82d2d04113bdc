from datetime import timedelta

import pytest

from enablement.access.services.grants import reevaluate
from enablement.programs.selectors import readiness
from tests.access.factories import GateFactory, MicrotoolFactory, PolicyFactory
from tests.people.factories import UserFactory
from tests.surveys.factories import SurveyFactory
from tests.tracks.factories import (
    DUE,
    START,
    CohortFactory,
    EnrolmentFactory,
    LessonFactory,
    ModuleFactory,
)
from tracks.models import Enrolment
from tracks.services.cohorts import pause
from tracks.services.progress import read_lesson

pytestmark = pytest.mark.django_db
NOW = START + timedelta(days=1)
PM = {"created_by__perms": ["tracks.run_cohorts"]}


@pytest.fixture
def cohort():
    """A track of two modules with one lesson each; the gate wants each module by itself."""
    PolicyFactory()
    lessons = [LessonFactory(module=ModuleFactory(key="one", position=1))]
    track = lessons[0].module.track
    lessons.append(LessonFactory(module=ModuleFactory(track=track, key="two", position=2)))
    leaves = [{"type": "modules_completed", "modules": [key]} for key in ("one", "two")]
    GateFactory(track=track, tree={"all_of": leaves})
    MicrotoolFactory(track=track)
    return CohortFactory(track=track, **PM)


def people(cohort, *read):
    """One enrolment for each number: how many of the two lessons that person has read."""
    lessons = list(cohort.track.modules.order_by("position"))
    enrolments = [EnrolmentFactory(cohort=cohort) for _ in read]
    for enrolment, count in zip(enrolments, read, strict=True):
        for module in lessons[:count]:
            lesson = module.lessons.order_by("position").first()
            read_lesson(enrolment=enrolment, lesson=lesson, actor=enrolment.user, at=NOW)
    ids = [enrolment.user_id for enrolment in enrolments]
    reevaluate(user_ids=ids, cause="tests", actor_id=None, at=NOW)
    return enrolments


def page(client, cohort, user=None, **query):
    client.force_login(user or cohort.created_by, backend="django.contrib.auth.backends.ModelBackend")
    return client.get(f"/readiness/{cohort.pk}/", query)


def test_the_board_counts_people_by_requirement(cohort):
    people(cohort, 2, 1, 1, 0)
    board = readiness.board(cohort=cohort, at=NOW)
    assert (board.total, board.ready, board.late, board.state) == (4, 1, 0, "at-risk")
    assert [(row.met, row.missing, row.state) for row in board.requirements] == [
        (3, 1, "at-risk"),
        (1, 3, "at-risk"),
    ]
    assert [row.missing for row in board.blockers] == [3, 1]


def test_a_cohort_is_ready_only_when_everybody_is(cohort):
    people(cohort, 2, 2)
    assert readiness.board(cohort=cohort, at=NOW).state == "met"


def test_an_empty_cohort_is_not_ready(cohort):
    assert readiness.board(cohort=cohort, at=NOW).state == "not-started"


def test_who_is_past_the_due_day_is_late_unless_on_leave_or_ready(cohort):
    _ready, _late, away = people(cohort, 2, 1, 0)
    pause(enrolment=away, actor=None, at=NOW)
    board = readiness.board(cohort=cohort, at=START.replace(month=DUE.month, day=DUE.day + 1))
    assert (board.late, board.state) == (1, "not-met")


def test_modules_count_completed_under_way_and_not_started(cohort):
    LessonFactory(module=cohort.track.modules.get(key="one"))
    people(cohort, 1, 0, 0)
    modules, _surveys = readiness.content(cohort=cohort)
    rows = {row.module.key: row for row in readiness.module_rows(cohort=cohort, modules=modules, total=3)}
    assert (rows["one"].completed, rows["one"].under_way, rows["one"].not_started) == (0, 1, 2)
    assert (rows["two"].completed, rows["two"].under_way, rows["two"].not_started) == (0, 0, 3)


def test_withdrawn_people_are_not_counted(cohort):
    people(cohort, 2, 0)
    Enrolment.objects.filter(standing__met=False).update(state="withdrawn", withdrawn_at=NOW)
    assert readiness.board(cohort=cohort, at=NOW).total == 1


def test_the_page_names_who_misses_what(client, cohort):
    first, second = people(cohort, 2, 0)
    text = page(client, cohort).content.decode()
    assert "Not ready: 1 of 2 people have shown everything" in text
    narrowed = page(client, cohort, missing="1").content.decode()
    assert second.user.name in narrowed
    assert first.user.name not in narrowed


@pytest.mark.parametrize("missing", ["9", "-1", "x", "", "1'"])
def test_a_filter_that_means_nothing_shows_everybody(client, cohort, missing):
    (enrolment,) = people(cohort, 0)
    assert enrolment.user.name in page(client, cohort, missing=missing).content.decode()


def test_only_who_runs_the_cohort_sees_it(client, cohort):
    other = UserFactory(perms=["tracks.run_cohorts"])
    (enrolment,) = people(cohort, 0)
    assert page(client, cohort).status_code == 200
    assert page(client, cohort, user=other).status_code == 404
    assert page(client, cohort, user=enrolment.user).status_code == 404
    assert client.get("/readiness/").status_code == 403


@pytest.mark.parametrize("size", [3, 24])
def test_the_page_costs_the_same_queries_for_any_number_of_people(
    client, cohort, size, django_assert_num_queries
):
    people(cohort, *([1] * size))
    page(client, cohort)
    with django_assert_num_queries(QUERIES):
        assert client.get(f"/readiness/{cohort.pk}/").status_code == 200


QUERIES = 11


def test_the_page_leads_to_the_cohorts_certificates_and_survey_answers(client, cohort):
    survey = SurveyFactory(track=cohort.track)
    people(cohort, 0)
    text = page(client, cohort).content.decode()
    for address in (
        f"/cohorts/{cohort.pk}/certificates/",
        f"/surveys/{survey.pk}/results/?cohort={cohort.pk}",
    ):
        assert f'href="{address}"' in text
        assert client.get(address).status_code == 200


def test_the_pages_of_people_hold_everybody_once_and_in_order(client, cohort):
    enrolments = people(cohort, *([1] * 27))
    names = sorted(enrolment.user.name for enrolment in enrolments)
    first, second = (page(client, cohort, page=number).content.decode() for number in (1, 2))
    assert [name for name in names if name in first] == names[:25]
    assert [name for name in names if name in second] == names[25:]
    assert "26\N{EN DASH}27 of 27" in second


def test_who_was_never_evaluated_counts_and_misses_everything(client, cohort):
    done, _begun = people(cohort, 2, 1)
    late = EnrolmentFactory(cohort=cohort)
    assert readiness.board(cohort=cohort, at=NOW).requirements[0].missing == 1
    text = page(client, cohort, missing="0").content.decode()
    assert late.user.name in text
    assert done.user.name not in text


def test_names_and_titles_are_shown_as_they_are_written(client, cohort):
    (enrolment,) = people(cohort, 0)
    enrolment.user.name = "<b>Ann</b> & Co"
    enrolment.user.save()
    cohort.track.modules.filter(key="one").update(title="<i>One</i>")
    text = page(client, cohort).content.decode()
    assert "&lt;b&gt;Ann&lt;/b&gt; &amp; Co" in text
    assert "&lt;i&gt;One&lt;/i&gt;" in text
    assert "<b>Ann" not in text
    assert "<i>One" not in text
