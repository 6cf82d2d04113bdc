"""Judges who differ, cases that are dropped, answers that are known, and when a case is overdue."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from assessments import signals
from assessments.models import ShadowCase, ShadowSample
from assessments.selectors.disputes import disputes
from assessments.selectors.fitness import fitness
from assessments.selectors.judgements import judgement_queue, with_due
from assessments.selectors.judges import inter_rater
from assessments.selectors.pool_agreement import pool_agreement
from assessments.selectors.shadow import shadow_standings
from assessments.services import shadow
from assessments.services.shadow.judges import judges_of
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
    make_owner,
    make_pool,
)
from tests.people.factories import UserFactory
from tests.tracks.factories import EnrolmentFactory
from tracks.errors import Refused

pytestmark = pytest.mark.django_db


def disputed(pool, *judges):
    """The pool's first case, on which these judges differ."""
    case = pool.cases.order_by("key").first()
    for number, person in enumerate(judges):
        judge(case, person, decision=("avoid", "review")[number], usable=False, at=AT + number * MINUTE)
    return case


class TestDisputes:
    def test_two_who_differ_wait_for_a_third(self):
        pool = make_pool(count=3, double=True)
        first, second = judges_of(pool)
        third = make_judge(pool)
        case = disputed(pool, first, second)

        (found,) = disputes(pool=pool, judges=[first, second, third], viewer=first)
        assert (found.case, found.waiting_since, found.thirds) == (case, AT + MINUTE, [third])
        assert [each.decision for each in found.judgements] == ["avoid", "review"]
        assert not found.is_stuck
        (blind,) = disputes(pool=pool, judges=[first, second, third], viewer=third)
        assert blind.judgements == []
        judge(case, third, decision="review", usable=False)
        assert disputes(pool=pool, judges=[first, second, third], viewer=first) == []

    def test_without_anybody_left_it_is_stuck(self):
        pool = make_pool(count=2, double=True)
        first, second = judges_of(pool)
        case = disputed(pool, first, second)
        learner = EnrolmentFactory(
            cohort__track=pool.track, user=UserFactory(perms=["assessments.judge_cases"])
        ).user
        shadow.appoint_judge(pool=pool, user=learner, actor=None, at=AT)
        while answer(pool, learner).case != case:
            pass

        (found,) = disputes(pool=pool, judges=judges_of(pool), viewer=first)
        assert found.is_stuck

    @pytest.mark.parametrize("count", [1, 5])
    def test_they_take_three_queries(self, count, django_assert_num_queries):
        pool = make_pool(count=count, double=True)
        judges = list(judges_of(pool))
        for case in pool.cases.all():
            judge(case, judges[0], decision="avoid")
            judge(case, judges[1], decision="review")

        with django_assert_num_queries(3):
            assert len(disputes(pool=pool, judges=judges, viewer=judges[0])) == count


class TestDropping:
    def test_the_case_and_its_samples_count_for_nobody(self):
        pool = make_pool(count=1, double=True)
        owner, second = make_owner(pool), make_judge(pool)
        done, begun = make_learner(pool), make_learner(pool)
        judged = answer(pool, done)
        half = shadow.draw(pool=pool, actor=begun, at=AT)
        case = disputed(pool, owner, second)
        with heard(signals.case_dropped) as facts:
            shadow.drop_case(case=case, reason=" Two meanings. ", actor=owner, at=AT)
            shadow.drop_case(case=case, reason="Again", actor=owner, at=AT + MINUTE)

        case.refresh_from_db()
        assert (case.dropped_at, case.dropped_by, case.dropped_reason) == (AT, owner, "Two meanings.")
        assert set(ShadowSample.objects.values_list("dropped_at", flat=True)) == {AT}
        assert shadow_standings(user_ids=[done.pk], pool=pool, at=AT)[done.pk].waiting_for_judgement == 0
        (fact,) = facts
        assert (fact.actor_id, fact.payload["reason"], fact.payload["samples"]) == (
            owner.pk,
            "Two meanings.",
            2,
        )
        with pytest.raises(Refused) as refused:
            shadow.decide(sample=half, decision="avoid", actor=begun, at=AT)
        assert refused.value.code == "dropped"
        with pytest.raises(Refused) as refused:
            shadow.draw(pool=pool, actor=begun, at=AT)
        assert refused.value.code == "pool_exhausted"
        assert judged.scored_at is None

    def test_a_dropped_case_leaves_the_way_free_for_the_next(self):
        pool = make_pool(count=2)
        owner, learner = make_owner(pool), make_learner(pool)
        first = shadow.draw(pool=pool, actor=learner, at=AT)
        shadow.drop_case(case=first.case, reason="Unreadable", actor=owner, at=AT)

        assert shadow.draw(pool=pool, actor=learner, at=AT).case != first.case

    def test_only_the_owner_only_with_a_reason_only_what_is_unsettled(self):
        pool = make_pool(count=1)
        case, owner = pool.cases.get(), make_owner(pool)
        with pytest.raises(ValidationError, match="Say why"):
            shadow.drop_case(case=case, reason=" ", actor=owner, at=AT)
        for person in (make_judge(pool), make_owner(make_pool()), make_learner(pool)):
            with pytest.raises(Refused) as refused:
                shadow.drop_case(case=case, reason="Why", actor=person, at=AT)
            assert refused.value.code == "not_owner"
        judge(case, make_judge(pool))
        with pytest.raises(Refused) as refused:
            shadow.drop_case(case=case, reason="Why", actor=owner, at=AT)
        assert refused.value.code == "settled"

    @pytest.mark.django_db(transaction=True)
    def test_a_third_judge_and_a_drop_at_once_leave_one_of_both(self):
        pool = make_pool(count=1, double=True)
        owner, second, third = make_owner(pool), make_judge(pool), make_judge(pool)
        case = disputed(pool, owner, second)
        half = shadow.judge_decide(case=case, decision="review", actor=third, at=AT)

        outcomes = at_once(
            lambda: shadow.judge_case_output(judgement=half, usable=False, actor=third, at=AT),
            lambda: shadow.drop_case(case=case, reason="Why", actor=owner, at=AT),
        )

        case.refresh_from_db()
        assert outcomes[0] == "done"
        assert (case.settled_at is None) == (outcomes[1] == "done") == (case.dropped_at is not None)

    def test_the_page_hides_the_answers_from_who_could_be_third(self, client):
        pool = make_pool(count=1, double=True)
        first, second, owner = make_judge(pool), make_judge(pool), make_owner(pool)
        case = disputed(pool, first, second)
        client.force_login(owner)
        url = reverse("case_drop", args=[case.pk])
        page = client.get(url).content.decode()
        assert "You could be the third judge" in page
        assert str(first) not in page
        assert client.post(url, {"reason": ""}).status_code == 422
        assert client.post(url, {"reason": "Two meanings"}).url == reverse("agreement", args=[pool.pk])
        case.refresh_from_db()
        assert case.dropped_reason == "Two meanings"
        assert client.get(url).url == reverse("agreement", args=[pool.pk])
        for person, status in ((first, 403), (make_owner(make_pool()), 404)):
            client.force_login(person)
            assert client.get(url).status_code == status

    def test_the_agreement_page_says_that_a_case_waits_for_a_third(self, client):
        pool = make_pool(count=1, double=True)
        owner, second = make_owner(pool), make_judge(pool)
        case = disputed(pool, owner, second)
        client.force_login(owner)
        page = client.get(reverse("agreement", args=[pool.pk])).content.decode()

        assert "1 case waits for a third judge" in page
        assert reverse("case_drop", args=[case.pk]) in page
        client.force_login(second)
        page = client.get(reverse("agreement", args=[pool.pk])).content.decode()
        assert "1 case waits for a third judge" in page
        assert reverse("case_drop", args=[case.pk]) not in page


class TestKnownAnswers:
    @pytest.fixture
    def pool(self):
        specs = case_specs(4)
        return make_pool(cases=[*specs[:3], *case_specs(1, key="GT", subject="Known", ground_truth=True)])

    def test_it_is_settled_from_the_start_and_every_judge_sees_it_once(self, pool):
        known = pool.cases.get(key="GT")
        assert (known.settled_at, known.settled_decision) == (AT, known.right_decision)
        first, second = judges_of(pool)
        for person in (first, second):
            assert known in judgement_queue(judge=person)
            judge(known, person, decision="escalate", usable=False)
            assert known not in judgement_queue(judge=person)
        known.refresh_from_db()
        assert known.settled_decision == known.right_decision == "automate"
        assert fitness(pool).settled == 0

    def test_it_looks_like_any_other_to_judges(self, pool):
        (person, _other) = judges_of(pool)
        learner = make_learner(pool)
        for _ in range(4):
            answer(pool, learner)
        rows = {case.key: case for case in judgement_queue(judge=person)}

        assert {(case.waiting, case.begun) for case in rows.values()} == {(1, False)}
        assert set(rows) == {"GT", "TS-000", "TS-001", "TS-002"}
        assert not {"ground_truth", "right_decision"} - rows["GT"].get_deferred_fields() - {"ground_truth"}

    def test_judges_and_learners_are_measured_by_it(self, pool):
        (first, second) = judges_of(pool)
        known = pool.cases.get(key="GT")
        judge(known, first)
        judge(known, second, decision="escalate", usable=False)
        scores = {each.judge: (each.known, each.right) for each in inter_rater(pool=pool, judges=[]).judges}
        assert scores == {first: (1, 1), second: (1, 0)}

        for case in pool.cases.exclude(key="GT"):
            judge(case, first)
        learner = make_learner(pool)
        for number in range(4):
            (row,) = pool_agreement(pool, viewer=first, at=AT).learners or [None]
            # Between looks nothing is worked out.
            assert row is None or (row.known, number < 4) == (0, True)
            answer(pool, learner)
        (row,) = pool_agreement(pool, viewer=first, at=AT).learners
        assert (row.known, row.right) == (1, 1)

    @pytest.mark.parametrize(
        "change",
        [
            {"settled_decision": "escalate"},
            {"settled_at": None, "settled_decision": "", "settled_usable": None},
        ],
    )
    def test_the_database_keeps_it_settled_as_known(self, pool, change):
        with pytest.raises(IntegrityError, match="known_answer_is_settled"), transaction.atomic():
            ShadowCase.objects.filter(ground_truth=True).update(**change)


class TestJudges:
    def test_one_judge_alone_cannot_judge(self):
        pool = make_pool(count=1)
        lone, other = judges_of(pool)
        type(other).objects.filter(pk=other.pk).update(is_active=False)

        with pytest.raises(Refused) as refused:
            judge(pool.cases.get(), lone)
        assert refused.value.code == "one_judge"
        assert judge(pool.cases.get(), make_judge(pool)).judged_at == AT

    def test_agreement_between_judges_with_its_intervals(self):
        pool = make_pool(count=10, double=True)
        first, second = judges_of(pool)
        for number, case in enumerate(pool.cases.order_by("key")):
            judge(case, first, decision="avoid" if number % 2 else "automate", usable=False)
            judge(
                case,
                second,
                decision="automate" if number == 1 else ["automate", "avoid"][number % 2],
                usable=False,
            )

        found = inter_rater(pool=pool, judges=[first, second])
        assert (found.agreement.n, found.agreement.agreed) == (10, 9)
        assert float(found.agreement.kappa) == 0.8
        assert found.kappa_interval.lower < 1 > found.agreement.interval.lower
        (pair,) = found.pairs
        assert ({pair.first, pair.second}, str(pair.kappa)) == ({first, second}, "0.800000")

    def test_one_answer_throughout_is_not_enough_variety(self, client):
        pool = make_pool(count=2, double=True)
        judges = list(judges_of(pool))
        for case in pool.cases.all():
            for person in judges:
                judge(case, person, decision="avoid", usable=False)
        client.force_login(judges[0])

        assert inter_rater(pool=pool, judges=judges).pairs[0].kappa is None
        assert "not enough variety" in client.get(reverse("agreement", args=[pool.pk])).content.decode()

    @pytest.mark.django_db(transaction=True)
    def test_two_judges_who_differ_at_once_leave_it_unsettled(self):
        pool = make_pool(count=1, double=True)
        case = pool.cases.get()
        halves = [
            shadow.judge_decide(case=case, decision=decision, actor=person, at=AT)
            for decision, person in zip(("avoid", "review"), judges_of(pool), strict=True)
        ]

        assert at_once(
            *[
                lambda half=half: shadow.judge_case_output(
                    judgement=half, usable=False, actor=half.judge, at=AT
                )
                for half in halves
            ]
        ) == ["done", "done"]
        case.refresh_from_db()
        assert (case.settled_at, case.dropped_at, case.judgements.count()) == (None, None, 2)

    @pytest.mark.django_db(transaction=True)
    def test_two_tabs_of_a_learner_have_one_case(self):
        pool = make_pool(count=5)
        learner = make_learner(pool)
        step = lambda: shadow.draw(pool=pool, actor=learner, at=AT)  # noqa: E731

        assert at_once(step, step) == ["done", "done"]
        assert ShadowSample.objects.count() == 1


class TestDue:
    @pytest.mark.parametrize(
        ("since", "zone", "due"),
        [
            # Wednesday noon: Friday noon. Friday noon: Tuesday noon. Saturday: as of Monday's start.
            ("2026-11-18T12:00", "UTC", "2026-11-20T12:00"),
            ("2026-11-20T12:00", "UTC", "2026-11-24T12:00"),
            ("2026-11-21T12:00", "UTC", "2026-11-25T00:00"),
            # Friday 20:00 in UTC is Saturday in Tokyo, and Monday there begins on Sunday at 15:00.
            ("2026-11-20T20:00", "Asia/Tokyo", "2026-11-24T15:00"),
        ],
    )
    def test_two_working_days_in_the_zone_of_who_waits(self, since, zone, due):
        pool = make_pool(count=1)
        learner = EnrolmentFactory(cohort__track=pool.track, cohort__timezone=zone).user
        answered = datetime.fromisoformat(since).replace(tzinfo=UTC)
        answer(pool, learner, at=answered)
        (case,) = judgement_queue(judge=judges_of(pool)[0])
        due_at = datetime.fromisoformat(due).replace(tzinfo=UTC)

        assert with_due(case, at=due_at).due_at == due_at
        assert not with_due(case, at=due_at).overdue
        assert with_due(case, at=due_at + timedelta(seconds=1)).overdue

    def test_what_nobody_waits_for_has_no_due_time_and_comes_last(self):
        pool = make_pool(count=3)
        waited = answer(pool, make_learner(pool)).case
        queue = [with_due(case, at=AT) for case in judgement_queue(judge=judges_of(pool)[0])]

        assert [each.due_at is not None for each in queue] == [True, False, False]
        assert queue[0].case == waited

    def test_the_queue_and_the_dashboard_say_what_is_overdue(self, client):
        pool = make_pool(count=3)
        answer(pool, make_learner(pool))
        client.force_login(make_owner(pool))
        with time_machine.travel(AT + timedelta(days=7), tick=False):
            assert "Overdue since" in client.get(reverse("judgement_queue")).content.decode()
            response = client.get(reverse("agreement", args=[pool.pk]))
        queue = response.context["found"].queue
        assert (queue.overdue, len(queue.awaited), queue.untouched) == (1, 1, 2)


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ({"dropped_reason": "Why"}, "shadow_case_dropped_by_whom_and_why"),
        ({"origin": "import"}, "shadow_case_import_names_who"),
        ({"content_sha256": "0" * 64}, "shadow_case_live_content_unique|UNIQUE"),
    ],
)
def test_the_database_refuses_a_broken_case(change, constraint):
    make_pool(count=2)

    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        ShadowCase.objects.update(**change)


def test_the_database_refuses_a_score_of_a_dropped_sample():
    pool = make_pool(count=1)
    judge(pool.cases.get(), judges_of(pool)[0])
    answer(pool, make_learner(pool))

    with pytest.raises(IntegrityError, match="shadow_sample_dropped_or_scored"), transaction.atomic():
        ShadowSample.objects.update(dropped_at=AT)


def test_a_known_answer_is_not_drawn_before_others():
    """Before anybody judged, nothing is settled for the draw; later it counts like any judged case."""
    specs = case_specs(12, decision="avoid", category="billing", yellow_zone=False)
    known = case_specs(1, key="GT", subject="Known", decision="avoid", category="billing", yellow_zone=False)
    pool = make_pool(cases=[*specs, replace(known[0], ground_truth=True)])
    first = [
        shadow.draw(pool=pool, actor=make_learner(pool), at=AT, rng=random.Random(seed)).case.key
        for seed in range(8)
    ]
    assert first.count("GT") < 4

    judge(pool.cases.get(key="GT"), judges_of(pool)[0])
    assert shadow.draw(pool=pool, actor=make_learner(pool), at=AT).case.key == "GT"


def test_who_answers_a_known_case_after_its_first_judge_is_not_counted_as_waiting():
    pool = make_pool(cases=case_specs(1, ground_truth=True))
    first, second = judges_of(pool)
    early = answer(pool, make_learner(pool), at=AT)
    assert early.scored_at is None
    judge(pool.cases.get(), first, at=AT + MINUTE)
    early.refresh_from_db()
    assert early.scored_at == AT + MINUTE
    assert answer(pool, make_learner(pool), at=AT + 2 * MINUTE).scored_at == AT + 2 * MINUTE

    (case,) = judgement_queue(judge=second)
    assert (case.waiting, case.since) == (1, AT)


@pytest.mark.parametrize("page", ["agreement", "judgement_queue"])
def test_disputes_waiting_learners_and_known_answers_cost_no_queries_each(client, page):
    def queries(size) -> int:
        specs = [*case_specs(2 * size), *case_specs(1, key="GT", subject="Known", ground_truth=True)]
        pool = make_pool(cases=specs, double=True)
        owner, second = make_owner(pool), make_judge(pool)
        for case in pool.cases.filter(ground_truth=False).order_by("key")[:size]:
            judge(case, owner, decision="avoid")
            judge(case, second, decision="review")
        for _ in range(size):
            answer(pool, make_learner(pool))
        client.force_login(owner)
        url = reverse(page, args=[pool.pk] if page == "agreement" else [])
        client.get(url)
        with CaptureQueriesContext(connection) as seen:
            assert client.get(url).status_code == 200
        return len(seen)

    assert queries(1) == queries(5)


def test_a_learner_whose_open_case_is_dropped_is_told_and_sent_back(client):
    pool = make_pool(count=2)
    learner = make_learner(pool)
    sample = shadow.draw(pool=pool, actor=learner, at=AT)
    shadow.drop_case(case=sample.case, reason="Unreadable", actor=make_owner(pool), at=AT)
    client.force_login(learner)

    response = client.get(sample.get_absolute_url(), follow=True)
    assert response.redirect_chain[-1][0] == pool.get_absolute_url()
    assert "Quality assurance has dropped this case" in response.content.decode()
