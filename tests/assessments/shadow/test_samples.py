"""The learner's part: one open sample, blind first, each case once."""

import dataclasses

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from assessments import signals
from assessments.models import ShadowCase, ShadowPool, ShadowSample
from assessments.services import shadow
from tests.assessments.racing import at_once
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
    pool_spec,
)
from tests.people.factories import UserFactory
from tests.tracks.factories import EnrolmentFactory
from tracks.errors import Refused
from tracks.models import Enrolment

pytestmark = pytest.mark.django_db


def refused_code(step) -> str:
    with pytest.raises(Refused) as refused:
        step()
    return refused.value.code


@pytest.fixture
def pool():
    return make_pool(count=4)


@pytest.fixture
def learner(pool):
    return make_learner(pool)


@pytest.fixture
def sample(pool, learner):
    return shadow.draw(pool=pool, actor=learner, at=AT)


def test_a_second_draw_is_the_open_sample(pool, learner, sample):
    assert shadow.draw(pool=pool, actor=learner, at=AT + MINUTE) == sample
    shadow.decide(sample=sample, decision="avoid", actor=learner, at=AT)
    assert shadow.draw(pool=pool, actor=learner, at=AT + MINUTE) == sample
    shadow.judge_output(sample=sample, usable=False, actor=learner, at=AT)

    following = shadow.draw(pool=pool, actor=learner, at=AT + MINUTE)
    assert (following.number, following.case != sample.case) == (2, True)


def test_every_case_comes_once_then_the_pool_is_used_up(pool, learner):
    cases = {answer(pool, learner).case_id for _ in range(4)}

    assert cases == set(ShadowCase.objects.values_list("pk", flat=True))
    assert refused_code(lambda: answer(pool, learner)) == "pool_exhausted"


def test_a_new_version_of_a_case_is_no_new_case_for_who_had_the_old_one():
    (spec,) = case_specs(1)
    pool = make_pool(cases=[spec])
    had_it, new_here = make_learner(pool), make_learner(pool)
    answer(pool, had_it)
    changed = dataclasses.replace(spec, body="Other words")
    shadow.put_pool(track=pool.track, spec=pool_spec(sample_size=4), cases=[changed], at=AT, minimum=0)

    assert refused_code(lambda: answer(pool, had_it)) == "pool_exhausted"
    assert answer(pool, new_here).case.body == "Other words"


def test_what_one_judged_is_never_drawn(pool):
    both = EnrolmentFactory(
        cohort__track=pool.track, user=UserFactory(perms=["assessments.judge_cases"])
    ).user
    shadow.appoint_judge(pool=pool, user=both, actor=None, at=AT)
    judged = pool.cases.first()
    judge(judged, both)

    assert judged.pk not in {answer(pool, both).case_id for _ in range(3)}
    assert refused_code(lambda: answer(pool, both)) == "pool_exhausted"


def test_dropped_and_retired_cases_are_not_drawn(pool, learner):
    first, second = pool.cases.all()[:2]
    ShadowCase.objects.filter(pk=first.pk).update(retired_at=AT)
    ShadowCase.objects.filter(pk=second.pk).update(dropped_at=AT)

    assert not {first.pk, second.pk} & {answer(pool, learner).case_id for _ in range(2)}
    assert refused_code(lambda: answer(pool, learner)) == "pool_exhausted"


def test_only_who_learns_the_track_draws(pool):
    outsider = UserFactory()
    withdrawn = EnrolmentFactory(cohort__track=pool.track, state="withdrawn", withdrawn_at=AT).user
    on_leave = EnrolmentFactory(cohort__track=pool.track, state="paused", paused_on=AT.date()).user

    assert refused_code(lambda: shadow.draw(pool=pool, actor=outsider, at=AT)) == "not_enrolled"
    assert refused_code(lambda: shadow.draw(pool=pool, actor=withdrawn, at=AT)) == "not_enrolled"
    assert refused_code(lambda: shadow.draw(pool=pool, actor=on_leave, at=AT)) == "enrolment_paused"


def test_a_retired_pool_gives_no_more_cases(pool, learner):
    ShadowPool.objects.update(retired_at=AT)
    pool.refresh_from_db()

    assert refused_code(lambda: shadow.draw(pool=pool, actor=learner, at=AT)) == "pool_retired"


def test_both_answers_count_once_in_their_order(learner, sample):
    assert (
        refused_code(lambda: shadow.judge_output(sample=sample, usable=True, actor=learner, at=AT))
        == "not_decided"
    )
    with pytest.raises(ValidationError, match="one of the four"):
        shadow.decide(sample=sample, decision="approve", actor=learner, at=AT)

    shadow.decide(sample=sample, decision="review", actor=learner, at=AT)
    again = shadow.decide(sample=sample, decision="review", actor=learner, at=AT + MINUTE)
    assert (again.decision, again.decided_at) == ("review", AT)
    assert (
        refused_code(lambda: shadow.decide(sample=sample, decision="avoid", actor=learner, at=AT))
        == "already_decided"
    )

    with heard(signals.sample_judged) as facts:
        shadow.judge_output(sample=sample, usable=True, actor=learner, at=AT)
        again = shadow.judge_output(sample=sample, usable=True, actor=learner, at=AT + MINUTE)
    assert (again.usable, again.judged_at, again.scored_at) == (True, AT, None)
    assert (
        refused_code(lambda: shadow.judge_output(sample=sample, usable=False, actor=learner, at=AT))
        == "already_judged"
    )
    assert [(fact.kind, fact.learner_id, fact.payload["number"]) for fact in facts] == [
        ("assessments.sample_judged", learner.pk, 1)
    ]


def test_somebody_elses_sample_is_left_alone(pool, sample):
    other = make_learner(pool)

    assert (
        refused_code(lambda: shadow.decide(sample=sample, decision="avoid", actor=other, at=AT))
        == "not_yours"
    )
    assert (
        refused_code(lambda: shadow.judge_output(sample=sample, usable=True, actor=other, at=AT))
        == "not_yours"
    )


def test_on_leave_nothing_is_decided(learner, sample):
    Enrolment.objects.update(state="paused", paused_on=AT.date())

    assert (
        refused_code(lambda: shadow.decide(sample=sample, decision="avoid", actor=learner, at=AT))
        == "enrolment_paused"
    )


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ({"decision": "avoid"}, "shadow_sample_in_two_steps"),
        ({"usable": True, "judged_at": AT}, "shadow_sample_in_two_steps"),
        ({"scored_at": AT}, "shadow_sample_scored_when_judged"),
    ],
)
def test_the_database_refuses_a_broken_sample(sample, change, constraint):
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        ShadowSample.objects.filter(pk=sample.pk).update(**change)


def test_the_database_refuses_a_second_open_sample_and_a_case_twice(pool, learner, sample):
    def copy(**changes):
        fields = {
            "pool": pool,
            "case": pool.cases.exclude(pk=sample.case_id).first(),
            "learner": learner,
            "enrolment": sample.enrolment,
            "number": 2,
            "drawn_at": AT,
        }
        ShadowSample.objects.create(**(fields | changes))

    with pytest.raises(IntegrityError), transaction.atomic():
        copy()
    answered = {"decision": "avoid", "decided_at": AT, "usable": False, "judged_at": AT}
    with pytest.raises(IntegrityError), transaction.atomic():
        copy(case=sample.case, **answered)
    with pytest.raises(IntegrityError), transaction.atomic():
        copy(number=1, **answered)
    copy(**answered)


@pytest.mark.django_db(transaction=True)
def test_two_draws_at_once_give_one_open_sample():
    pool = make_pool(count=4)
    learner = make_learner(pool)

    def step():
        shadow.draw(pool=pool, actor=learner, at=AT)

    assert at_once(step, step, step) == ["done"] * 3
    assert ShadowSample.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_answers_at_once_leave_one():
    pool = make_pool(count=4)
    learner = make_learner(pool)
    sample = shadow.draw(pool=pool, actor=learner, at=AT)
    steps = [
        lambda decision=decision: shadow.decide(sample=sample, decision=decision, actor=learner, at=AT)
        for decision in ("avoid", "escalate")
    ]

    assert sorted(at_once(*steps)) == ["already_decided", "done"]


@pytest.mark.django_db(transaction=True)
def test_a_judgement_and_an_answer_at_once_score_the_sample_once():
    pool = make_pool(count=1, sample_size=1)
    learner, qa = make_learner(pool), make_judge(pool)
    sample = shadow.draw(pool=pool, actor=learner, at=AT)
    shadow.decide(sample=sample, decision="avoid", actor=learner, at=AT)
    case = sample.case
    judgement = shadow.judge_decide(case=case, decision="avoid", actor=qa, at=AT)

    outcomes = at_once(
        lambda: shadow.judge_output(sample=sample, usable=False, actor=learner, at=AT),
        lambda: shadow.judge_case_output(judgement=judgement, usable=False, actor=qa, at=AT),
    )

    assert outcomes == ["done", "done"]
    sample.refresh_from_db()
    assert (sample.agreed, sample.scored_number) == (True, 1)
    assert pool.looks.count() == 1


def test_who_is_enrolled_again_goes_on_with_the_open_case(pool, learner, sample):
    Enrolment.objects.update(state="withdrawn", withdrawn_at=AT)
    again = EnrolmentFactory(user=learner, cohort=sample.enrolment.cohort)

    drawn = shadow.draw(pool=pool, actor=learner, at=AT + MINUTE)
    assert drawn == sample
    decided = shadow.decide(sample=drawn, decision="avoid", actor=learner, at=AT + MINUTE)
    assert (decided.decision, decided.enrolment) == ("avoid", again)
