"""An analysis from attempts to pages: on whom it rests, who sees what, and what it draws."""

from datetime import timedelta

import pytest
import time_machine
from defusedxml.ElementTree import fromstring
from django.urls import reverse

from assessments import analysis_charts, psychometrics
from assessments.models import ItemAnalysis, Question
from assessments.services import item_analysis
from assessments.services.regrading import excuse_in_attempt
from assessments.tasks import analyse_items
from tests.assessments.quizzes.factories import NOW, make_quiz, multiple, single, sit, true_false, twenty
from tests.assessments.regrading.factories import correct, item_of, make_author, sit_with, with_right
from tests.people.factories import UserFactory
from tests.tracks.factories import EnrolmentFactory
from tracks.errors import Refused

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(days=2)


@pytest.fixture
def few(monkeypatch):
    """Three people are enough here."""
    monkeypatch.setattr(psychometrics, "FEWEST", 3)


@pytest.fixture
def sat(cast, few):
    """Four people: who misses the single choice picks the second option, and the last two miss the edge."""
    for number in range(4):
        user = EnrolmentFactory(cohort=cast.cohort).user
        given = {"blocked": 1 if number == 0 else 0, "edge": number > 1}
        sit_with(quiz=cast.quiz, user=user, given=given, at=NOW + timedelta(minutes=number))
    return cast.quiz


def done(quiz, actor=None):
    wanted = item_analysis.request(quiz=quiz, actor=actor or make_author(), at=LATER)
    analyse_items.run(str(wanted.pk))()
    return ItemAnalysis.objects.get(pk=wanted.pk)


def by_key(analysis):
    keys = dict(Question.objects.values_list("versions", "key"))
    return {keys[item["version"]]: item for item in analysis.results["items"]}


class TestFigures:
    def test_what_it_rests_on(self, sat):
        found = done(sat)

        assert (found.people, found.results["n"], found.results["length"]) == (4, 4, 3)
        assert (found.first_at, found.last_at) == (
            NOW + timedelta(minutes=1),
            NOW + timedelta(minutes=4),
        )
        assert {key: item["facility"] for key, item in by_key(found).items()} == {
            "blocked": 0.75,
            "edge": 0.5,
            "hours": 1.0,
        }

    def test_options_by_what_was_picked(self, sat):
        options = by_key(done(sat))["blocked"]["options"]
        assert sorted((option["right"], option["n"]) for option in options) == [
            (False, 0),
            (False, 1),
            (True, 3),
        ]

    def test_only_the_first_attempt_of_each(self, cast, sat):
        sit(quiz=sat, user=cast.learner, right=0)
        sit(quiz=sat, user=cast.learner, at=NOW + timedelta(days=1, minutes=5))

        found = done(sat)

        assert (found.people, by_key(found)["hours"]["facility"]) == (5, 0.8)

    def test_versions_are_apart(self, cast, sat):
        correct(sat, with_right(single(), 1), make_author())
        for _ in range(3):
            sit(quiz=sat, user=EnrolmentFactory(cohort=cast.cohort).user, at=LATER)

        found = done(sat)

        asked = sorted(item["n"] for item in found.results["items"])
        assert asked == [3, 4, 7, 7]

    def test_points_are_those_that_count(self, sat):
        attempt = sat.attempts.order_by("submitted_at")[0]
        excuse_in_attempt(item=item_of(attempt, "blocked"), reason="Unfair", actor=make_author(), at=LATER)
        assert by_key(done(sat))["blocked"]["facility"] == 1.0

    def test_several_picks(self, cast, few):
        quiz = make_quiz(module=cast.module, key="several", questions=(multiple(), true_false()))
        for _ in range(3):
            sit(quiz=quiz, user=EnrolmentFactory(cohort=cast.cohort).user)
        options = by_key(done(quiz))["watched"]["options"]
        assert sorted((option["right"], option["n"]) for option in options) == [
            (False, 0),
            (False, 0),
            (True, 3),
            (True, 3),
        ]

    def test_as_many_queries_for_many(self, cast, few, django_assert_max_num_queries):
        quiz = make_quiz(module=cast.module, **twenty())
        counts = []
        for people in (1, 3):
            for _ in range(people):
                sit(quiz=quiz, user=EnrolmentFactory(cohort=cast.cohort).user)
            with django_assert_max_num_queries(6) as asked:
                item_analysis.figures_of(quiz)
            counts.append(len(asked))
        assert counts[0] == counts[1]


class TestJob:
    def test_one_at_a_time_and_a_second_run_changes_nothing(self, sat):
        author = make_author()
        first = item_analysis.request(quiz=sat, actor=author, at=LATER)
        assert item_analysis.request(quiz=sat, actor=author, at=LATER) == first
        effect = analyse_items.run(str(first.pk))
        effect()
        finished = ItemAnalysis.objects.get().finished_at
        effect()
        assert ItemAnalysis.objects.get().finished_at == finished

    def test_refusals(self, cast, sat):
        with pytest.raises(Refused) as nobody:
            item_analysis.request(
                quiz=make_quiz(module=cast.module, key="new"), actor=make_author(), at=LATER
            )
        with pytest.raises(Refused) as learner:
            item_analysis.request(quiz=sat, actor=cast.learner, at=LATER)
        assert (nobody.value.code, learner.value.code) == ("no_attempts", "not_allowed")


@pytest.mark.pages
class TestPages:
    @pytest.fixture(autouse=True)
    def clock(self):
        with time_machine.travel(LATER, tick=False):
            yield

    def test_ask_wait_and_read(self, client, sat):
        client.force_login(make_author())
        url = reverse("analysis", args=[sat.pk])
        assert "Not analysed yet" in client.get(url).content.decode()
        assert "A job is at work" in client.post(url, follow=True).content.decode()
        done(sat)

        page = client.get(url).content.decode()

        assert "questions to look at" in page
        assert page.count("<svg xmlns") == 2
        item = by_key(ItemAnalysis.objects.get())["blocked"]
        detail = client.get(reverse("analysis_item", args=[sat.pk, item["version"]])).content.decode()
        assert "Who picked what" in detail
        assert "Write it by hand (blocked)" in detail

    def test_program_managers_see_figures_and_no_key(self, client, sat):
        done(sat)
        client.force_login(UserFactory(perms=["tracks.run_cohorts"]))
        item = by_key(ItemAnalysis.objects.get())["blocked"]

        assert client.get(reverse("analyses")).status_code == 200
        page = client.get(reverse("analysis", args=[sat.pk])).content.decode()
        assert "blocked" in page
        assert "Write it by hand" not in page
        assert client.get(reverse("analysis_item", args=[sat.pk, item["version"]])).status_code == 403

    @pytest.mark.parametrize("who", ["learner", "mentor"])
    def test_nobody_else(self, client, cast, sat, who):
        done(sat)
        client.force_login(getattr(cast, who))
        for name, args in (("analyses", []), ("analysis", [sat.pk])):
            assert client.get(reverse(name, args=args)).status_code == 403


class TestCharts:
    def test_text_is_escaped_and_the_drawing_says_what_it_is(self):
        drawn = analysis_charts.bands(
            title="Who <picked>",
            description="By group",
            rows=[("<script>", (0.1, 0.5, 1.0)), ("b", (0.9, 0.5, 0.0))],
            series=("weak", "middle", "best"),
        )
        root = fromstring(drawn)
        names = [child.tag.split("}")[1] for child in root]
        assert names[:2] == ["title", "desc"]
        assert root[0].text == "Who <picked>"
        assert "<script>" not in drawn

    @pytest.mark.parametrize(("lowest", "ticks"), [(0.2, 6), (-0.05, 7), (-0.2, 7), (-0.9, 11)])
    def test_the_plot_begins_at_the_fifth_below_the_lowest_point(self, lowest, ticks):
        point = analysis_charts.Point("q", "1", 0.5, lowest, 0)
        drawn = analysis_charts.scatter(title="T", description="D", points=[point], x_title="x", y_title="y")
        assert drawn.count("<line") == ticks

    def test_columns_that_pass_stand_out(self):
        drawn = analysis_charts.histogram(
            title="T", description="D", counts=[1, 0, 2, 4, 3], labels=list("abcde"), passes_from=0.8
        )
        assert (drawn.count('class="s0"'), drawn.count('class="s1"')) == (1, 4)
