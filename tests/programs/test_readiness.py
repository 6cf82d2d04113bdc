from datetime import timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.utils.html import strip_tags

from enablement.access.models import EnrolmentStanding, Grant, Policy
from enablement.access.services import attesting
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


QUERIES = 12


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


EU = {"type": "attestation", "policy": "eu", "title": "EU rules", "statement": "I keep them."}
#: Two in the overlay's region, of whom the first has confirmed; one outside it; one outside all regions.
PLACES = ("eu-west-1", "eu-west-1", "us-east-1", "ap-south-1")


def overlaid(cohort, *places):
    """Everybody has read everything; an overlay asks more of who works in eu-west-1, or may."""
    Policy.objects.update(
        overlays=[
            {
                "key": "eu",
                "title": "Europe",
                "reason": "Because.",
                "regions": ["eu-west-1"],
                "conditions": [{"any_of": [EU, {"type": "date", "not_before": "2099-01-01"}]}],
            }
        ]
    )
    enrolments = people(cohort, *[2 for _place in places])
    for number, (enrolment, region) in enumerate(zip(enrolments, places, strict=True)):
        enrolment.user.name, enrolment.user.region = f"Learner {number}", region
        enrolment.user.save(update_fields=["name", "region"])
    ids = [enrolment.user_id for enrolment in enrolments]
    reevaluate(user_ids=ids, cause="tests", actor_id=None, at=NOW)
    statement = attesting.find_statement(user=enrolments[0].user, track=cohort.track.key, policy="eu")
    attesting.attest(statement=statement, sha256=statement.sha256, actor=enrolments[0].user, at=NOW)
    return enrolments


def cells(text, name):
    """The words of a person's row, without those of modules and of the gate."""
    row = text.split(f">{name}<")[1].split("</tr>")[0]
    return [" ".join(strip_tags(cell).split()) for cell in row.split("<td>")[5:]]


def test_what_overlays_ask_of_some_is_counted_of_these_and_shown(client, cohort):
    enrolments = overlaid(cohort, *PLACES)
    states = [Grant.objects.get(user=each.user).state for each in enrolments]
    assert states == ["granted", "locked", "granted", "locked"]
    board = readiness.board(cohort=cohort, at=NOW)
    assert (board.total, board.shown, board.barred, board.ready) == (4, 3, 1, states.count("granted"))
    assert [(row.key, row.label, row.asked_by, row.met, row.total) for row in board.demanded] == [
        ("eu.0.0", "Policy: EU rules", "Europe", 1, 2),
        ("eu.0.1", "Date", "Europe", 0, 2),
        ("region", "Region of work", "", 3, 4),
    ]
    text = page(client, cohort).content.decode()
    assert "Not ready: 2 of 4 people have shown everything and may use the tools" in text
    assert "1 person works where the tools may not be used." in text
    assert "Only where “Europe” holds" in text
    none = "not asked"
    told = [cells(text, f"Learner {number}")[:-2] for number in range(4)]
    assert told == [
        ["Met", "Waiting", "Met"],
        ["Not started", "Waiting", "Met"],
        [none, none, "Met"],
        [none, none, "Not met"],
    ]
    statuses = [cells(text, f"Learner {number}")[-1] for number in range(4)]
    assert statuses == ["Ready", "Late", "Ready", "Closed by region"]


@pytest.mark.parametrize(
    ("missing", "named"), [("eu.0.0", [1]), ("region", [3]), ("u.0.0", [0, 1, 2, 3]), ("0", [])]
)
def test_who_misses_what_an_overlay_asks_is_found(client, cohort, missing, named):
    overlaid(cohort, *PLACES)
    text = page(client, cohort, missing=missing).content.decode()
    assert [number for number in range(4) if f">Learner {number}<" in text] == named


def test_a_cohort_of_which_nobody_lives_under_an_overlay_has_no_columns_of_it(client, cohort):
    overlaid(cohort, "eu-west-1")
    Policy.objects.update(overlays=[])
    ids = list(cohort.enrolments.values_list("user", flat=True))
    reevaluate(user_ids=ids, cause="tests", actor_id=None, at=NOW)
    assert readiness.board(cohort=cohort, at=NOW).rows == readiness.board(cohort=cohort, at=NOW).requirements
    assert "not asked" not in page(client, cohort).content.decode()


def test_who_was_never_evaluated_has_a_cell_for_everything(client, cohort):
    overlaid(cohort, *PLACES)
    late = EnrolmentFactory(cohort=cohort, user__name="Learner 9")
    text = page(client, cohort).content.decode()
    assert cells(text, late.user.name)[:3] == ["Not started"] * 3
    assert len(cells(text, late.user.name)) == len(cells(text, "Learner 0"))


@pytest.mark.parametrize("size", [1, 6])
def test_overlays_cost_the_same_queries_for_any_number_of_people(
    client, cohort, size, django_assert_num_queries
):
    overlaid(cohort, *(PLACES * size))
    page(client, cohort)
    with django_assert_num_queries(QUERIES):
        assert client.get(f"/readiness/{cohort.pk}/").status_code == 200


def test_what_stood_before_the_marks_is_marked_as_an_evaluation_would(cohort):
    """The step of the migration that brings them."""
    overlaid(cohort, *PLACES)
    standings = EnrolmentStanding.objects.order_by("pk")
    written = list(standings.values_list("overlay_marks", flat=True))
    assert sorted(written) == ["", " eu.0.0=0 eu.0.1=0", " eu.0.0=1 eu.0.1=0", " region=0"]
    standings.update(overlay_marks="")
    import_module("enablement.access.migrations.0014_overlay_marks").mark(apps, None)
    assert list(standings.values_list("overlay_marks", flat=True)) == written
