"""The tool's own requirement, and what a version declared material does to grants."""

import json
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from django.utils import timezone

from assessments.selectors.fitness import Fitness
from assessments.services import shadow
from assessments.services.agreement import PassRule
from assessments.services.shadow.judges import judges_of
from enablement.access.models import Grant
from enablement.access.requirements.fitness import FitnessParams, ToolFitness, turns
from enablement.access.services import grants
from enablement.ledger.models import LedgerEntry
from enablement.playbook import gating
from enablement.playbook.schema import Track as TrackEntry
from tests.access.factories import GateFactory, MicrotoolFactory, PolicyFactory
from tests.assessments.shadow.factories import (
    AT,
    answer,
    case_specs,
    judge,
    make_learner,
    make_owner,
    make_pool,
    pool_spec,
    settle_by_author,
)

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def leaf(pool, **params):
    enrolment = pool.track.enrolments.first() or make_learner(pool).enrolments.get()
    requirement = ToolFitness()
    checked = requirement.params(**({"lower_bound": "0.3", "cases": 4} | params))
    return requirement.evaluate(track=pool.track, enrolments=[enrolment], params=checked, at=AT)[enrolment.pk]


def test_it_wants_enough_judged_outputs_and_a_lower_bound():
    pool = make_pool(cases=case_specs(6, usable=True))
    assert (leaf(pool).met, leaf(pool).state, leaf(pool).actual) == (False, "not-started", "0 of 0 usable")
    first, second = judges_of(pool)
    for case in pool.cases.order_by("key")[:3]:
        judge(case, first)
    assert (leaf(pool).met, leaf(pool).done, leaf(pool).total) == (False, 3, 4)
    for case in pool.cases.order_by("key")[3:6]:
        judge(case, second)

    found = leaf(pool)
    # 6 of 6: the lower bound is 0.6097.
    assert (found.met, found.label, found.actual) == (True, "Triage summariser: fitness", "6 of 6 usable")
    assert found.proof == (f"assessments.shadowpool:{pool.pk}",)
    assert leaf(pool, lower_bound="0.61").met is False


def test_without_a_single_pool_it_cannot_be_established():
    pool = make_pool(count=1)
    type(pool).objects.update(retired_at=AT)

    assert leaf(pool).met is None


@pytest.mark.parametrize("bound", ["0", "1.01", "x"])
def test_a_bound_is_a_share(bound):
    with pytest.raises(ValueError, match="lower_bound"):
        FitnessParams(lower_bound=bound)


def test_only_a_figure_that_crosses_the_mark_turns_a_gate():
    pool = make_pool(count=1)
    before, after = Fitness(settled=3, usable=3), Fitness(settled=4, usable=4)
    key = pool.track.key
    assert not turns(track_key=key, before=before, after=after)
    tree = {"any_of": [{"type": "tool_fitness", "lower_bound": "0.3", "cases": 4}]}
    GateFactory(track=pool.track, tree=tree)

    assert turns(track_key=key, before=before, after=after)
    assert not turns(track_key=key, before=after, after=Fitness(settled=5, usable=5))


class TestGrants:
    """From a judgement and from a word, to the very next decision."""

    def opened(self, tree, *, count=38, **specs):
        pool = make_pool(cases=case_specs(count, **specs), sample_size=12, rule=PassRule(yellow=4))
        GateFactory(track=pool.track, tree=tree)
        PolicyFactory()
        tool = MicrotoolFactory(track=pool.track)
        return pool, tool, make_learner(pool)

    def test_the_judgement_that_reaches_the_mark_opens_and_the_one_that_loses_it_closes(self):
        gate = {"type": "tool_fitness", "lower_bound": "0.3", "cases": 2}
        pool, tool, learner = self.opened(gate, count=6, usable=True)
        judge_of, _other = judges_of(pool)
        states = []
        for number, case in enumerate(pool.cases.order_by("key")):
            judge(case, judge_of, usable=number < 2)
            states.append(Grant.objects.filter(user=learner, microtool=tool, state="granted").exists())

        # 2/2: 0.342, 2/3: 0.208.
        assert states == [False, True, False, False, False, False]
        assert LedgerEntry.objects.filter(kind="assessments.fitness_changed").count() == 2

    def test_a_material_version_closes_in_the_same_transaction(self):
        marks = {"yellow_cases": 4}
        gate = {"type": "shadow_mode", "sample_size": 12, "qa_owner": "qa@demo.example", **marks}
        pool, tool, learner = self.opened(gate)
        settle_by_author(pool)
        now = timezone.now()
        for _ in range(12):
            answer(pool, learner, at=now)
        assert Grant.objects.live(at=now).filter(user=learner, microtool=tool).exists()

        spec = pool_spec(sample_size=12, rule=PassRule(yellow=4), tool_version="2.0")
        shadow.put_pool(track=pool.track, spec=spec, cases=case_specs(38), at=now, minimum=0)
        grants.reevaluate(user_ids=[learner.pk], cause="playbook.applied", actor_id=None, at=now)
        grant = Grant.objects.live(at=now).get(user=learner)
        assert grant.not_after == now + 14 * DAY
        assert not Grant.objects.live(at=now + 14 * DAY).exists()
        for _ in range(15):
            answer(pool, learner, at=now)
        grant.refresh_from_db()
        assert grant.not_after == now + 90 * DAY

        owner = make_owner(pool)
        shadow.declare_material(pool=pool, reason="It invents dates.", actor=owner, at=now)
        assert not Grant.objects.live(at=now).filter(user=learner).exists()
        grant.refresh_from_db()
        assert grant.leaves[0]["actual"].startswith("suspended")
        entry = LedgerEntry.objects.get(kind="assessments.version_declared_material")
        assert json.loads(entry.payload)["reason"] == "It invents dates."


def entry(*conditions) -> TrackEntry:
    modules = [{"name": "First steps", "duration_min": 10}]
    return TrackEntry.model_validate({"id": "t", "modules": modules, "gating_conditions": list(conditions)})


def test_a_playbook_sets_each_mark_and_the_strictest_counts():
    plain = {"type": "shadow_mode", "sample_size": 50, "qa_owner": "qa@demo.example"}
    assert gating.pass_rule(entry(plain)) == PassRule()
    found = gating.pass_rule(
        entry(
            plain | {"lower_bound": "0.8", "critical_misses": 2, "yellow_cases": 5},
            plain | {"kappa": "0.7", "critical_misses": 1, "yellow_cases": 12},
        )
    )

    assert (found.lower, found.critical, found.yellow) == (Decimal("0.8"), 1, 12)
    assert found.kappa == Fraction(7, 10)
