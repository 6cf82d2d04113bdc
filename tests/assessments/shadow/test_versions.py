"""A new version of the tool: what begins anew, whose agreement carries over, and when somebody ends that."""

from datetime import timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse

from assessments import signals
from assessments.models import ShadowLook, ShadowSample, ShadowVersion
from assessments.selectors.fitness import fitness
from assessments.selectors.shadow import differences, shadow_standings
from assessments.services import shadow
from assessments.services.agreement import PassRule
from assessments.windows import Lost
from tests.assessments.recording import heard
from tests.assessments.shadow.factories import (
    AT,
    MINUTE,
    answer,
    case_specs,
    judge,
    make_judge,
    make_learner,
    make_owner,
    make_pool,
    pool_spec,
    settle_by_author,
)
from tests.people.factories import UserFactory
from tests.standing import lay_down
from tracks.errors import Refused

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
COUNT, SIZE = 38, 12
EASY = PassRule(yellow=4)


def new_version(pool, *, at, **changes):
    """The same cases, recorded with another version."""
    spec = pool_spec(sample_size=SIZE, rule=EASY, **({"tool_version": "2.0"} | changes))
    found, _change = shadow.put_pool(track=pool.track, spec=spec, cases=case_specs(COUNT), at=at, minimum=0)
    pool.cases.live().update(double=False)
    return found


def standing(pool, learner, at):
    return shadow_standings(user_ids=[learner.pk], pool=pool, at=at)[learner.pk]


@pytest.fixture
def passed():
    """A pool, its judge, and a learner who has passed at AT."""
    return lay_down("shadow, passed", _passed)


def _passed():
    pool = make_pool(count=COUNT, sample_size=SIZE, rule=EASY)
    qa = make_judge(pool)
    settle_by_author(pool)
    learner = make_learner(pool)
    for _ in range(SIZE):
        answer(pool, learner)
    assert standing(pool, learner, AT).passed
    return pool, qa, learner


class TestNewVersion:
    def test_the_tools_figure_begins_anew_and_every_used_case_too(self, passed):
        pool, qa, _learner = passed
        assert fitness(pool).settled == COUNT
        with heard(signals.version_started) as facts:
            pool = new_version(pool, at=AT + DAY)

        assert (pool.version, fitness(pool).settled, fitness(pool).interval) == (2, 0, None)
        assert pool.cases.live().filter(version=2, settled_at=None).count() == COUNT
        assert pool.cases.filter(version=1, retired_at=AT + DAY).count() == SIZE  # those used
        row = ShadowVersion.objects.get(pool=pool, number=2)
        assert (row.since, row.fresh_by, row.carries_until) == (AT + DAY, AT + 15 * DAY, AT + 91 * DAY)
        (fact,) = facts
        assert (fact.kind, fact.payload["version"]) == ("assessments.version_started", 2)
        judge(pool.cases.live().first(), qa)
        assert fitness(pool).settled == 1

    @pytest.mark.parametrize("change", [{"tool_version": "1.4.0"}, {"title": "Another title"}])
    def test_the_same_version_put_again_changes_nothing(self, passed, change):
        pool, _qa, _learner = passed
        before = fitness(pool)
        again = new_version(pool, at=AT + DAY, **({"tool_version": "1.4.0"} | change))

        assert (again.version, fitness(again)) == (1, before)

    def test_a_new_model_is_a_new_version_and_unused_cases_move_along(self):
        pool = make_pool(count=3)
        ids = set(pool.cases.values_list("pk", flat=True))
        spec = pool_spec(sample_size=4, model_version="summariser-2")
        pool, _change = shadow.put_pool(
            track=pool.track, spec=spec, cases=case_specs(3), at=AT + DAY, minimum=0
        )

        assert pool.version == 2
        assert set(pool.cases.live().filter(version=2).values_list("pk", flat=True)) == ids

    def test_agreement_carries_over_two_weeks_and_with_15_fresh_cases_ninety_days(self, passed):
        pool, _qa, learner = passed
        start = AT + DAY
        pool = new_version(pool, at=start)
        first = standing(pool, learner, start)
        assert (first.passed, first.carry.fresh_missing) == (True, 15)
        assert first.carry.lapses_at == start + 14 * DAY
        assert standing(pool, learner, start + 14 * DAY).carry.lost == Lost.NOT_FRESH

        with heard(signals.fresh_cases_done) as facts:
            for number in range(16):
                answer(pool, learner, at=start + number * MINUTE)
        later = standing(pool, learner, start + 20 * DAY)
        assert (later.passed, later.carry.lapses_at) == (True, start + 90 * DAY)
        assert not standing(pool, learner, start + 90 * DAY).passed
        (fact,) = facts
        assert (fact.learner_id, fact.at) == (learner.pk, start + 14 * MINUTE)

    def test_the_learners_page_says_what_keeps_and_what_lost_it(self, client, passed):
        pool, _qa, learner = passed
        pool = new_version(pool, at=AT + DAY)
        for day, words in (
            (2, "Your agreement stays if you judge 15 cases of the new version by"),
            (20, "A new version of the tool wanted 15 fresh cases within 14 days."),
            (100, "counts for 90 days, and these are over."),
        ):
            with time_machine.travel(AT + day * DAY, tick=False):
                client.force_login(learner)
                assert words in client.get(pool.get_absolute_url()).content.decode()

    def test_cases_judged_after_two_weeks_are_too_late(self, passed):
        pool, _qa, learner = passed
        start = AT + DAY
        pool = new_version(pool, at=start)
        with heard(signals.fresh_cases_done) as facts:
            for number in range(15):
                late = start + (14 * DAY if number == 14 else number * MINUTE)
                answer(pool, learner, at=late)

        assert facts == []
        assert standing(pool, learner, start + 14 * DAY).carry.lost == Lost.NOT_FRESH

    def test_the_next_look_counts_for_the_new_version_for_good(self, passed):
        pool, _qa, learner = passed
        pool = new_version(pool, at=AT + DAY)
        settle_by_author(pool)
        for _ in range(25):
            answer(pool, learner, at=AT + 2 * DAY)

        first, second = ShadowLook.objects.order_by("number")
        assert (first.version, second.version, second.since_version, second.scored) == (1, 2, 1, SIZE + 25)
        far = standing(pool, learner, AT + 900 * DAY)
        assert (far.passed, far.carry.lapses_at) == (True, None)


class TestMaterial:
    def declared(self, passed):
        pool, qa, learner = passed
        owner = make_owner(pool)
        pool = new_version(pool, at=AT + DAY)
        shadow.declare_material(pool=pool, reason=" It invents dates. ", actor=owner, at=AT + 2 * DAY)
        return pool, qa, learner, owner

    def test_it_ends_agreement_at_once_and_is_announced_with_its_reason(self, passed):
        with heard(signals.version_declared_material) as facts:
            pool, _qa, learner, owner = self.declared(passed)
            shadow.declare_material(pool=pool, reason="Again", actor=owner, at=AT + 3 * DAY)

        found = standing(pool, learner, AT + 2 * DAY)
        assert (found.passed, found.carry.lost) == (False, Lost.MATERIAL)
        (fact,) = facts
        assert fact.actor_id == owner.pk
        assert fact.payload["reason"] == "It invents dates."
        assert ShadowVersion.objects.get(number=2).material_at == AT + 2 * DAY

    def test_the_next_look_then_uses_cases_of_the_new_version_only(self, passed):
        pool, _qa, learner, _owner = self.declared(passed)
        settle_by_author(pool)
        at = AT + 3 * DAY
        for number in range(24):
            answer(pool, learner, answers=lambda case: (case.right_decision, True), at=at)
            assert standing(pool, learner, at).next_look_at_n == SIZE + 25
            assert ShadowLook.objects.count() == 1, number
        answer(pool, learner, at=at)

        look = ShadowLook.objects.get(number=2)
        assert (look.n, look.since_version, look.version, look.scored) == (SIZE, 2, 2, SIZE + 25)
        shown = {each.sample.case.version for each in differences(look)}
        assert shown == {2}

    def test_who_may_and_what_it_takes(self, passed):
        pool, _qa, learner = passed
        owner = make_owner(pool)
        with pytest.raises(Refused) as refused:
            shadow.declare_material(pool=pool, reason="Why", actor=owner, at=AT)
        assert refused.value.code == "first_version"
        pool = new_version(pool, at=AT + DAY)
        with pytest.raises(ValidationError, match="Say why"):
            shadow.declare_material(pool=pool, reason=" ", actor=owner, at=AT)
        for person in (learner, make_judge(pool)):
            with pytest.raises(Refused) as refused:
                shadow.declare_material(pool=pool, reason="Why", actor=person, at=AT)
            assert refused.value.code == "may_not_declare"

    def test_the_page_asks_for_the_reason_and_names_who_is_concerned(self, client, passed):
        pool, _qa, _learner = passed
        new_version(pool, at=AT)
        compliance = UserFactory(perms=["assessments.declare_material"])
        client.force_login(compliance)
        listed = client.get(reverse("tool_versions")).content.decode()
        assert "Declare material" in listed
        url = reverse("version_material", args=[pool.pk])
        assert client.post(url, {"reason": " "}).status_code == 422
        assert client.post(url, {"reason": "It invents dates."}).url == reverse("tool_versions")
        again = client.get(reverse("tool_versions")).content.decode()
        assert "It invents dates." in again
        assert "Declared material" in again

        client.force_login(make_judge(pool))
        assert client.get(url).status_code == 403
        assert client.get(reverse("tool_versions")).status_code == 403


@pytest.mark.parametrize("learners", [1, 4])
def test_standings_take_three_queries_once_there_are_versions(learners, django_assert_num_queries):
    pool = make_pool(count=COUNT, sample_size=SIZE)
    people = [make_learner(pool) for _ in range(learners)]
    for person in people:
        answer(pool, person)
    pool = new_version(pool, at=AT)

    with django_assert_num_queries(3):
        found = shadow_standings(user_ids=[person.pk for person in people], pool=pool, at=AT)
    assert len(found) == learners


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ({"material_at": AT}, "shadow_version_material_with_reason"),
        ({"fresh_by": AT - DAY}, "shadow_version_windows_in_order"),
        ({"carries_until": AT}, "shadow_version_windows_in_order"),
    ],
)
def test_the_database_refuses_a_broken_version(change, constraint):
    make_pool(count=1)

    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        ShadowVersion.objects.update(**change)


def test_a_look_keeps_the_marks_of_its_day():
    pool = make_pool(count=COUNT, sample_size=SIZE)
    settle_by_author(pool)
    learner = make_learner(pool)
    type(pool).objects.update(mark_lower="0.9")
    pool.refresh_from_db()
    for _ in range(SIZE):
        answer(pool, learner)

    look = ShadowLook.objects.get()
    assert (look.agreed, str(look.mark_lower), look.passed) == (SIZE, "0.900000", False)
    assert ShadowSample.objects.scored().count() == SIZE
