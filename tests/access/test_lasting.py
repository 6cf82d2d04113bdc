"""Proof that holds for calendar months: until when it counts, and what gives it anew."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core import mail
from django.urls import reverse
from pydantic import ValidationError

from assessments.models import Attempt, SignOff
from assessments.rules import renewal_began
from assessments.services import attempts
from enablement.access import gates, role_audit
from enablement.access.lasting import LastingParams, lasting
from enablement.access.leaves import Leaf
from enablement.access.models import Gate, Grant
from enablement.access.selectors import standings
from enablement.access.services import telling
from enablement.access.services.grants import reevaluate
from enablement.jobs.models import Job
from enablement.programs.selectors.path import track_plans
from surveys.models import Response
from surveys.services import answer, put_survey
from tests.access.factories import GateFactory, MicrotoolFactory, PolicyFactory
from tests.assessments.labs.factories import MONDAY, handed_in, mentored, sign
from tests.assessments.quizzes.factories import MINUTE, NOW, make_quiz, sit
from tests.ledger.factories import add_revision
from tests.surveys.factories import ANSWERS, SPEC
from tests.tracks.factories import EnrolmentFactory, LessonFactory, ModuleFactory
from tracks.errors import Refused
from tracks.models import Cohort, Lesson, Module, ModuleRenewal
from tracks.months import REFRESHER, months_later
from tracks.services.progress import read_lesson

DAY = timedelta(days=1)
LEAF = Leaf(type="quiz", label="Quiz", met=True, required="85 %", actual="9 of 10", proof=("a:1",))
LAPSE = months_later(NOW, 12)


def held(*, leaf=LEAF, since=NOW, months=12, at=NOW):
    params = LastingParams(valid_months=months)
    return lasting(leaf, since=since, params=params, at=at, again="Again", link="/again/")


def test_without_months_nothing_changes():
    assert held(months=None, at=LAPSE + 1000 * DAY) is LEAF


@pytest.mark.parametrize(
    ("at", "met", "next_step"),
    [
        (NOW, True, ""),
        (LAPSE - REFRESHER - MINUTE, True, ""),
        (LAPSE - REFRESHER, True, "Again before 4 Nov 2027"),
        (LAPSE - MINUTE, True, "Again before 4 Nov 2027"),
        (LAPSE, False, "Again"),
        (LAPSE + DAY, False, "Again"),
    ],
)
def test_it_holds_until_the_same_day_of_a_later_month(at, met, next_step):
    leaf = held(at=at)
    assert (leaf.met, leaf.next_step, leaf.link) == (met, next_step, "/again/" if next_step else "")
    assert leaf.renews is (met and bool(next_step))
    assert leaf.lapses_at == (LAPSE if met else None)
    assert leaf.proof == (("a:1",) if met else ())
    assert leaf.actual == ("9 of 10, holds until 4 Nov 2027" if met else "lapsed on 4 Nov 2027")


@pytest.mark.parametrize(("days", "renews"), [(14, False), (15, True)])
def test_what_holds_for_a_month_is_asked_for_in_its_second_half(days, renews):
    assert held(months=1, at=NOW + days * DAY).renews is renews


def test_proof_of_an_unknown_day_does_not_count():
    assert held(since=None).met is False


@pytest.mark.parametrize("months", [0, 121, True, "soon"])
def test_months_that_make_no_sense_are_refused(months):
    with pytest.raises(ValidationError):
        LastingParams.model_validate({"valid_months": months}, strict=True)


@pytest.mark.parametrize(
    ("passes", "at", "began"),
    [
        ([], LAPSE, None),
        ([NOW], LAPSE - REFRESHER - MINUTE, None),
        ([NOW], LAPSE - REFRESHER, LAPSE - REFRESHER),
        # A second pass of the first round moves the day.
        ([NOW, NOW + DAY], LAPSE - REFRESHER, None),
        ([NOW, LAPSE - DAY], LAPSE, LAPSE - REFRESHER),
        ([NOW, LAPSE - DAY], months_later(LAPSE - DAY, 12), months_later(LAPSE - DAY, 12) - REFRESHER),
    ],
)
def test_when_a_pass_may_be_renewed(passes, at, began):
    assert renewal_began(passes=passes, valid_months=12, at=at) == began


@pytest.mark.django_db
class TestQuiz:
    @pytest.fixture
    def enrolment(self):
        return EnrolmentFactory()

    @pytest.fixture
    def quiz(self, enrolment):
        return make_quiz(
            module=ModuleFactory(track=enrolment.track), max_attempts=1, cooldown_hours=0, valid_months=12
        )

    def leaf(self, enrolment, at):
        tree = {"type": "quiz", "threshold": "0.85", "valid_months": 12}
        found = gates.evaluate(tree=tree, track=enrolment.track, enrolments=[enrolment], at=at)
        return found[enrolment.pk].leaves[0]

    def test_a_fresh_pass_takes_over_and_the_old_one_stays(self, quiz, enrolment):
        first = sit(quiz=quiz, user=enrolment.user, right=3)
        lapse = months_later(first.submitted_at, 12)
        assert self.leaf(enrolment, NOW + DAY).lapses_at == lapse
        with pytest.raises(Refused, match="used"):
            attempts.start(quiz=quiz, actor=enrolment.user, at=lapse - REFRESHER - MINUTE)
        again = sit(quiz=quiz, user=enrolment.user, right=3, at=lapse - REFRESHER)
        leaf = self.leaf(enrolment, lapse + DAY)
        assert (leaf.met, leaf.proof) == (True, (f"assessments.attempt:{again.pk}",))
        assert leaf.lapses_at == months_later(again.submitted_at, 12)
        assert Attempt.objects.get(pk=first.pk).points == Decimal(3)

    def test_one_that_fails_takes_nothing_away_before_the_lapse(self, quiz, enrolment):
        first = sit(quiz=quiz, user=enrolment.user, right=3)
        lapse = months_later(first.submitted_at, 12)
        sit(quiz=quiz, user=enrolment.user, right=0, at=lapse - DAY)
        assert self.leaf(enrolment, lapse - MINUTE).met is True
        leaf = self.leaf(enrolment, lapse)
        assert (leaf.met, leaf.link) == (False, reverse("quiz", args=[quiz.pk]))
        with pytest.raises(Refused, match="used"):
            attempts.start(quiz=quiz, actor=enrolment.user, at=lapse)

    def test_a_closed_cohort_hinders_a_first_pass_and_not_its_renewal(self, quiz, enrolment):
        first = sit(quiz=quiz, user=enrolment.user, right=3)
        Cohort.objects.update(state=Cohort.State.CLOSED)
        opens = months_later(first.submitted_at, 12) - REFRESHER
        stranger = EnrolmentFactory(cohort=enrolment.cohort).user
        for person, at in ((enrolment.user, opens - MINUTE), (stranger, opens)):
            with pytest.raises(Refused) as refusal:
                attempts.start(quiz=quiz, actor=person, at=at)
            assert refusal.value.code == "cohort_closed"
        again = sit(quiz=quiz, user=enrolment.user, right=3, at=opens)
        assert self.leaf(enrolment, opens).lapses_at == months_later(again.submitted_at, 12)
        with pytest.raises(Refused, match="closed"):
            attempts.start(quiz=quiz, actor=enrolment.user, at=opens + DAY)

    def test_the_page_says_so(self, quiz, enrolment, client, time_machine):
        first = sit(quiz=quiz, user=enrolment.user, right=3)
        client.force_login(enrolment.user)
        url = reverse("quiz", args=[quiz.pk])
        time_machine.move_to(NOW + DAY)
        assert "Nothing is left to do here" in client.get(url).content.decode()
        time_machine.move_to(months_later(first.submitted_at, 12) - DAY)
        client.force_login(enrolment.user)
        assert "Time to pass once more" in client.get(url).content.decode()

    @pytest.mark.parametrize("size", [1, 6])
    def test_a_cohort_costs_three_queries(self, quiz, enrolment, size, django_assert_num_queries):
        more = EnrolmentFactory.create_batch(size, cohort=enrolment.cohort)
        tree = {"type": "quiz", "threshold": "0.85", "valid_months": 12}
        with django_assert_num_queries(3):
            gates.evaluate(tree=tree, track=enrolment.track, enrolments=more, at=NOW)


@pytest.mark.django_db
class TestSurvey:
    TREE = {"type": "survey", "survey": "readiness", "valid_months": 12}

    @pytest.fixture
    def enrolment(self, time_machine):
        time_machine.move_to(NOW, tick=False)
        PolicyFactory()
        add_revision(at=NOW - DAY)
        track = GateFactory(tree=self.TREE).track
        MicrotoolFactory(track=track)
        put_survey(track=track, spec=replace(SPEC, valid_months=12), at=NOW)
        enrolment = EnrolmentFactory(cohort__track=track)
        self.answer(enrolment, 1, NOW)
        return enrolment

    def answer(self, enrolment, number, at):
        return answer(
            survey=enrolment.track.surveys.get(),
            respondent=enrolment.user,
            answers=ANSWERS,
            actor=enrolment.user,
            at=at,
            number=number,
        )

    def leaf(self, enrolment, at):
        return standings(enrolments=[enrolment], at=at)[enrolment.pk].leaves[0]

    def test_the_newest_round_says_how_long_it_holds(self, enrolment):
        first = Response.objects.get()
        leaf = self.leaf(enrolment, LAPSE - DAY)
        assert (leaf.met, leaf.lapses_at, leaf.proof) == (True, LAPSE, (f"surveys.response:{first.pk}",))
        assert leaf.next_step == "Answer the survey “Readiness” again before 4 Nov 2027"
        second = self.answer(enrolment, 2, LAPSE - DAY)
        leaf = self.leaf(enrolment, LAPSE)
        assert (leaf.met, leaf.next_step) == (True, "")
        assert leaf.proof == (f"surveys.response:{second.pk}",)
        assert leaf.lapses_at == months_later(LAPSE - DAY, 12)

    def test_the_tool_closes_at_the_lapse_opens_again_and_the_record_says_so(self, enrolment):
        self.answer(enrolment, 2, LAPSE + 10 * DAY)
        moments = [NOW, LAPSE - MINUTE, LAPSE, LAPSE + 9 * DAY, LAPSE + 10 * DAY]
        found = [[row.open for row in role_audit.audit(at=at).rows] for at in moments]
        assert found == [[True], [True], [False], [False], [True]]
        grant = Grant.objects.get()
        assert (grant.state, grant.not_after) == ("granted", months_later(LAPSE + 10 * DAY, 12))

    @pytest.mark.parametrize(
        ("at", "offered", "tone"),
        [
            (LAPSE - REFRESHER - DAY, None, "tone-met"),
            (LAPSE - DAY, "Answer the survey “Readiness” again before 4 Nov 2027", "tone-at-risk"),
            (LAPSE + DAY, "Answer the survey “Readiness” again", "tone-not-met"),
        ],
    )
    def test_my_path_and_my_tools_offer_it(self, enrolment, client, time_machine, *, at, offered, tone):
        reevaluate(user_ids=[enrolment.user_id], cause="access.nightly", actor_id=None, at=at)
        [plan] = track_plans(user=enrolment.user, at=at)
        assert [step.title for step in plan.open_steps] == ([offered] if offered else [])
        time_machine.move_to(at, tick=False)
        client.force_login(enrolment.user)
        page = client.get(reverse("my_path")).content.decode()
        assert f"verdict {tone}" in page
        # The day on which the track was due says nothing a year after everything was shown.
        assert ("Part of what you have shown has lapsed" in page, "was due" in page) == (at > LAPSE, False)
        link = f'<a href="{reverse("survey", args=[enrolment.track.surveys.get().pk])}">{offered}</a>'
        tools = client.get(reverse("my_tools")).content.decode()
        assert (link in tools) is bool(offered)

    def test_the_warning_says_what_to_do_and_stops_once_it_is_done(self, enrolment):
        at = LAPSE - 14 * DAY
        reevaluate(user_ids=[enrolment.user_id], cause="access.nightly", actor_id=None, at=at)
        assert telling.warn_lapsing(at=at) == 1
        ids = Job.objects.get(kind="enablement.access.tasks.mail_grant_warnings").args["warning_ids"]
        assert telling.mail_warnings(warning_ids=ids, at=at) == 1
        assert "Answer the survey “Readiness” again before 4 Nov 2027" in mail.outbox[0].body
        self.answer(enrolment, 2, at)
        assert telling.mail_warnings(warning_ids=ids, at=at) == 0

    @pytest.mark.parametrize("size", [1, 6])
    def test_a_cohort_costs_two_queries(self, enrolment, size, django_assert_num_queries):
        more = EnrolmentFactory.create_batch(size, cohort=enrolment.cohort)
        with django_assert_num_queries(2):
            gates.evaluate(tree=self.TREE, track=enrolment.track, enrolments=more, at=NOW)


@pytest.mark.django_db
class TestModules:
    TREE = {"type": "modules_completed", "valid_months": 12}

    @pytest.fixture
    def enrolment(self, time_machine):
        """Completed "one" at NOW and "two" ten days later."""
        time_machine.move_to(NOW, tick=False)
        PolicyFactory()
        add_revision(at=NOW - DAY)
        track = GateFactory(tree=self.TREE).track
        MicrotoolFactory(track=track)
        enrolment = EnrolmentFactory(cohort__track=track)
        for position, (key, at) in enumerate([("one", NOW), ("two", NOW + 10 * DAY)]):
            module = ModuleFactory(track=track, key=key, title=key, position=position, valid_months=12)
            LessonFactory(module=module)
            self.read(enrolment, key, at)
        return enrolment

    def read(self, enrolment, key, at):
        lesson = Lesson.objects.get(module__key=key)
        return read_lesson(enrolment=enrolment, lesson=lesson, actor=enrolment.user, at=at)

    def leaf(self, enrolment, at):
        return standings(enrolments=[enrolment], at=at)[enrolment.pk].leaves[0]

    def test_the_module_that_was_gone_through_first_lapses_first(self, enrolment):
        leaf = self.leaf(enrolment, LAPSE - DAY)
        assert (leaf.met, leaf.lapses_at) == (True, LAPSE)
        assert leaf.next_step == "Go through “one” again before 4 Nov 2027"
        self.read(enrolment, "one", LAPSE - DAY)
        leaf = self.leaf(enrolment, LAPSE)
        assert (leaf.met, leaf.lapses_at) == (True, LAPSE + 10 * DAY)
        assert leaf.next_step == "Go through “two” again before 14 Nov 2027"
        renewal = ModuleRenewal.objects.get()
        proof = [f"tracks.module:one@{enrolment.pk}", f"tracks.modulerenewal:{renewal.pk}"]
        assert leaf.proof == (*proof, f"tracks.module:two@{enrolment.pk}")

    @pytest.mark.parametrize(("at", "done"), [(LAPSE, 1), (LAPSE + 10 * DAY, 0)])
    def test_after_the_lapse_it_counts_what_still_holds(self, enrolment, at, done):
        leaf = self.leaf(enrolment, at)
        assert (leaf.met, leaf.done, leaf.total, leaf.proof) == (False, done, 2, ())
        assert leaf.actual == "lapsed on 4 Nov 2027"
        assert leaf.link == Module.objects.get(key="one").get_absolute_url()

    def test_the_tool_closes_at_the_lapse_opens_again_and_the_record_says_so(self, enrolment):
        back = LAPSE + 20 * DAY
        self.read(enrolment, "one", back)
        assert Grant.objects.get().state == "expired"
        self.read(enrolment, "two", back + DAY)
        moments = [NOW + 10 * DAY, LAPSE - MINUTE, LAPSE, back, back + DAY]
        found = [[row.open for row in role_audit.audit(at=at).rows] for at in moments]
        assert found == [[True], [True], [False], [False], [True]]
        assert Grant.objects.get().not_after == months_later(back, 12)

    def test_my_path_leads_to_the_lessons(self, enrolment, client, time_machine):
        for at, met, tone, step in (
            (LAPSE - DAY, True, "tone-at-risk", Module.objects.get(key="one").get_absolute_url()),
            (LAPSE + DAY, False, "tone-not-met", Lesson.objects.get(module__key="one").get_absolute_url()),
        ):
            reevaluate(user_ids=[enrolment.user_id], cause="access.nightly", actor_id=None, at=at)
            [plan] = track_plans(user=enrolment.user, at=at)
            following = plan.renewal or plan.next_step
            assert (plan.met, following.url) == (met, step)
            assert [module.again is not None for module in plan.modules] == [True, True]
            time_machine.move_to(at, tick=False)
            client.force_login(enrolment.user)
            page = client.get(reverse("my_path")).content.decode()
            assert f"verdict {tone}" in page
            assert "To read again" in page

    def test_of_several_my_path_offers_first_what_lapses_first(self, enrolment):
        leaf = {"type": "modules_completed", "valid_months": 12}
        tree = {"all_of": [leaf | {"modules": [key]} for key in ("two", "one")]}
        Gate.objects.update(tree=tree)
        reevaluate(user_ids=[enrolment.user_id], cause="access.nightly", actor_id=None, at=LAPSE - DAY)
        [plan] = track_plans(user=enrolment.user, at=LAPSE - DAY)
        assert [step.title for step in plan.open_steps if step.renews_by] == [
            "Go through “two” again before 14 Nov 2027",
            "Go through “one” again before 4 Nov 2027",
        ]
        assert plan.renewal == plan.open_steps[-1]

    @pytest.mark.parametrize("size", [1, 6])
    def test_a_cohort_costs_three_queries(self, enrolment, size, django_assert_num_queries):
        more = [enrolment, *EnrolmentFactory.create_batch(size, cohort=enrolment.cohort)]
        with django_assert_num_queries(3):
            gates.evaluate(tree=self.TREE, track=enrolment.track, enrolments=more, at=NOW)


@pytest.mark.django_db
def test_the_sign_off_that_came_first_lapses_first():
    enrolment, mentor = mentored()
    first = sign(handed_in(enrolment=enrolment), mentor)
    second = sign(handed_in(enrolment=enrolment), mentor, at=MONDAY + DAY)
    tree = {"type": "labs_signed_off", "valid_months": 6}
    ask = {"tree": tree, "track": enrolment.track, "enrolments": [enrolment]}
    lapse = months_later(first.signed_at, 6)
    leaf = gates.evaluate(**ask, at=second.signed_at)[enrolment.pk].leaves[0]
    assert (leaf.met, leaf.lapses_at) == (True, lapse)
    leaf = gates.evaluate(**ask, at=lapse)[enrolment.pk].leaves[0]
    assert (leaf.met, leaf.link) == (False, reverse("lab", args=[first.lab_id]))
    assert SignOff.objects.standing().count() == 2
