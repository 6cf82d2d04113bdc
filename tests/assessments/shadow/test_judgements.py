"""Quality assurance's part: blind in two steps, and what settles or drops a case."""

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from assessments import signals
from assessments.models import CaseJudgement, ShadowCase, ShadowPool
from assessments.selectors.judgements import judgement_queue
from assessments.services import shadow
from assessments.services.shadow.scoring import Outcome, outcome_of
from tests.assessments.racing import at_once
from tests.assessments.recording import heard
from tests.assessments.shadow.factories import (
    AT,
    MINUTE,
    answer,
    judge,
    make_judge,
    make_learner,
    make_pool,
)
from tests.people.factories import UserFactory
from tests.tracks.factories import EnrolmentFactory
from tracks.errors import Refused

pytestmark = pytest.mark.django_db
A, B, C = ("automate", True), ("avoid", False), ("review", True)
answers = st.tuples(st.sampled_from(["automate", "review", "avoid", "escalate"]), st.booleans())


def refused_code(step) -> str:
    with pytest.raises(Refused) as refused:
        step()
    return refused.value.code


@pytest.mark.parametrize(
    ("given_answers", "outcome"),
    [([], Outcome()), ([A], Outcome(settled=A)), ([A, B], Outcome(settled=A))],
)
def test_one_judgement_settles_an_ordinary_case(given_answers, outcome):
    assert outcome_of(given_answers, double=False) == outcome


@pytest.mark.parametrize(
    ("given_answers", "outcome"),
    [
        ([], Outcome()),
        ([A], Outcome()),
        ([A, A], Outcome(settled=A)),
        ([A, B], Outcome()),
        ([A, B, A], Outcome(settled=A)),
        ([A, B, B], Outcome(settled=B)),
        ([A, B, C], Outcome(dropped=True)),
        ([A, B, C, A], Outcome(dropped=True)),
    ],
)
def test_two_have_to_agree_on_a_double_case_or_a_third_decides(given_answers, outcome):
    assert outcome_of(given_answers, double=True) == outcome


@given(st.lists(answers, max_size=3))
def test_a_double_case_is_settled_only_by_two_who_said_the_same(given_answers):
    outcome = outcome_of(given_answers, double=True)

    most = max((given_answers.count(pair) for pair in given_answers), default=0)
    assert (outcome.settled is not None) == (most >= 2)
    assert outcome.settled is None or given_answers.count(outcome.settled) >= 2
    assert outcome.dropped == (len(given_answers) == 3 and most == 1)


@pytest.fixture
def pool():
    return make_pool(count=2)


@pytest.fixture
def case(pool):
    return pool.cases.first()


@pytest.fixture
def qa(pool):
    return make_judge(pool)


def test_a_case_is_decided_then_its_output_judged_and_announced_once(case, qa):
    first = shadow.judge_decide(case=case, decision="avoid", actor=qa, at=AT)
    again = shadow.judge_decide(case=case, decision="avoid", actor=qa, at=AT + MINUTE)
    assert first == again
    assert again.decided_at == AT
    assert (
        refused_code(lambda: shadow.judge_decide(case=case, decision="review", actor=qa, at=AT))
        == "already_decided"
    )
    with heard(signals.case_judged) as facts:
        shadow.judge_case_output(judgement=first, usable=False, actor=qa, at=AT + MINUTE)
        shadow.judge_case_output(judgement=first, usable=False, actor=qa, at=AT + 2 * MINUTE)
    assert (
        refused_code(lambda: shadow.judge_case_output(judgement=first, usable=True, actor=qa, at=AT))
        == "already_judged"
    )

    case.refresh_from_db()
    assert (case.settled_decision, case.settled_usable, case.settled_at) == ("avoid", False, AT + MINUTE)
    (fact,) = facts
    assert (fact.kind, fact.actor_id, fact.learner_id) == ("assessments.case_judged", qa.pk, None)
    assert dict(fact.payload) == {
        "pool": "triage",
        "case": case.key,
        "decision": "avoid",
        "usable": False,
        "settled": True,
        "dropped": False,
    }


def test_an_answer_has_to_be_one_of_the_four(case, qa):
    with pytest.raises(ValidationError, match="one of the four"):
        shadow.judge_decide(case=case, decision="", actor=qa, at=AT)


def test_only_appointed_judges_with_the_right_judge(pool, case, qa):
    not_appointed = make_judge()
    of_another_pool = make_judge(make_pool())
    without_right = make_judge(pool)
    without_right.user_permissions.clear()
    without_right = type(without_right).objects.get(pk=without_right.pk)

    for person in (UserFactory(), not_appointed, of_another_pool, without_right):
        assert refused_code(lambda p=person: judge(case, p)) == "not_judge"
    assert judge(case, qa).judged_at == AT


def test_nobody_judges_a_case_that_they_met_as_a_learner(pool):
    both = EnrolmentFactory(
        cohort__track=pool.track, user=UserFactory(perms=["assessments.judge_cases"])
    ).user
    shadow.appoint_judge(pool=pool, user=both, actor=None, at=AT)
    met = answer(pool, both).case

    assert refused_code(lambda: judge(met, both)) == "own_sample"
    assert judge(pool.cases.exclude(pk=met.pk).get(), both).judged_at == AT


def test_somebody_elses_judgement_is_left_alone(pool, case, qa):
    judgement = shadow.judge_decide(case=case, decision="avoid", actor=qa, at=AT)

    assert (
        refused_code(
            lambda: shadow.judge_case_output(judgement=judgement, usable=True, actor=make_judge(pool), at=AT)
        )
        == "not_yours"
    )


def test_a_settled_case_takes_no_new_judgement_but_lets_an_open_one_finish(pool, case, qa):
    slow = make_judge(pool)
    judgement = shadow.judge_decide(case=case, decision="escalate", actor=slow, at=AT)
    judge(case, qa, decision="avoid", usable=False)

    assert refused_code(lambda: judge(case, make_judge(pool))) == "settled"
    shadow.judge_case_output(judgement=judgement, usable=True, actor=slow, at=AT)
    case.refresh_from_db()
    assert (case.settled_decision, case.settled_usable) == ("avoid", False)


def test_a_double_case_waits_for_agreement_and_a_third_breaks_the_tie():
    pool = make_pool(count=2, double=True)
    tie, clear = pool.cases.order_by("key")
    first, second, third = (make_judge(pool) for _ in range(3))
    judge(clear, first, decision="avoid", usable=False)
    clear.refresh_from_db()
    assert clear.settled_at is None
    judge(clear, second, decision="avoid", usable=False)
    clear.refresh_from_db()
    assert clear.settled_decision == "avoid"

    judge(tie, first, decision="avoid", usable=False)
    judge(tie, second, decision="avoid", usable=True)
    tie.refresh_from_db()
    assert tie.settled_at is None
    judge(tie, third, decision="avoid", usable=True)
    tie.refresh_from_db()
    assert (tie.settled_decision, tie.settled_usable) == ("avoid", True)


def test_three_different_answers_drop_the_case_and_its_samples_stay_unscored():
    pool = make_pool(count=1, double=True)
    sample = answer(pool, make_learner(pool))
    for decision in ("avoid", "review", "escalate"):
        judge(sample.case, make_judge(pool), decision=decision, usable=False)

    case = ShadowCase.objects.get()
    assert (case.settled_at, case.dropped_at) == (None, AT)
    sample.refresh_from_db()
    assert sample.scored_at is None
    assert refused_code(lambda: judge(case, make_judge(pool))) == "settled"


@pytest.mark.django_db(transaction=True)
def test_two_judges_at_once_settle_a_case_once():
    pool = make_pool(count=1)
    case = pool.cases.get()
    judges = [make_judge(pool), make_judge(pool)]
    judgements = [
        shadow.judge_decide(case=case, decision=d, actor=q, at=AT)
        for d, q in zip(("avoid", "review"), judges, strict=True)
    ]

    outcomes = at_once(
        *[
            lambda j=j: shadow.judge_case_output(judgement=j, usable=False, actor=j.judge, at=AT)
            for j in judgements
        ]
    )

    assert outcomes == ["done", "done"]
    case.refresh_from_db()
    assert case.settled_decision in {"avoid", "review"}
    assert CaseJudgement.objects.filter(judged_at=AT).count() == 2


def test_cases_of_a_retired_pool_are_judged_only_where_somebody_waits(pool, qa):
    learner = make_learner(pool)
    waiting = answer(pool, learner).case
    assert judgement_queue(judge=qa).count() == pool.cases.count()
    ShadowPool.objects.update(retired_at=AT)
    assert list(judgement_queue(judge=qa)) == [waiting]
