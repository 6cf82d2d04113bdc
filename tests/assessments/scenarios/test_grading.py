"""Justifications graded by a mentor, and cases that a mentor observed."""

import uuid
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from assessments import drill_rules, signals
from assessments.models import CaseDecision, Drill
from assessments.selectors.scenarios import justifications_to_grade, record_of, supervised_standings
from assessments.services import scenarios
from tests.assessments.racing import at_once
from tests.assessments.recording import heard
from tests.assessments.scenarios.factories import (
    AT,
    finish,
    grade,
    make_learner,
    make_mentor,
    make_set,
    record,
    scenario_spec,
    start,
)
from tests.people.factories import UserFactory
from tests.tracks.factories import EnrolmentFactory, LessonFactory, MentorshipFactory, ModuleFactory
from tracks.errors import Refused
from tracks.models import Mentorship

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def refused_code(step) -> str:
    with pytest.raises(Refused) as refused:
        step()
    return refused.value.code


@pytest.fixture
def scenario_set():
    return make_set()


@pytest.fixture
def learner(scenario_set):
    return make_learner(scenario_set)


@pytest.fixture
def mentor(learner):
    return make_mentor(learner)


@pytest.fixture
def enrolment(learner):
    return learner.enrolments.get()


@pytest.fixture
def capstone(scenario_set, learner):
    finish(scenario_set, learner)
    return finish(scenario_set, learner, Drill.Kind.CAPSTONE)


class TestGrading:
    def test_a_sample_of_practice_and_all_of_a_finished_capstone_wait(self, scenario_set, learner, mentor):
        finish(scenario_set, learner)
        waiting = justifications_to_grade(mentor=mentor)
        assert waiting.count() == 2
        start(scenario_set, learner, Drill.Kind.CAPSTONE)
        assert waiting.all().count() == 2
        finish(scenario_set, learner, Drill.Kind.CAPSTONE)
        assert waiting.all().count() == 9
        assert justifications_to_grade(mentor=UserFactory()).count() == 0

    def test_the_grade_names_criteria_and_the_same_again_changes_nothing(self, capstone, mentor):
        case = capstone.cases.get(position=1)
        with heard(signals.justification_graded) as facts:
            graded = grade(case, mentor, named=["rule"], comment=" Good. ")
            grade(case, mentor, named=["rule"], comment="Good.", at=AT + HOUR)
        assert (graded.marks, graded.comment) == ({"rule": True, "figure": False}, "Good.")
        assert [fact.payload["marks"] for fact in facts] == [{"rule": True, "figure": False}]
        assert (
            refused_code(lambda: grade(case, mentor, named=[], comment="Nothing of it.")) == "already_graded"
        )

    def test_only_a_current_mentor_who_may_review_grades(self, capstone, learner, mentor):
        case = capstone.cases.get(position=1)
        without_right = UserFactory()
        MentorshipFactory(enrolment=learner.enrolments.get(), mentor=without_right)
        for stranger in (UserFactory(perms=["assessments.review_labs"]), without_right, learner):
            assert refused_code(lambda actor=stranger: grade(case, actor)) == "not_mentor"
        Mentorship.objects.filter(mentor=mentor).update(ended_at=AT)
        assert refused_code(lambda: grade(case, mentor)) == "not_mentor"

    def test_what_is_not_to_be_graded_is_refused(self, scenario_set, learner, mentor):
        drill = finish(scenario_set, learner)
        left_out = drill.cases.filter(graded=False).first()
        assert refused_code(lambda: grade(left_out, mentor)) == "not_to_grade"
        with pytest.raises(ValidationError):
            grade(drill.cases.filter(graded=True).first(), mentor, named=["other"])

    @pytest.mark.parametrize(("named", "passed"), [(9, True), (8, False)])
    def test_a_capstone_passes_at_both_shares_exactly(self, capstone, mentor, named, passed):
        """14 criteria: 9 of 14 are more than 0.60, 8 of 14 are less."""
        left = named
        with heard(signals.drill_graded) as facts:
            for case in capstone.cases.order_by("position"):
                keys = ["rule", "figure"][: min(left, 2)]
                left -= len(keys)
                grade(case, mentor, named=keys, comment="" if keys else "Neither.")
        capstone.refresh_from_db()
        assert (capstone.passed, [fact.payload["named"] for fact in facts]) == (passed, [named])

    def test_shares_are_compared_exactly(self):
        assert drill_rules.reaches(16, 20, Decimal("0.80"))
        assert not drill_rules.reaches(15, 20, Decimal("0.80"))
        assert not drill_rules.reaches(0, 0, Decimal("0.01"))

    @pytest.mark.django_db(transaction=True)
    def test_two_graders_at_once_give_one_grade(self, capstone, learner, mentor):
        second = make_mentor(learner)
        case = capstone.cases.get(position=1)
        outcomes = at_once(
            lambda: grade(case, mentor), lambda: grade(case, second, named=[], comment="Nothing of it.")
        )
        assert sorted(outcomes) == ["already_graded", "done"]


class TestObserved:
    def test_a_repeated_form_is_one_record(self, enrolment, mentor):
        key = uuid.uuid4()
        with heard(signals.case_supervised) as facts:
            first = record(enrolment, mentor, key=key)
            assert record(enrolment, mentor, key=key) == first
        assert [fact.payload["right"] for fact in facts] == [True]
        assert "note" not in facts[0].payload

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"category": "weather"}, "category"),
            ({"complexity": 4}, "complexity"),
            ({"decision": ""}, "decision"),
            ({"right": False, "note": " "}, "note"),
            ({"handled_at": AT + HOUR}, "handled_at"),
            ({"handled_at": AT - HOUR}, "handled_at"),
        ],
    )
    def test_what_does_not_fit_is_refused_by_field(self, enrolment, mentor, changes, field):
        with pytest.raises(ValidationError) as error:
            record(enrolment, mentor, **changes)
        assert list(error.value.message_dict) == [field]

    def test_nobody_vouches_for_themselves_for_strangers_or_for_each_other(self, enrolment, mentor):
        assert refused_code(lambda: record(enrolment, enrolment.user)) == "own_case"
        stranger = UserFactory(perms=["assessments.review_labs"])
        assert refused_code(lambda: record(enrolment, stranger)) == "not_mentor"

        back = EnrolmentFactory(user=mentor)
        pupil = enrolment.user
        MentorshipFactory(enrolment=back, mentor=pupil)
        pupil.user_permissions.add(mentor.user_permissions.get())
        record(enrolment, mentor)
        again = type(pupil).objects.get(pk=pupil.pk)
        assert refused_code(lambda: record(back, again)) == "not_each_other"

    def test_the_latest_n_count_and_a_withdrawn_one_does_not(self, enrolment, mentor):
        cases = [record(enrolment, mentor, right=n != 0, at=AT + n * HOUR) for n in range(4)]
        other = EnrolmentFactory()

        def standing(latest):
            found = supervised_standings(enrolment_ids=[enrolment.pk, other.pk], latest=latest)
            assert found[other.pk].n == 0
            return found[enrolment.pk].n, found[enrolment.pk].latest, found[enrolment.pk].right

        assert [standing(5), standing(3)] == [(4, 4, 3), (4, 3, 3)]
        with heard(signals.supervision_withdrawn) as facts:
            scenarios.withdraw(case=cases[3], reason="Wrong person.", actor=mentor, at=AT + 5 * HOUR)
        assert ([fact.learner_id for fact in facts], standing(3)) == ([enrolment.user_id], (3, 3, 2))
        again = {"case": cases[3], "actor": mentor, "at": AT}
        assert refused_code(lambda: scenarios.withdraw(reason="Again.", **again)) == "already_withdrawn"
        with pytest.raises(ValidationError):
            scenarios.withdraw(case=cases[2], reason=" ", actor=mentor, at=AT)
        learner = {"case": cases[2], "actor": enrolment.user, "at": AT}
        assert refused_code(lambda: scenarios.withdraw(reason="Mine.", **learner)) == "not_mentor"

    def test_the_database_refuses_ones_own_record(self, enrolment, mentor):
        case = record(enrolment, mentor)
        with pytest.raises(IntegrityError), transaction.atomic():
            CaseDecision.objects.filter(pk=case.pk).update(recorded_by=enrolment.user)


class TestRecord:
    def test_it_counts_by_category_and_complexity_and_names_lessons(self):
        specs = tuple(scenario_spec(n, lesson="read-me" if n < 7 else "") for n in range(14))
        scenario_set = make_set(scenarios=specs)
        LessonFactory(module=ModuleFactory(track=scenario_set.track), key="read-me", title="Read me")
        learner = make_learner(scenario_set)
        drill = finish(scenario_set, learner, wrong_places=(2, 5))
        missed = drill.cases.filter(right=False).select_related("scenario")

        found = record_of(learner.enrolments.get())

        assert (found.decided, found.right) == (7, 5)
        assert sum(tally.n for tally in found.by_category) == sum(t.n for t in found.by_complexity) == 7
        wrong_by_category = {tally.label for tally in found.by_category if tally.right < tally.n}
        assert wrong_by_category == {case.get_category_display() for case in missed}
        assert sum(sum(counts) for _label, counts in found.confusion) == 7
        assert sum(counts[n] for n, (_label, counts) in enumerate(found.confusion)) == 5
        with_lesson = sum(case.scenario.lesson == "read-me" for case in missed)
        assert [(each.title, each.cases) for each in found.lessons] == (
            [("Read me", with_lesson)] if with_lesson else []
        )

    def test_an_unfinished_capstone_tells_nothing(self, scenario_set, learner):
        finish(scenario_set, learner)
        capstone = start(scenario_set, learner, Drill.Kind.CAPSTONE)
        case = capstone.cases.select_related("scenario").get(position=1)
        scenarios.decide(
            drill=capstone,
            position=1,
            decision=case.scenario.right_decision,
            justification="The rule names who decides here.",
            actor=learner,
            at=AT,
        )
        found = record_of(learner.enrolments.get())
        assert (found.decided, [row.right for row in found.drills]) == (7, [None, 7])

    @pytest.mark.parametrize("drills", [1, 3])
    def test_it_costs_four_queries(self, drills, django_assert_num_queries):
        scenario_set = make_set(scenarios=tuple(scenario_spec(n, lesson="read-me") for n in range(14)))
        learner = make_learner(scenario_set)
        for _ in range(drills):
            finish(scenario_set, learner, wrong_places=(1,))
        enrolment = learner.enrolments.get()
        with django_assert_num_queries(4):
            record_of(enrolment)


@pytest.mark.parametrize("comment", ["", "   "])
def test_an_empty_form_is_no_grade(capstone, mentor, comment):
    case = capstone.cases.first()
    with pytest.raises(ValidationError):
        grade(case, mentor, named=[], comment=comment)
    assert grade(case, mentor, named=[], comment="It names nothing.").graded_at is not None
