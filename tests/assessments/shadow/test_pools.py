"""Pools as their authors want them, and who is appointed to judge."""

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from assessments import signals
from assessments.models import ShadowCase, ShadowPool
from assessments.pool_specs import check_pool
from assessments.services import shadow
from assessments.services.shadow.doubling import choose_doubles
from tests.assessments.recording import heard
from tests.assessments.shadow.factories import (
    AT,
    MINUTE,
    answer,
    case_spec,
    case_specs,
    judge,
    make_judge,
    make_learner,
    make_pool,
    pool_spec,
)
from tests.people.factories import UserFactory
from tests.tracks.factories import TrackFactory
from tracks.errors import Refused

pytestmark = pytest.mark.django_db
LATER = AT + MINUTE


def put(pool, cases, **changes):
    return shadow.put_pool(
        track=pool.track, spec=pool_spec(sample_size=4, **changes), cases=cases, at=LATER, minimum=0
    )


def keys(cases) -> list[str]:
    return sorted(case.key for case in cases)


def test_a_pool_is_put_once_and_again_without_a_change():
    track = TrackFactory()
    cases = [case_spec(n) for n in range(3)]
    pool, first = shadow.put_pool(track=track, spec=pool_spec(), cases=cases, at=AT, minimum=0)
    same, second = shadow.put_pool(track=track, spec=pool_spec(), cases=cases, at=LATER, minimum=0)

    assert (pool, bool(first), bool(second)) == (same, True, False)
    assert first.added == ("TS-000", "TS-001", "TS-002")
    stored = ShadowCase.objects.get(key="TS-001")
    assert (stored.right_decision, stored.right_usable, stored.confidence) == (
        "review",
        False,
        Decimal("0.91"),
    )
    assert stored.added_at == AT
    assert pool.sample_size == 50


def test_an_unused_case_changes_in_place_and_an_absent_one_retires():
    pool = make_pool(cases=[case_spec(n) for n in range(3)])
    before = ShadowCase.objects.get(key="TS-000")

    _pool, change = put(pool, [case_spec(0, body="Other words"), case_spec(1), case_spec(3)])

    assert (change.added, change.changed, change.retired) == (("TS-003",), ("TS-000",), ("TS-002",))
    after = ShadowCase.objects.live().get(key="TS-000")
    assert (after.pk, after.body, after.sha256 != before.sha256) == (before.pk, "Other words", True)
    assert ShadowCase.objects.get(key="TS-002").retired_at == LATER


@pytest.mark.parametrize("how", ["judged", "drawn"])
def test_a_used_case_keeps_its_text_and_the_changed_one_begins_anew(how):
    (spec,) = case_specs(1)
    pool = make_pool(cases=[spec])
    old = ShadowCase.objects.get()
    if how == "judged":
        judge(old, make_judge(pool))
    else:
        answer(pool, make_learner(pool))

    _pool, change = put(pool, [case_spec(int(spec.key[3:]), body="Other words")])

    assert change.changed == (spec.key,)
    old.refresh_from_db()
    new = ShadowCase.objects.live().get()
    assert (old.body, old.retired_at) == (spec.body, LATER)
    assert (new.body, new.settled_at, new.samples.count()) == ("Other words", None, 0)

    put(pool, [spec])
    assert ShadowCase.objects.live().get() == old


def test_a_case_that_comes_back_is_the_same_one():
    pool = make_pool(cases=[case_spec(0), case_spec(1)])
    first = ShadowCase.objects.get(key="TS-001")
    put(pool, [case_spec(0)])

    _pool, change = put(pool, [case_spec(0), case_spec(1)])
    assert change.added == ("TS-001",)
    assert ShadowCase.objects.live().get(key="TS-001") == first


def test_settings_change_in_place_and_say_which():
    pool = make_pool(cases=[case_spec(0)])

    same, change = put(pool, [case_spec(0)], title="Triage, shadowed")
    assert (same, change.settings, change.added) == (pool, ("title",), ())
    assert ShadowPool.objects.get().title == "Triage, shadowed"


def test_a_pool_has_150_cases():
    cases = [case_spec(n) for n in range(150)]
    check_pool(pool_spec(), cases)

    with pytest.raises(ValidationError, match="it has 149 cases and needs at least 150"):
        check_pool(pool_spec(), cases[1:])
    with pytest.raises(ValidationError, match="it has 149 cases"):
        shadow.put_pool(track=TrackFactory(), spec=pool_spec(), cases=cases[1:], at=AT)
    assert not ShadowPool.objects.exists()


def test_a_pool_that_nobody_could_pass_is_refused():
    cases = [case_spec(n, yellow_zone=n < 10) for n in range(150)]
    check_pool(pool_spec(), cases)

    cases[0] = case_spec(0, yellow_zone=False)
    with pytest.raises(ValidationError, match="at least 10 yellow-zone cases"):
        check_pool(pool_spec(), cases)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"key": "TS 1"}, "its key must be letters"),
        ({"complexity": "huge"}, "its complexity must be low, medium or high"),
        ({"decision": "approve"}, "its decision must be one of automate, review, avoid, escalate"),
        ({"body": " "}, "it has no body"),
        ({"output": ""}, "it has no output"),
        ({"reason": ""}, "it has no reason"),
        ({"subject": "s" * 301}, "its subject has more than 300 characters"),
        ({"confidence": Decimal("1.01")}, "its confidence must be between 0 and 1"),
        ({"confidence": Decimal("0.91234")}, "with at most four decimals"),
        ({"confidence": Decimal("NaN")}, "its confidence must be between 0 and 1"),
    ],
)
def test_a_broken_case_is_named(change, problem):
    with pytest.raises(ValidationError) as refused:
        check_pool(pool_spec(), [case_spec(7, **change)], minimum=0)
    (message,) = refused.value.messages
    assert message.startswith("Pool “triage”: case “TS")
    assert problem in message


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"title": ""}, "it has no title"),
        ({"microtool_key": ""}, "it names no tool"),
        (
            {"decisions": {"automate": "x"}},
            "explain exactly these answers: automate, review, avoid, escalate",
        ),
        ({"sample_size": 0}, "a look must cover between 1 and 1000 cases"),
    ],
)
def test_a_broken_pool_is_named(change, problem):
    with pytest.raises(ValidationError, match=problem):
        check_pool(pool_spec(**change), [case_spec(1)], minimum=0)


def test_a_key_is_there_once():
    with pytest.raises(ValidationError, match="case “TS-001” is there twice"):
        check_pool(pool_spec(), [case_spec(1), case_spec(1, body="x")], minimum=0)


class TestDoubles:
    """Which cases two people judge."""

    def chosen(self, *, seed: str, numbers) -> set[str]:
        pool = ShadowPool(seed=seed)
        rows = [ShadowCase(key=spec.key, sha256=spec.sha256) for spec in map(case_spec, numbers)]
        choose_doubles(pool=pool, kept=[], fresh=rows)
        return {row.key for row in rows if row.double}

    def test_one_in_five_the_same_ones_whatever_their_order(self):
        first = self.chosen(seed="a" * 64, numbers=range(150))

        assert len(first) == 30
        assert self.chosen(seed="a" * 64, numbers=reversed(range(150))) == first

    def test_another_pools_secret_chooses_others_so_nobody_can_guess(self):
        first, other = (self.chosen(seed=seed * 64, numbers=range(150)) for seed in "ab")

        assert len(first & other) < 15

    def test_a_pools_secret_is_its_own_and_kept(self):
        pool, other = make_pool(count=1), make_pool(count=1)
        put(pool, [case_spec(0)])

        assert len(pool.seed) == 64
        assert pool.seed != other.seed
        assert ShadowPool.objects.get(pk=pool.pk).seed == pool.seed

    @settings(max_examples=30)
    @given(st.lists(st.integers(0, 60), max_size=5), st.booleans())
    def test_a_fifth_of_all_rounded_up_is_kept_by_every_step(self, batches, known):
        pool = ShadowPool(seed="c" * 64)
        kept = []
        for size in batches:
            start = len(kept)
            specs = [case_spec(start + n) for n in range(size)]
            rows = [
                ShadowCase(key=spec.key, sha256=spec.sha256, ground_truth=known and number % 7 == 0)
                for number, spec in enumerate(specs)
            ]
            choose_doubles(pool=pool, kept=kept, fresh=rows)
            kept += rows
            ordinary = [row for row in kept if not row.ground_truth]
            assert sum(row.double for row in kept) == -(-len(ordinary) // 5)
            assert not any(row.double and row.ground_truth for row in kept)


def test_confidence_counts_by_value_in_the_hash():
    assert case_spec(1, confidence=Decimal("0.9")).sha256 == case_spec(1, confidence=Decimal("0.90")).sha256


def test_a_judge_is_appointed_once_and_only_from_quality_assurance():
    pool = make_pool()
    qa, outsider = make_judge(), UserFactory()

    with heard(signals.judge_appointed) as facts:
        assert shadow.appoint_judge(pool=pool, user=qa, actor=None, at=AT)
        assert not shadow.appoint_judge(pool=pool, user=qa, actor=None, at=AT)
    assert [fact.kind for fact in facts] == ["assessments.judge_appointed"]
    assert qa.has_perm("assessments.judge_pool", pool)

    with pytest.raises(Refused) as refused:
        shadow.appoint_judge(pool=pool, user=outsider, actor=None, at=AT)
    assert refused.value.code == "not_quality"
    assert not outsider.has_perm("assessments.judge_pool", pool)


def test_a_pool_may_be_put_with_its_judges():
    qa = make_judge()
    pool = make_pool(judges=[qa])

    assert list(ShadowPool.objects.all().judged_by(qa)) == [pool]
    assert not ShadowPool.objects.all().judged_by(make_judge()).exists()


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ({"settled_at": AT}, "shadow_case_settled_has_both_answers"),
        ({"confidence": Decimal("1.5")}, "shadow_case_confidence_is_a_share"),
        (
            {"settled_at": AT, "settled_decision": "avoid", "settled_usable": False, "dropped_at": AT},
            "shadow_case_settled_or_dropped",
        ),
    ],
)
def test_the_database_refuses_a_broken_case(change, constraint):
    make_pool(count=1)

    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        ShadowCase.objects.update(**change)


def test_the_database_refuses_a_second_live_case_of_a_key():
    pool = make_pool(count=1)
    case = ShadowCase.objects.get()
    case.pk, case.sha256 = None, "0" * 64
    case._state.adding = True

    with pytest.raises(IntegrityError), transaction.atomic():
        case.save(force_insert=True)
    assert pool.cases.count() == 1
