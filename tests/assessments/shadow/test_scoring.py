"""Scores when both have answered, and looks at their boundaries only."""

from decimal import Decimal

import pytest

from assessments import rules, signals
from assessments.models import ShadowLook, ShadowSample
from assessments.selectors import shadow_standings
from assessments.services import shadow
from assessments.services.shadow import scoring
from tests.assessments.recording import heard
from tests.assessments.shadow.factories import (
    AT,
    MINUTE,
    answer,
    case_specs,
    judge,
    make_judge,
    make_learner,
    make_pool,
    settle_all,
)

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("decision", "usable", "right", "critical"),
    [
        ("automate", True, "avoid", True),
        ("automate", False, "avoid", True),
        ("review", True, "avoid", True),
        ("review", False, "avoid", False),
        ("avoid", True, "escalate", False),
        ("escalate", True, "avoid", False),
        ("automate", True, "escalate", True),
        ("review", True, "escalate", True),
        ("automate", True, "review", False),
        ("review", True, "automate", False),
    ],
)
def test_a_critical_miss_lets_the_output_through_where_it_must_not(decision, usable, right, critical):
    assert rules.is_critical(decision=decision, usable=usable, right=right) is critical


def test_samples_before_and_after_the_judgement_are_scored_alike():
    pool = make_pool(count=1)
    before, after, qa = make_learner(pool), make_learner(pool), make_judge(pool)
    early = answer(pool, before, answers=lambda _case: ("review", True))
    assert early.scored_at is None
    judge(pool.cases.get(), qa, decision="avoid", usable=False, at=AT + MINUTE)
    late = answer(pool, after, answers=lambda _case: ("avoid", False), at=AT + 2 * MINUTE)

    early.refresh_from_db()
    assert (early.agreed, early.critical, early.scored_at, early.scored_number) == (
        False,
        True,
        AT + MINUTE,
        1,
    )
    assert (late.agreed, late.critical, late.scored_at, late.scored_number) == (
        True,
        False,
        AT + 2 * MINUTE,
        1,
    )


@pytest.mark.parametrize(("usable", "agreed"), [(False, True), (True, False)])
def test_both_answers_have_to_agree(usable, agreed):
    pool = make_pool(count=1)
    judge(pool.cases.get(), make_judge(pool), decision="avoid", usable=False)

    assert answer(pool, make_learner(pool), answers=lambda _case: ("avoid", usable)).agreed is agreed


def test_one_judgement_scores_everybody_in_a_constant_number_of_queries(django_assert_num_queries):
    def queries(learners):
        pool = make_pool(count=1)
        for _ in range(learners):
            answer(pool, make_learner(pool))
        case = scoring.lock_case(pool.cases.get().pk)
        judgement = shadow.judge_decide(case=case, decision="avoid", actor=make_judge(pool), at=AT)
        judgement.usable, judgement.judged_at = False, AT
        judgement.save()
        scoring.settle(case=case, at=AT)
        with django_assert_num_queries(9):  # five, and four of whoever listens
            assert scoring.score(case=case, at=AT) == learners

    queries(2)
    queries(7)


def looks(learner) -> list[tuple[int, int]]:
    return list(ShadowLook.objects.filter(learner=learner).order_by("number").values_list("number", "scored"))


def test_a_look_comes_at_the_sample_size_and_after_each_25_more(settings):
    pool = make_pool(count=60, sample_size=10)
    settle_all(pool, make_judge(pool))
    learner = make_learner(pool)
    seen = []
    for _ in range(60):
        answer(pool, learner)
        seen.append(len(looks(learner)))

    assert seen == [0] * 9 + [1] * 25 + [2] * 25 + [3]
    assert looks(learner) == [(1, 10), (2, 35), (3, 60)]


def test_a_look_covers_the_latest_samples_only():
    pool = make_pool(count=35, sample_size=10)
    settle_all(pool, make_judge(pool))
    learner = make_learner(pool)
    for number in range(35):
        answer(pool, learner, answers=(lambda _case: ("automate", False)) if number < 25 else None)

    first, second = ShadowLook.objects.order_by("number")
    assert (first.n, first.scored, first.passed) == (10, 10, False)
    assert (second.n, second.scored, second.agreed, second.critical) == (10, 35, 10, 0)


def test_a_look_is_stored_with_its_figures_and_announced():
    pool = make_pool(cases=case_specs(50), sample_size=50)
    settle_all(pool, make_judge(pool))
    learner = make_learner(pool)
    missed = 0

    def six_slips(case):
        nonlocal missed
        if case.right_decision == "automate" and missed < 6:
            missed += 1
            return "review", case.right_usable
        return case.right_decision, case.right_usable

    with heard(signals.look_taken) as facts:
        for _ in range(50):
            answer(pool, learner, answers=six_slips)

    look = ShadowLook.objects.get()
    assert (look.n, look.agreed, look.critical, look.sample_size) == (50, 44, 0, 50)
    assert (look.lower, look.upper) == (Decimal("0.761951"), Decimal("0.943824"))
    assert look.yellow == pool.cases.filter(yellow_zone=True).count()
    assert look.kappa > Decimal("0.6")
    assert look.passed
    (fact,) = facts
    assert (fact.kind, fact.learner_id, fact.actor_id) == ("assessments.look_taken", learner.pk, None)
    assert (fact.subject, fact.payload["passed"]) == (("assessments.ShadowLook", str(look.pk)), True)


def test_seven_slips_in_fifty_fail():
    pool = make_pool(cases=case_specs(50), sample_size=50)
    settle_all(pool, make_judge(pool))
    learner = make_learner(pool)
    for number in range(50):
        slip = (lambda case: (case.right_decision, not case.right_usable)) if number < 7 else None
        answer(pool, learner, answers=slip)

    look = ShadowLook.objects.get()
    assert (look.agreed, look.lower, look.passed) == (43, Decimal("0.738138"), False)


def test_the_same_answer_throughout_is_not_enough_variety():
    specs = case_specs(12, decision="automate", usable=True, yellow_zone=True)
    pool = make_pool(cases=specs, sample_size=12)
    settle_all(pool, make_judge(pool))
    learner = make_learner(pool)
    for _ in range(12):
        answer(pool, learner)

    look = ShadowLook.objects.get()
    assert (look.agreed, look.kappa, look.passed) == (12, None, False)


def test_no_look_is_due_twice():
    pool = make_pool(count=4, sample_size=2)
    settle_all(pool, make_judge(pool))
    learner = make_learner(pool)
    answer(pool, learner)
    assert shadow.take_look(pool=pool, learner=learner, at=AT) is None
    answer(pool, learner)

    assert shadow.take_look(pool=pool, learner=learner, at=AT) is None
    assert ShadowLook.objects.count() == 1


def test_a_look_that_fell_due_by_a_smaller_sample_size_can_be_taken():
    pool = make_pool(count=4, sample_size=4)
    settle_all(pool, make_judge(pool))
    learner = make_learner(pool)
    for _ in range(3):
        answer(pool, learner)
    pool.sample_size = 3
    pool.save()

    look = shadow.take_look(pool=pool, learner=learner, at=AT)
    assert (look.n, look.scored) == (3, 3)


def test_standings_count_and_give_figures_only_at_looks():
    pool = make_pool(count=12, sample_size=2)
    qa = make_judge(pool)
    learner, newcomer = make_learner(pool), make_learner(pool)
    for case in pool.cases.order_by("key")[:3]:
        judge(case, qa)
    for _ in range(4):
        answer(pool, learner)
    shadow.draw(pool=pool, actor=learner, at=AT)

    standings = shadow_standings(user_ids=[learner.pk, newcomer.pk], pool=pool, at=AT, sample_size=2)

    look = ShadowLook.objects.get()
    scored = ShadowSample.objects.scored().count()
    standing = standings[learner.pk]
    assert (standing.n, standing.drawn, standing.waiting_for_judgement) == (scored, 5, 4 - scored)
    assert (standing.agreed, standing.lower, standing.look_id) == (2, look.lower, look.pk)
    assert standing.next_look_at_n == look.scored + 25
    fresh = standings[newcomer.pk]
    assert (fresh.n, fresh.drawn, fresh.agreed, fresh.passed, fresh.next_look_at_n) == (0, 0, None, False, 2)


def test_a_look_at_fewer_cases_than_asked_is_not_passed():
    pool = make_pool(count=30, sample_size=20)
    settle_all(pool, make_judge(pool))
    learner = make_learner(pool)
    for _ in range(20):
        answer(pool, learner)

    def passed(size):
        return shadow_standings(user_ids=[learner.pk], pool=pool, at=AT, sample_size=size)[learner.pk].passed

    assert (passed(20), passed(21), passed(50)) == (True, False, False)


@pytest.mark.parametrize("people", [1, 5])
def test_standings_take_two_queries(people, django_assert_num_queries):
    pool = make_pool(count=4, sample_size=2)
    settle_all(pool, make_judge(pool))
    learners = [make_learner(pool) for _ in range(people)]
    for learner in learners:
        answer(pool, learner)
        answer(pool, learner)

    with django_assert_num_queries(2):
        standings = shadow_standings(
            user_ids=[learner.pk for learner in learners], pool=pool, at=AT, sample_size=2
        )
    assert len(standings) == people


def test_a_sample_of_a_dropped_case_waits_for_nobody():
    pool = make_pool(count=1, double=True)
    learner = make_learner(pool)
    sample = answer(pool, learner)
    assert shadow_standings(user_ids=[learner.pk], pool=pool, at=AT)[learner.pk].waiting_for_judgement == 1
    for decision in ("avoid", "review", "escalate"):
        judge(sample.case, make_judge(pool), decision=decision, usable=False)

    standing = shadow_standings(user_ids=[learner.pk], pool=pool, at=AT)[learner.pk]
    assert (standing.drawn, standing.n, standing.waiting_for_judgement) == (1, 0, 0)
