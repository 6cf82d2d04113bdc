"""Going through a module again: when, what it takes, what stays on record, what the pages say."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from tests.racing import race
from tests.tracks.factories import START, EnrolmentFactory, LessonFactory, ModuleFactory
from tracks import selectors
from tracks.errors import Refused
from tracks.models import Cohort, Enrolment, Lesson, LessonRead, Module, ModuleCompletion, ModuleRenewal
from tracks.months import REFRESHER, months_later
from tracks.services import progress
from tracks.services.renewing import renew_module

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
LAPSE = months_later(START, 12)
OPENS = LAPSE - REFRESHER


@pytest.fixture
def enrolment(db):
    """Has read both lessons of the only module, whose completion holds for a year."""
    module = ModuleFactory(key="basics", position=1, valid_months=12)
    enrolment = EnrolmentFactory(cohort__track=module.track)
    for position in (1, 2):
        read(enrolment, LessonFactory(module=module, position=position), START)
    return enrolment


def read(enrolment, lesson, at):
    return progress.read_lesson(enrolment=enrolment, lesson=lesson, actor=enrolment.user, at=at)


def again(enrolment, at, actor=None):
    [module] = enrolment.track.modules.all()
    return renew_module(enrolment=enrolment, module=module, actor=actor or enrolment.user, at=at)


def lessons():
    return list(Lesson.objects.order_by("position"))


def step(enrolment, at):
    [found] = selectors.path_of(enrolment, at=at)
    return found


def stands(enrolment, at):
    found = step(enrolment, at)
    return found.progress.state, bool(found.again), found.lessons_read


class TestReadingAgain:
    @pytest.mark.parametrize(
        ("at", "state", "open_", "count"),
        [
            (OPENS - MINUTE, "met", False, 2),
            (OPENS, "met", True, 0),
            (LAPSE - MINUTE, "met", True, 0),
            (LAPSE, "waiting", True, 0),
            (LAPSE + 1000 * DAY, "waiting", True, 0),
        ],
    )
    def test_from_sixty_days_before_the_lapse_and_for_good_after_it(self, enrolment, at, state, open_, count):
        assert stands(enrolment, at) == (state, open_, count)

    def test_the_last_lesson_makes_the_round_and_the_completion_keeps_its_date(self, enrolment, heard):
        one, two = lessons()
        read(enrolment, one, OPENS)
        assert stands(enrolment, OPENS) == ("met", True, 1)
        assert not ModuleRenewal.objects.exists()
        read(enrolment, two, OPENS + DAY)
        assert stands(enrolment, OPENS + DAY) == ("met", False, 2)
        assert step(enrolment, LAPSE).holding.holds_until == months_later(OPENS + DAY, 12)
        renewal = ModuleRenewal.objects.get()
        assert (renewal.number, renewal.achieved_at) == (2, OPENS + DAY)
        assert ModuleCompletion.objects.get().achieved_at == START
        reads = LessonRead.objects.filter(lesson=one).order_by("number")
        assert list(reads.values_list("number", "read_at")) == [(1, START), (2, OPENS)]
        assert heard.kinds[-3:] == ["tracks.lesson_read", "tracks.lesson_read", "tracks.module_renewed"]
        assert heard[-1].payload == {"track": enrolment.track.key, "module": "basics", "round": 2}

    def test_twice_in_a_round_is_once(self, enrolment, heard):
        one, two = lessons()
        assert read(enrolment, one, OPENS) == read(enrolment, one, OPENS + DAY)
        first = read(enrolment, two, OPENS + DAY)
        assert read(enrolment, two, OPENS + 2 * DAY) == first
        assert again(enrolment, OPENS + 2 * DAY) == ModuleRenewal.objects.get()
        assert heard.kinds.count("tracks.module_renewed") == 1

    def test_before_its_time_nothing_is_read_again(self, enrolment, heard):
        announced = len(heard)
        assert read(enrolment, lessons()[0], OPENS - MINUTE).number == 1
        assert (LessonRead.objects.count(), len(heard)) == (2, announced)

    def test_a_completion_that_holds_for_good_is_never_asked_for_again(self, enrolment):
        Module.objects.update(valid_months=None)
        enrolment = Enrolment.objects.get()
        assert stands(enrolment, LAPSE + DAY) == ("met", False, 2)
        assert read(enrolment, lessons()[0], LAPSE + DAY).number == 1

    def test_a_lesson_that_came_later_belongs_to_the_round(self, enrolment):
        more = LessonFactory(module=lessons()[0].module, position=3)
        for lesson in lessons()[:2]:
            read(enrolment, lesson, OPENS)
        assert stands(enrolment, OPENS) == ("met", True, 2)
        read(enrolment, more, OPENS)
        assert stands(enrolment, OPENS) == ("met", False, 3)

    def test_the_next_round_starts_with_nothing_read(self, enrolment):
        for lesson in lessons():
            read(enrolment, lesson, OPENS)
        opens = months_later(OPENS, 12) - REFRESHER
        assert [stands(enrolment, at) for at in (opens - MINUTE, opens)] == [
            ("met", False, 2),
            ("met", True, 0),
        ]
        for lesson in lessons():
            read(enrolment, lesson, opens)
        assert list(ModuleRenewal.objects.values_list("number", flat=True)) == [2, 3]

    def test_a_closed_cohort_hinders_only_what_was_not_completed(self, enrolment, client, time_machine):
        Cohort.objects.update(state=Cohort.State.CLOSED)
        one, two = lessons()
        beginner = EnrolmentFactory(cohort=enrolment.cohort)
        for person, at in ((beginner, OPENS), (enrolment, OPENS - MINUTE)):
            with pytest.raises(Refused) as refusal:
                read(person, one, at)
            assert refusal.value.code == "cohort_closed"
        time_machine.move_to(OPENS, tick=False)
        client.force_login(enrolment.user)
        assert "Mark as read and continue" in client.get(one.get_absolute_url()).content.decode()
        for lesson in (one, two):
            read(enrolment, lesson, OPENS)
        assert ModuleRenewal.objects.get().number == 2

    def test_a_completion_that_is_withdrawn_is_not_brought_back_by_reading(self, enrolment):
        progress.withdraw_completion(
            enrolment=enrolment,
            module=lessons()[0].module,
            kind="lessons",
            key="lessons",
            reason="Not theirs.",
            actor=None,
            at=START,
        )
        assert stands(enrolment, LAPSE)[1] is False
        with pytest.raises(Refused, match="not to be gone through again"):
            again(enrolment, LAPSE)


class TestSayingSo:
    def test_where_nothing_is_left_to_read_the_person_says_so(self, enrolment):
        one, two = lessons()
        read(enrolment, one, OPENS)
        with pytest.raises(Refused) as refusal:
            again(enrolment, OPENS)
        assert refusal.value.code == "lessons_missing"
        Lesson.objects.filter(pk=two.pk).update(retired_at=OPENS)
        assert again(enrolment, OPENS + DAY).number == 2
        assert stands(enrolment, OPENS + DAY) == ("met", False, 1)

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            (lambda e: Enrolment.objects.update(state="paused", paused_on=START.date()), "enrolment_paused"),
            (lambda e: Module.objects.update(retired_at=START), "module_not_on_track"),
            (lambda e: Module.objects.update(valid_months=None), "no_round"),
            (lambda e: Module.objects.update(valid_months=24), "round_not_open"),
        ],
    )
    def test_it_is_refused(self, enrolment, change, code):
        change(enrolment)
        with pytest.raises(Refused) as refusal:
            again(Enrolment.objects.get(), OPENS)
        assert refusal.value.code == code

    def test_nobody_says_it_for_somebody_else(self, enrolment):
        with pytest.raises(Refused) as refusal:
            again(enrolment, OPENS, actor=EnrolmentFactory(cohort=enrolment.cohort).user)
        assert refusal.value.code == "not_yours"

    @pytest.mark.parametrize(
        ("constraint", "break_it"),
        [
            ("lesson_read_once_each_time", lambda e: twice(LessonRead.objects.first())),
            ("lesson_read_times_from_one", lambda e: LessonRead.objects.update(number=0)),
            ("module_holds_for_some_time", lambda e: ModuleFactory(valid_months=0)),
            ("module_renewal_once_a_round", lambda e: twice(renewal(e, 2))),
            ("module_renewal_after_the_first", lambda e: renewal(e, 1)),
        ],
    )
    def test_the_database_holds_it_too(self, enrolment, constraint, break_it):
        with pytest.raises(IntegrityError) as error, transaction.atomic():
            break_it(enrolment)
        assert constraint in str(error.value) or "UNIQUE" in str(error.value)


def renewal(enrolment, number):
    module = enrolment.track.modules.get()
    return ModuleRenewal.objects.create(enrolment=enrolment, module=module, number=number, achieved_at=START)


def twice(row):
    row.pk = None
    row.save(force_insert=True)


class TestPages:
    @pytest.fixture
    def pages(self, client, enrolment, time_machine):
        time_machine.move_to(OPENS, tick=False)
        client.force_login(enrolment.user)
        return lambda name, *more: reverse(name, args=[enrolment.track.key, *more])

    def test_the_module_page_leads_through_the_round(self, client, pages, enrolment):
        page = client.get(pages("module", "basics")).content.decode()
        assert "Time to go through this module again" in page
        assert "0 of 2 read again" in page
        assert "To read again" in client.get(pages("track")).content.decode()
        for lesson in lessons():
            assert "Mark as read and continue" in client.get(lesson.get_absolute_url()).content.decode()
            found = client.post(pages("lesson_read", "basics", lesson.key), follow=True)
        assert ModuleRenewal.objects.get().achieved_at == OPENS
        page = found.content.decode()
        assert "Time to go through this module again" not in page
        assert "2 of 2 read" in page
        assert "it counts until" in page

    def test_the_track_page_goes_on_with_what_lapses_first(self, client, pages, enrolment):
        track = enrolment.track
        later = LessonFactory(module=ModuleFactory(track=track, key="more", position=9, valid_months=12))
        read(enrolment, later, START - DAY)
        assert [step.module.key for step in selectors.path_of(enrolment, at=OPENS)] == ["basics", "more"]
        assert client.get(pages("track")).context["following"].module.key == "more"

    def test_who_runs_the_cohort_sees_it_too(self, client, pages, enrolment):
        client.force_login(enrolment.cohort.created_by)
        page = client.get(reverse("cohort_person", args=[enrolment.cohort_id, enrolment.pk])).content.decode()
        assert "To read again" in page
        assert "0 of 2 lessons read" in page

    def test_a_module_without_lessons_has_a_button_that_works_once(self, client, pages, enrolment):
        Lesson.objects.update(retired_at=START)
        assert "I have gone through it again" in client.get(pages("module", "basics")).content.decode()
        for _click in range(2):
            page = client.post(pages("module_again", "basics"), follow=True).content.decode()
            assert "You have gone through this module again" in page
        assert ModuleRenewal.objects.count() == 1

    def test_what_is_refused_says_why_and_outsiders_get_a_404(self, client, pages, enrolment):
        page = client.post(pages("module_again", "basics"), follow=True).content.decode()
        assert "Read every lesson of this module again first." in page
        assert client.get(pages("module_again", "basics")).status_code == 405
        client.force_login(EnrolmentFactory().user)
        assert client.post(pages("module_again", "basics")).status_code == 404
        client.force_login(enrolment.cohort.created_by)
        page = client.post(pages("module_again", "basics"), follow=True).content.decode()
        assert "You are looking on" in page
        assert not ModuleRenewal.objects.exists()


def read_last(enrolment_id, lesson_id):
    enrolment, lesson = Enrolment.objects.get(pk=enrolment_id), Lesson.objects.get(pk=lesson_id)
    read(enrolment, lesson, timezone.now())


@pytest.mark.django_db(transaction=True)
def test_two_processes_that_read_the_last_lesson_make_one_round():
    long_ago = months_later(timezone.now(), -12)
    lesson = LessonFactory(module__valid_months=12)
    enrolment = EnrolmentFactory(cohort__track=lesson.module.track)
    read(enrolment, lesson, long_ago)
    race(read_last, [(enrolment.pk, lesson.pk)] * 2)
    assert list(LessonRead.objects.order_by("number").values_list("number", flat=True)) == [1, 2]
    assert list(ModuleRenewal.objects.values_list("number", flat=True)) == [2]
