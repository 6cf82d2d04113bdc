"""Pages of exception cases: blind until decided, each for whom it is, the same twice is one."""

import uuid

import pytest
import time_machine
from django.urls import reverse

from assessments.models import CaseDecision, Drill
from tests.assessments.scenarios.factories import (
    AT,
    BECAUSE,
    CANARY,
    decide,
    finish,
    grade,
    make_learner,
    make_mentor,
    make_set,
    record,
    start,
    wrong,
)
from tests.people.factories import UserFactory
from tests.tracks.factories import EnrolmentFactory
from tracks.models import Enrolment

pytestmark = [pytest.mark.django_db, pytest.mark.pages]
#: None of these may reach a page before the case is decided.
CANARIES = (CANARY, "canary-rule", "canary-figure")


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(AT, tick=False) as traveller:
        yield traveller


@pytest.fixture
def scenario_set():
    return make_set()


@pytest.fixture
def learner(scenario_set):
    return make_learner(scenario_set)


@pytest.fixture
def enrolment(learner):
    return learner.enrolments.get()


@pytest.fixture
def mentor(learner):
    return make_mentor(learner)


@pytest.fixture
def as_learner(client, learner):
    client.force_login(learner)
    return client


@pytest.fixture
def as_mentor(client, mentor):
    client.force_login(mentor)
    return client


def text_of(response) -> str:
    return response.content.decode()


def post_decision(client, drill, position, **answer):
    case = drill.cases.select_related("scenario").get(position=position)
    data = {"decision": case.scenario.right_decision, "justification": BECAUSE} | answer
    return client.post(reverse("drill_decide", args=[drill.pk, position]), data)


class TestLearner:
    def test_from_the_first_page_through_a_case_to_the_next(self, as_learner, scenario_set, enrolment):
        page = as_learner.get(reverse("exceptions", args=[enrolment.pk]))
        assert "Start the drill" in text_of(page)
        started = as_learner.post(reverse("drill_start", args=[scenario_set.pk]), {"kind": "practice"})
        drill = Drill.objects.get()
        assert started.url == reverse("drill", args=[drill.pk])
        case_page = text_of(as_learner.get(started.url))
        assert "1 of 7" in case_page
        assert not any(canary in case_page for canary in CANARIES)

        answered = post_decision(as_learner, drill, 1)
        assert answered.url == reverse("drill_case", args=[drill.pk, 1])
        feedback = text_of(as_learner.get(answered.url))
        assert all(canary in feedback for canary in CANARIES)
        assert "2 of 7" in text_of(as_learner.get(reverse("drill", args=[drill.pk])))
        assert as_learner.get(reverse("drill_case", args=[drill.pk, 2])).status_code == 404

    def test_a_capstone_tells_nothing_before_its_end(self, as_learner, scenario_set, learner, enrolment):
        finish(scenario_set, learner)
        CaseDecision.objects.update(graded=False)
        capstone = start(scenario_set, learner, Drill.Kind.CAPSTONE)
        answered = post_decision(as_learner, capstone, 1)
        assert answered.url == reverse("drill", args=[capstone.pk])
        assert as_learner.get(reverse("drill_case", args=[capstone.pk, 1])).status_code == 404
        assert as_learner.get(reverse("drill_result", args=[capstone.pk])).url == answered.url
        for page in (answered.url, reverse("exceptions", args=[enrolment.pk])):
            assert not any(canary in text_of(as_learner.get(page)) for canary in CANARIES)
        for position in range(2, 8):
            answered = post_decision(as_learner, capstone, position)
        assert answered.url == reverse("drill_result", args=[capstone.pk])
        assert CANARY in text_of(as_learner.get(answered.url))

    def test_too_short_a_reason_stays_on_the_page(self, as_learner, scenario_set, learner):
        drill = start(scenario_set, learner)
        response = post_decision(as_learner, drill, 1, justification="Because of the rule")
        assert response.status_code == 422
        assert "Because of the rule" in text_of(response)
        assert not any(canary in text_of(response) for canary in CANARIES)
        assert not drill.cases.exclude(decided_at=None).exists()

    def test_a_second_tab_cannot_change_an_answer(self, as_learner, scenario_set, learner):
        drill = start(scenario_set, learner)
        case = decide(drill, 1)
        assert post_decision(as_learner, drill, 1).url == reverse("drill_case", args=[drill.pk, 1])
        other = post_decision(as_learner, drill, 1, decision=wrong(case))
        assert other.url == reverse("drill", args=[drill.pk])
        assert "the first answer counts" in text_of(as_learner.get(other.url))
        assert post_decision(as_learner, drill, 3).url == reverse("drill", args=[drill.pk])
        assert post_decision(as_learner, drill, 1, justification="").status_code == 302
        assert drill.cases.exclude(decided_at=None).count() == 1

    def test_what_is_not_ones_own_is_not_there(self, client, scenario_set, learner, enrolment):
        drill = finish(scenario_set, learner)
        client.force_login(EnrolmentFactory(cohort__track=scenario_set.track).user)
        pages = (("drill", [drill.pk]), ("drill_result", [drill.pk]), ("exceptions", [enrolment.pk]))
        assert {client.get(reverse(name, args=args)).status_code for name, args in pages} == {404}
        assert client.post(reverse("drill_decide", args=[drill.pk, 1])).status_code == 404
        client.force_login(UserFactory())
        assert client.get(reverse("exception_matrix", args=[scenario_set.pk])).status_code == 404
        assert client.post(reverse("drill_start", args=[scenario_set.pk])).status_code == 404

    def test_the_matrix_shows_every_category_and_row(self, as_learner, scenario_set):
        page = text_of(as_learner.get(reverse("exception_matrix", args=[scenario_set.pk])))
        assert (page.count("Decides 1"), page.count("What rollback is.")) == (7, 1)
        assert not any(canary in page for canary in CANARIES)

    def test_why_no_capstone_can_be_started_is_said(self, as_learner, scenario_set, enrolment):
        start_url = reverse("drill_start", args=[scenario_set.pk])
        response = as_learner.post(start_url, {"kind": "capstone"}, follow=True)
        assert response.redirect_chain[-1][0] == reverse("exceptions", args=[enrolment.pk])
        assert "Finish a practice drill first" in text_of(response)

    @pytest.mark.parametrize("drills", [1, 3])
    def test_the_record_costs_the_same_for_any_number_of_drills(
        self, as_learner, scenario_set, learner, drills, django_assert_num_queries
    ):
        for _ in range(drills):
            finish(scenario_set, learner, wrong_places=(1,))
        url = reverse("exceptions", args=[learner.enrolments.get().pk])
        as_learner.get(url)
        with django_assert_num_queries(7):
            as_learner.get(url)


class TestMentor:
    def test_from_the_queue_through_a_grade_to_the_next(self, as_mentor, scenario_set, learner):
        drill = finish(scenario_set, learner)
        first, second = drill.cases.filter(graded=True).order_by("position")
        assert str(learner) in text_of(as_mentor.get(reverse("justifications")))
        url = reverse("justification", args=[first.pk])
        assert "canary-rule" in text_of(as_mentor.get(url))
        graded = as_mentor.post(url, {"named": ["rule"], "comment": "Which figure?"})
        assert graded.url == reverse("justification", args=[second.pk])
        first.refresh_from_db()
        assert (first.marks, first.comment) == ({"rule": True, "figure": False}, "Which figure?")
        as_mentor.force_login(learner)
        assert "Which figure?" in text_of(as_mentor.get(reverse("drill_result", args=[drill.pk])))

    def test_a_grade_that_came_first_stands(self, as_mentor, scenario_set, learner):
        case = finish(scenario_set, learner).cases.filter(graded=True).first()
        grade(case, make_mentor(learner), named=["figure"])
        response = as_mentor.post(reverse("justification", args=[case.pk]), {"named": ["rule"]})
        assert response.status_code == 409
        case.refresh_from_db()
        assert case.marks == {"rule": False, "figure": True}

    def test_others_do_not_see_justifications(self, client, scenario_set, learner):
        case = finish(scenario_set, learner).cases.filter(graded=True).first()
        url = reverse("justification", args=[case.pk])
        client.force_login(learner)
        assert (client.get(url).status_code, client.get(reverse("justifications")).status_code) == (403, 403)
        client.force_login(UserFactory(perms=["assessments.review_labs"]))
        assert client.get(url).status_code == 404

    def test_a_handled_case_is_recorded_once_and_can_be_withdrawn(self, as_mentor, enrolment):
        url = reverse("supervised", args=[enrolment.pk])
        assert "Record a case that you observed" in text_of(as_mentor.get(url))
        data = {
            "key": str(uuid.uuid4()),
            "category": "rollback",
            "complexity": "2",
            "handled_at": "2026-11-02T09:00",
            "decision": "deny",
            "right": "yes",
            "note": "Asked for the statement first.",
        }
        for _ in range(2):
            assert as_mentor.post(url, data).url == url
        case = CaseDecision.objects.get()
        assert (case.right, case.complexity, case.decided_at) == (True, 2, AT)
        withdraw = reverse("supervised_withdraw", args=[case.pk])
        assert as_mentor.post(withdraw, {"reason": " "}).status_code == 422
        assert as_mentor.post(withdraw, {"reason": "Another learner."}).url == url
        assert "Withdrawn: Another learner." in text_of(as_mentor.get(url))

    def test_a_wrong_decision_without_a_note_stays_on_the_page(self, as_mentor, enrolment):
        data = {"key": str(uuid.uuid4()), "category": "rollback", "complexity": "2", "decision": "deny"}
        data |= {"right": "no", "handled_at": "2026-11-02T09:00"}
        response = as_mentor.post(reverse("supervised", args=[enrolment.pk]), data)
        assert response.status_code == 422
        assert "Say what should have been decided" in text_of(response)
        assert not CaseDecision.objects.exists()

    def test_the_learner_reads_what_was_observed_but_records_nothing(
        self, client, learner, enrolment, mentor
    ):
        record(enrolment, mentor, right=False)
        client.force_login(learner)
        assert "A commander was named." in text_of(client.get(reverse("exceptions", args=[enrolment.pk])))
        assert client.get(reverse("supervised", args=[enrolment.pk])).status_code == 403

    def test_a_former_mentor_and_a_stranger_find_nothing(self, client, enrolment, mentor):
        case = record(enrolment, mentor)
        enrolment.mentorships.update(ended_at=AT)
        for person in (mentor, UserFactory(perms=["assessments.review_labs"])):
            client.force_login(person)
            pages = (("supervised", enrolment.pk), ("supervised_withdraw", case.pk))
            assert {client.get(reverse(name, args=[pk])).status_code for name, pk in pages} == {404}

    @pytest.mark.parametrize("people", [1, 3])
    def test_the_queue_costs_the_same_for_any_number_of_learners(
        self, as_mentor, scenario_set, mentor, people, django_assert_num_queries
    ):
        for _ in range(people):
            newcomer = make_learner(scenario_set)
            finish(scenario_set, newcomer)
            newcomer.enrolments.get().mentorships.create(
                cohort=Enrolment.objects.get(user=newcomer).cohort, learner=newcomer, mentor=mentor, since=AT
            )
        url = reverse("justifications")
        as_mentor.get(url)
        with django_assert_num_queries(5):
            assert len(as_mentor.get(url).context["page"].object_list) == 2 * people
