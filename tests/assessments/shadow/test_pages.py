"""Pages of shadow mode: for learners and judges, each blind; and nothing right before its time."""

import re

import pytest
import time_machine
from django.contrib.messages import get_messages
from django.urls import reverse

from assessments.models import CaseJudgement, ShadowCase, ShadowLook, ShadowSample
from assessments.services import shadow
from tests.assessments.shadow.factories import (
    AT,
    MINUTE,
    answer,
    case_spec,
    judge,
    make_judge,
    make_learner,
    make_pool,
    settle_all,
)
from tests.people.factories import UserFactory
from tests.tracks.factories import EnrolmentFactory
from tracks.models import Enrolment

pytestmark = [pytest.mark.django_db, pytest.mark.pages]
#: Would give it away wherever it appears: the author's reason and the settled answers' own words.
CANARY = "canary-reason"
OUTPUT = "canary-output"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(AT, tick=False) as traveller:
        yield traveller


def canaries(count):
    return [case_spec(n, reason=CANARY, output=f"{OUTPUT} TS-{n:03}") for n in range(count)]


@pytest.fixture
def pool():
    return make_pool(cases=canaries(6), sample_size=2)


@pytest.fixture
def learner(pool):
    return make_learner(pool)


@pytest.fixture
def qa(pool):
    return make_judge(pool)


def url(name, obj):
    return reverse(name, args=[obj.pk])


def told(response) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def text_of(response) -> str:
    return response.content.decode()


def both(client, name, obj, *, decision, usable, go="stop"):
    """Both steps of a learner's sample or of a judge's case."""
    first, second = {
        "sample": ("shadow_decide", "shadow_output"),
        "case": ("judgement_decide", "judgement_output"),
    }[name]
    client.post(url(first, obj), {"decision": decision})
    return client.post(url(second, obj), {"usable": usable, "go": go})


class TestLearner:
    def test_the_page_says_what_it_is_and_has_one_primary_action(self, client, pool, learner):
        client.force_login(learner)
        page = text_of(client.get(url("shadow", pool)))

        assert "2 more cases until the first comparison" in page
        assert "0 of 2 cases" in page
        assert "When to escalate." in page
        assert page.count("button-primary") == 1

    def test_a_case_is_decided_before_its_output_is_in_the_page(self, client, pool, learner):
        client.force_login(learner)
        sample = ShadowSample.objects.get(pk=client.post(url("shadow_draw", pool)).url.split("/")[-2])
        first = text_of(client.get(sample.get_absolute_url()))
        assert sample.case.body in first
        assert OUTPUT not in first
        assert str(sample.case.confidence.normalize()) not in first

        client.post(url("shadow_decide", sample), {"decision": "avoid"})
        second = text_of(client.get(sample.get_absolute_url()))
        assert f"{OUTPUT} {sample.case.key}" in second
        assert "You decided: Avoid" in second
        assert "0.91" in second

    def test_two_tabs_have_the_same_case(self, client, pool, learner):
        client.force_login(learner)
        assert client.post(url("shadow_draw", pool)).url == client.post(url("shadow_draw", pool)).url

    def test_recording_goes_on_to_the_next_case_or_stops(self, client, pool, learner):
        client.force_login(learner)
        client.post(url("shadow_draw", pool))
        first = ShadowSample.objects.get()
        onward = both(client, "sample", first, decision="avoid", usable="no", go="next")
        second = ShadowSample.objects.open().get()
        assert onward.url == second.get_absolute_url()

        stopped = both(client, "sample", second, decision="avoid", usable="no")
        assert stopped.url == pool.get_absolute_url()
        assert ShadowSample.objects.judged().count() == 2
        assert "2 of them wait for quality assurance" in text_of(client.get(stopped.url))
        assert client.get(second.get_absolute_url()).url == pool.get_absolute_url()

    def test_an_empty_answer_is_asked_again(self, client, pool, learner):
        sample = shadow.draw(pool=pool, actor=learner, at=AT)
        client.force_login(learner)
        response = client.post(url("shadow_decide", sample), {})
        assert response.status_code == 422
        assert "Choose one of the four answers." in text_of(response)
        assert OUTPUT not in text_of(response)

        client.post(url("shadow_decide", sample), {"decision": "avoid"})
        response = client.post(url("shadow_output", sample), {})
        assert response.status_code == 422
        assert "Say whether the output may be used." in text_of(response)

    def test_the_output_cannot_be_judged_first(self, client, pool, learner):
        sample = shadow.draw(pool=pool, actor=learner, at=AT)
        client.force_login(learner)
        for body in ({"usable": "yes"}, {}):
            response = client.post(url("shadow_output", sample), body)
            assert response.url == sample.get_absolute_url()
            assert told(response)[-1] == "Decide the case first, without the tool's output."

    def test_a_second_click_or_another_answer_changes_nothing(self, client, pool, learner):
        sample = shadow.draw(pool=pool, actor=learner, at=AT)
        client.force_login(learner)
        client.post(url("shadow_decide", sample), {"decision": "avoid"})
        client.post(url("shadow_decide", sample), {"decision": "avoid"})
        response = client.post(url("shadow_decide", sample), {"decision": "automate"})

        assert told(response) == ["You have decided this case already; the first answer counts."]
        sample.refresh_from_db()
        assert sample.decision == "avoid"

    def test_nothing_right_shows_before_a_look_and_differences_after_it(self, client, pool, learner, qa):
        settle_all(pool, qa)
        client.force_login(learner)
        client.post(url("shadow_draw", pool))
        first = ShadowSample.objects.get()
        wrong = "review" if first.case.right_decision == "automate" else "automate"
        seen = [client.get(first.get_absolute_url())]
        client.post(url("shadow_decide", first), {"decision": wrong})
        seen.append(client.get(first.get_absolute_url()))
        client.post(url("shadow_output", first), {"usable": "no", "go": "stop"})
        seen.append(client.get(pool.get_absolute_url()))
        assert ShadowSample.objects.scored().count() == 1
        assert not any(CANARY in text_of(page) for page in seen)
        assert not re.search(r"Comparison \d|kappa|agree[ds]", text_of(seen[-1]))

        second = shadow.draw(pool=pool, actor=learner, at=AT)
        last = both(client, "sample", second, decision=second.case.right_decision, usable="no", go="next")
        assert last.url == pool.get_absolute_url()
        page = text_of(client.get(pool.get_absolute_url()))
        assert "Comparison 1: 2 cases" in page
        assert CANARY in page
        assert first.case.subject in page

    def test_a_reason_of_an_author_whom_quality_assurance_overruled_stays_hidden(self, client, qa):
        pool = make_pool(cases=canaries(1), sample_size=1)
        shadow.appoint_judge(pool=pool, user=qa, actor=None, at=AT)
        case = pool.cases.get()
        judge(case, qa, usable=not case.right_usable)
        learner = make_learner(pool)
        answer(pool, learner)
        client.force_login(learner)

        page = text_of(client.get(pool.get_absolute_url()))
        assert "Where you and quality assurance differ" in page
        assert CANARY not in page

    def test_others_samples_and_pools_are_not_found(self, client, pool, learner, qa):
        sample = shadow.draw(pool=pool, actor=learner, at=AT)
        colleague, outsider = make_learner(pool), EnrolmentFactory().user
        for person in (colleague, outsider, qa):
            client.force_login(person)
            assert client.get(sample.get_absolute_url()).status_code == 404
            assert client.post(url("shadow_decide", sample), {"decision": "avoid"}).status_code == 404
            assert client.post(url("shadow_output", sample), {"usable": "no"}).status_code == 404
        for person in (outsider, qa):
            client.force_login(person)
            assert client.get(url("shadow", pool)).status_code == 404
            assert client.post(url("shadow_draw", pool)).status_code == 404

    def test_on_leave_it_says_why_and_gives_no_case(self, client, pool, learner):
        Enrolment.objects.update(state="paused", paused_on=AT.date())
        client.force_login(learner)

        assert "You are on leave from this track" in text_of(client.get(url("shadow", pool)))
        response = client.post(url("shadow_draw", pool))
        assert "You are on leave from this track" in told(response)[0]
        assert not ShadowSample.objects.exists()

    def test_a_pool_that_is_used_up_says_so(self, client, learner, pool):
        for _ in range(6):
            answer(pool, learner)
        client.force_login(learner)

        assert told(client.post(url("shadow_draw", pool))) == ["You have had every case of this pool."]

    def test_a_passed_look_is_a_verdict(self, client):
        pool = make_pool(count=30, sample_size=20)
        settle_all(pool, make_judge(pool))
        learner = make_learner(pool)
        for _ in range(20):
            answer(pool, learner)
        client.force_login(learner)
        page = text_of(client.get(pool.get_absolute_url()))

        assert "Your latest comparison reached every mark" in page
        assert "20 / 20" in page
        look = ShadowLook.objects.get()
        assert look.passed
        assert set(look.reached.values()) == {"met"}
        look.critical, look.kappa = 1, None
        assert look.reached == {
            "agreement": "met",
            "kappa": "not-met",
            "critical": "not-met",
            "yellow": "met",
        }


class TestJudge:
    def test_what_learners_wait_for_comes_first_then_the_oldest(self, client, pool, qa):
        awaited = answer(pool, make_learner(pool), at=AT - 5 * MINUTE).case
        later = answer(pool, make_learner(pool), at=AT - MINUTE).case
        client.force_login(qa)
        cases = list(client.get(reverse("judgement_queue")).context["page"])

        others = [case.key for case in pool.cases.order_by("key") if case not in {awaited, later}]
        first = [awaited] if awaited == later else [awaited, later]
        assert [case.key for case in cases] == [case.key for case in first] + others

    def test_what_one_began_comes_before_everything(self, client, pool, qa):
        answer(pool, make_learner(pool))
        begun = pool.cases.order_by("key").last()
        shadow.judge_decide(case=begun, decision="avoid", actor=qa, at=AT)
        client.force_login(qa)

        response = client.get(reverse("judgement_queue"))
        assert response.context["first"] == begun
        assert "You began it" in text_of(response)

    def test_a_case_is_judged_blind_in_two_steps_and_leaves_the_queue(self, client, pool, qa):
        case = pool.cases.first()
        client.force_login(qa)
        first = text_of(client.get(url("judgement", case)))
        assert case.body in first
        assert OUTPUT not in first
        assert CANARY not in first

        client.post(url("judgement_decide", case), {"decision": "avoid"})
        second = text_of(client.get(url("judgement", case)))
        assert f"{OUTPUT} {case.key}" in second
        assert CANARY not in second
        response = client.post(url("judgement_output", case), {"usable": "no", "go": "stop"})

        assert response.url == reverse("judgement_queue")
        case.refresh_from_db()
        assert (case.settled_decision, case.settled_usable) == ("avoid", False)
        listed = client.get(reverse("judgement_queue"))
        assert case not in list(listed.context["page"])
        assert CANARY not in text_of(listed)
        assert "1 judged by you so far" in text_of(listed)
        assert client.get(url("judgement", case)).url == reverse("judgement_queue")

    def test_recording_can_go_on_to_the_next_case(self, client, pool, qa):
        client.force_login(qa)
        case = client.get(reverse("judgement_queue")).context["first"]
        onward = both(client, "case", case, decision="avoid", usable="no", go="next")

        following = client.get(reverse("judgement_queue")).context["first"]
        assert onward.url == url("judgement", following)

    def test_the_output_cannot_be_judged_first_and_answers_are_asked_for(self, client, pool, qa):
        case = pool.cases.first()
        client.force_login(qa)
        response = client.post(url("judgement_output", case), {"usable": "yes"})
        assert told(response) == ["Decide the case first, without the tool's output."]
        assert client.post(url("judgement_decide", case), {"decision": "approve"}).status_code == 422
        client.post(url("judgement_decide", case), {"decision": "avoid"})
        assert client.post(url("judgement_output", case), {"usable": "perhaps"}).status_code == 422
        assert CaseJudgement.objects.get().judged_at is None

    def test_a_second_click_changes_nothing(self, client, pool, qa):
        case = pool.cases.first()
        client.force_login(qa)
        for _ in range(2):
            both(client, "case", case, decision="avoid", usable="no")
        assert CaseJudgement.objects.count() == 1

        response = client.post(url("judgement_output", case), {"usable": "yes"})
        assert told(response)[-1] == "You have judged this output already; the first answer counts."

    @pytest.mark.parametrize("name", ["judgement_decide", "judgement_output"])
    def test_others_pools_are_not_found_and_others_are_refused(self, client, pool, learner, name):
        case = pool.cases.first()
        of_another = make_judge(make_pool())
        for person, status in ((of_another, 404), (make_judge(), 404), (learner, 403), (UserFactory(), 403)):
            client.force_login(person)
            assert client.post(url(name, case), {"decision": "avoid", "usable": "no"}).status_code == status
            assert client.get(url("judgement", case)).status_code == status
            assert client.get(url("agreement", pool)).status_code == status
        assert not CaseJudgement.objects.exists()

    def test_a_case_that_one_met_as_a_learner_is_not_found(self, client, pool):
        both_roles = EnrolmentFactory(
            cohort__track=pool.track, user=UserFactory(perms=["assessments.judge_cases"])
        ).user
        shadow.appoint_judge(pool=pool, user=both_roles, actor=None, at=AT)
        met = answer(pool, both_roles).case
        client.force_login(both_roles)

        assert client.get(url("judgement", met)).status_code == 404
        assert met not in list(client.get(reverse("judgement_queue")).context["page"])

    def test_a_double_case_looks_like_any_other(self, client):
        specs = [case_spec(n, reason=CANARY, ground_truth=n == 3) for n in range(12)]
        pool = make_pool(cases=specs, double=None)
        qa = make_judge(pool)
        client.force_login(qa)
        page = text_of(client.get(reverse("judgement_queue")))

        assert ShadowCase.objects.filter(double=True).exists()
        assert not re.search(r"double|twice|second judge", page)

    @pytest.mark.parametrize("count", [3, 20])
    def test_the_queue_takes_a_constant_number_of_queries(self, client, count, django_assert_num_queries):
        pool = make_pool(count=count)
        qa = make_judge(pool)
        answer(pool, make_learner(pool))
        judge(pool.cases.order_by("key").last(), qa)
        client.force_login(qa)
        client.get(reverse("judgement_queue"))

        with django_assert_num_queries(8):
            assert client.get(reverse("judgement_queue")).status_code == 200


class TestAgreement:
    def looked_at(self, learners):
        pool = make_pool(count=8, sample_size=4)
        settle_all(pool, make_judge(pool))
        for _ in range(learners):
            learner = make_learner(pool)
            for _ in range(4):
                answer(pool, learner, answers=lambda case: (case.right_decision, True))
        return pool

    def test_shows_figures_matrix_interval_and_the_tool_apart(self, client):
        pool = self.looked_at(2)
        qa = make_judge(pool)
        client.force_login(qa)
        response = client.get(url("agreement", pool))
        page = text_of(response)

        found = response.context["found"]
        right = sum(case.right_usable for sample in ShadowSample.objects.all() for case in [sample.case])
        assert (found.agreement.n, found.agreement.agreed) == (8, right)
        assert sum(map(sum, found.decisions)) == 8
        assert sum(found.decisions[i][i] for i in range(4)) == 8
        assert found.usability[0] == [right, 8 - right]
        assert found.usability[1] == [0, 0]
        usable = ShadowCase.objects.filter(right_usable=True).count()
        assert (found.fitness.usable, found.fitness.settled) == (usable, 8)
        assert f"{usable} / 8" in page
        assert page.count("<svg xmlns") == 2  # the learners, and the tool
        assert "<title id=" in page
        assert "<desc id=" in page
        assert "style=" not in page

    def test_before_the_first_score_it_says_how_figures_come(self, client):
        pool = make_pool()
        client.force_login(make_judge(pool))

        assert "Nothing to compare yet" in text_of(client.get(url("agreement", pool)))

    def test_between_looks_a_learner_has_no_figures(self, client):
        pool = make_pool(count=8, sample_size=4)
        settle_all(pool, make_judge(pool))
        learner = make_learner(pool)
        for _ in range(3):
            answer(pool, learner)
        client.force_login(make_judge(pool))
        (row,) = client.get(url("agreement", pool)).context["found"].learners

        assert (row.learner, row.standing.n, row.look, row.standing.agreed) == (learner, 3, None, None)

    @pytest.mark.parametrize("learners", [1, 4])
    def test_takes_a_constant_number_of_queries(self, client, learners, django_assert_num_queries):
        pool = self.looked_at(learners)
        client.force_login(make_judge(pool))
        client.get(url("agreement", pool))

        with django_assert_num_queries(16):
            assert len(client.get(url("agreement", pool)).context["found"].learners) == learners
