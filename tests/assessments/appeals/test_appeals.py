"""Who may appeal what, who answers, by when, and what follows."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from guardian.shortcuts import assign_perm

from assessments import signals
from assessments.models import Appeal, ItemMark, Route, ShadowLook, ShadowPool, SignOff, Submission
from assessments.selectors.appeals import answerable_by, queue_of
from assessments.services import appeals, attempts, labs, shadow
from assessments.services.appeals import Answer
from assessments.services.shadow.judges import judges_of
from tests.assessments.labs.factories import BELOW_MINIMUM, MONDAY, back, handed_in, mentored, sign
from tests.assessments.quizzes.factories import MINUTE, NOW, decision, make_quiz, single, sit
from tests.assessments.recording import heard
from tests.assessments.regrading.factories import (
    correct,
    item_of,
    make_author,
    question_of,
    sit_with,
    with_right,
)
from tests.assessments.shadow.factories import AT, answer, judge, make_judge, make_learner, make_pool
from tests.people.factories import UserFactory
from tests.tracks.factories import EnrolmentFactory, MentorshipFactory
from tracks.errors import Refused

LATER = NOW + timedelta(hours=5)
Consequence = Appeal.Consequence
pytestmark = pytest.mark.django_db


def uphold(consequence, text="You are right.", **changes):
    return Answer(upheld=True, text=text, consequence=consequence, **changes)


REJECT = Answer(upheld=False, text="The policy says so in its second line.")


def refused(step):
    with pytest.raises(Refused) as refusal:
        step()
    return refusal.value.code


def give(appeal, given, actor, at=LATER):
    return appeals.answer(appeal=appeal, given=given, actor=actor, at=at)


@pytest.fixture
def author():
    return make_author()


def runner(cohort):
    """Who runs the cohort, with the right to answer."""
    person = UserFactory(perms=["assessments.answer_appeals"])
    assign_perm("tracks.run_cohort", person, cohort)
    return person


@pytest.fixture
def opened(cast):
    attempt = sit_with(quiz=cast.quiz, user=cast.learner, given={"edge": True})
    item = item_of(attempt, "edge")
    return appeals.appeal_question(item=item, reason="Unclear.", actor=cast.learner, at=NOW + 2 * MINUTE)


class TestOpening:
    def test_a_second_time_is_the_first_one(self, cast, opened):
        with heard(signals.appeal_changed) as facts:
            again = appeals.appeal_question(item=opened.item, reason="Again", actor=cast.learner, at=LATER)

        assert (again, again.reason, facts) == (opened, "Unclear.", [])

    def test_the_database_holds_one_a_question(self, opened):
        opened.pk = None
        with pytest.raises(IntegrityError), transaction.atomic():
            opened.save(force_insert=True)

    def test_is_announced_without_what_was_written(self, cast):
        item = item_of(sit(quiz=cast.quiz, user=cast.learner), "hours")
        with heard(signals.appeal_changed) as facts:
            appeals.appeal_question(item=item, reason="SECRET words", actor=cast.learner, at=LATER)

        assert [(fact.kind, fact.learner_id) for fact in facts] == [
            ("assessments.appeal_opened", cast.learner.pk)
        ]
        assert "SECRET" not in str(facts[0].payload)

    def test_only_of_ones_own_with_a_result_and_a_reason(self, cast, opened):
        item = opened.item
        assert (
            refused(lambda: appeals.appeal_question(item=item, reason="Mine", actor=cast.colleague, at=LATER))
            == "not_yours"
        )
        with pytest.raises(ValidationError):
            appeals.appeal_question(item=item, reason="  ", actor=cast.learner, at=LATER)

    @pytest.mark.parametrize(
        ("opened_at", "zone", "due"),
        [
            # A Wednesday: Thursday, Friday, Monday.
            (datetime(2026, 11, 4, 9, 0, tzinfo=UTC), "UTC", datetime(2026, 11, 9, 9, 0, tzinfo=UTC)),
            # A Saturday counts as of the start of Monday.
            (datetime(2026, 11, 7, 15, 0, tzinfo=UTC), "UTC", datetime(2026, 11, 12, 0, 0, tzinfo=UTC)),
            # Still Friday in Los Angeles.
            (
                datetime(2026, 11, 7, 3, 0, tzinfo=UTC),
                "America/Los_Angeles",
                datetime(2026, 11, 12, 3, 0, tzinfo=UTC),
            ),
        ],
    )
    def test_three_working_days_of_the_cohort(self, cast, opened_at, zone, due):
        cast.cohort.timezone = zone
        cast.cohort.save()
        item = item_of(sit(quiz=cast.quiz, user=cast.learner), "hours")

        made = appeals.appeal_question(item=item, reason="Why", actor=cast.learner, at=opened_at)

        assert made.due_at == due
        assert (made.overdue_at(due), made.overdue_at(due + timedelta(seconds=1))) == (False, True)


class TestWhoAnswers:
    def test_a_question(self, cast, opened, author):
        elsewhere = runner(EnrolmentFactory().cohort)
        mentor = cast.mentor
        people = {
            "learner": (cast.learner, "own_appeal"),
            "mentor": (mentor, "not_allowed"),
            "elsewhere": (elsewhere, "not_allowed"),
            "without the right": (cast.cohort.created_by, "not_allowed"),
        }
        for actor, code in people.values():
            assert refused(lambda who=actor: give(opened, REJECT, who)) == code
            assert not queue_of(actor).exists()

        assert [queue_of(who).get() for who in (author, runner(cast.cohort))] == [opened, opened]

    def test_not_the_author_who_wrote_the_key(self, cast, opened, author):
        correct(cast.quiz, with_right(single(), 1), author)
        question = question_of(cast.quiz, "edge")
        question.edited_by = author
        question.save()

        assert refused(lambda: give(opened, REJECT, author)) == "not_allowed"

    def test_the_database_refuses_the_learner(self, opened):
        with pytest.raises(IntegrityError), transaction.atomic():
            Appeal.objects.filter(pk=opened.pk).update(
                answered_at=LATER, answered_by=opened.learner, upheld=False, answer="No", consequence="none"
            )

    def test_the_queue_asks_as_much_for_many(self, cast, author, django_assert_max_num_queries):
        counts = []
        for people in (1, 4):
            for _ in range(people):
                user = EnrolmentFactory(cohort=cast.cohort).user
                item = item_of(sit(quiz=cast.quiz, user=user), "edge")
                appeals.appeal_question(item=item, reason="Why", actor=user, at=LATER)
            who = type(author).objects.get(pk=author.pk)
            with django_assert_max_num_queries(12) as asked:
                assert len(queue_of(who)) == (1 if people == 1 else 5)
            counts.append(len(asked))
        assert counts[0] == counts[1]


class TestAnswering:
    def test_rejected_changes_nothing(self, cast, opened, author):
        with heard(signals.appeal_changed, signals.attempts_regraded) as facts:
            done = give(opened, REJECT, author)
            again = give(opened, REJECT, author)

        assert (done.upheld, done.consequence, done.answered_by) == (False, "none", author)
        assert again.answered_at == done.answered_at
        assert [fact.kind for fact in facts] == ["assessments.appeal_rejected"]

    def test_answered_once(self, cast, opened, author):
        give(opened, REJECT, author)
        assert refused(lambda: give(opened, uphold(Consequence.EXCUSED), author)) == "answered"
        assert refused(lambda: give(opened, REJECT, runner(cast.cohort))) == "answered"

    def test_needs_words_and_a_consequence_of_its_kind(self, opened, author):
        for given in (
            Answer(upheld=False, text=" "),
            uphold(Consequence.NONE),
            uphold(Consequence.REJUDGED),
        ):
            with pytest.raises(ValidationError):
                give(opened, given, author)
        assert Appeal.objects.get().is_open

    def test_excused_in_this_attempt(self, cast, opened):
        other = sit_with(quiz=cast.quiz, user=cast.colleague, given={"edge": True})

        done = give(opened, uphold(Consequence.EXCUSED), runner(cast.cohort))

        opened.item.attempt.refresh_from_db()
        other.refresh_from_db()
        assert (opened.item.attempt.points, opened.item.attempt.passed, other.points) == (3, True, 2)
        assert done.regrade.attempt == opened.item.attempt

    def test_excused_for_everybody_is_for_authors(self, cast, opened, author):
        other = sit_with(quiz=cast.quiz, user=cast.colleague, given={"edge": True})

        assert (
            refused(lambda: give(opened, uphold(Consequence.EXCUSED_ALL), runner(cast.cohort)))
            == "not_author"
        )
        assert Appeal.objects.get().is_open
        give(opened, uphold(Consequence.EXCUSED_ALL), author)

        other.refresh_from_db()
        assert other.points == 3

    def test_marked_again_by_a_corrected_key(self, cast, author):
        attempt = sit_with(quiz=cast.quiz, user=cast.learner, given={"blocked": 1})
        made = appeals.appeal_question(
            item=item_of(attempt, "blocked"), reason="It is the second.", actor=cast.learner, at=LATER
        )
        assert refused(lambda: give(made, uphold(Consequence.REGRADED), author)) == "nothing"
        writer = make_author()
        correct(cast.quiz, with_right(single(), 1), writer, at=LATER)

        give(made, uphold(Consequence.REGRADED), author)

        attempt.refresh_from_db()
        assert (attempt.points, attempt.passed) == (3, True)

    def test_an_answer_in_words_marked_anew_by_a_colleague(self, cast):
        quiz = make_quiz(module=cast.module, key="words", questions=(decision(), single()))
        given = {"refund": {"decision": "deny", "justification": "One refund a case."}}
        attempt = sit_with(quiz=quiz, user=cast.learner, given=given)
        position = item_of(attempt, "refund").position
        none = {position: {"policy": 0, "risk": 0}}
        attempts.mark(attempt=attempt, marks=none, comments={}, actor=cast.mentor, at=NOW + 3 * MINUTE)
        attempt.refresh_from_db()
        made = appeals.appeal_question(
            item=item_of(attempt, "refund"), reason="I named it.", actor=cast.learner, at=LATER
        )
        rights = ["assessments.review_labs", "assessments.answer_appeals"]
        colleague = UserFactory(perms=rights)
        MentorshipFactory(enrolment=EnrolmentFactory(cohort=cast.cohort), mentor=colleague)
        elsewhere = MentorshipFactory(mentor=UserFactory(perms=rights)).mentor

        assert not answerable_by(elsewhere).exists()
        give(made, uphold(Consequence.REMARKED, marks={"policy": "3", "risk": "1"}), colleague)

        attempt.refresh_from_db()
        assert (attempt.points, attempt.passed, ItemMark.objects.count()) == (2, True, 2)


class TestLabs:
    @pytest.fixture
    def sent_back(self):
        enrolment, mentor = mentored()
        submission = handed_in(enrolment=enrolment)
        marks = BELOW_MINIMUM
        review = back(submission, mentor, marks=marks)
        return enrolment, mentor, review

    def colleague(self, enrolment):
        rights = ["assessments.review_labs", "assessments.answer_appeals"]
        mentor = UserFactory(perms=rights)
        MentorshipFactory(enrolment=EnrolmentFactory(cohort=enrolment.cohort), mentor=mentor)
        return mentor

    def open(self, enrolment, review):
        return appeals.appeal_mark(
            review=review,
            criterion="classification",
            reason="All ten are on the right side.",
            actor=enrolment.user,
            at=MONDAY + timedelta(hours=2),
        )

    def test_upheld_the_work_goes_to_another_mentor(self, sent_back):
        enrolment, mentor, review = sent_back
        made = self.open(enrolment, review)
        second = MentorshipFactory(
            enrolment=enrolment, mentor=UserFactory(perms=["assessments.review_labs"])
        ).mentor

        done = give(made, uphold(Consequence.NEW_MARK, points=2), self.colleague(enrolment))

        assert (done.mark_before, done.mark_after) == ("Not yet (0)", "Sound (2)")
        assert (done.again.round, done.again.state) == (2, Submission.State.SUBMITTED)
        assert refused(lambda: back(done.again, mentor)) == "first_reviewer"
        assert sign(done.again, second).stands

    def test_work_that_was_changed_stays_the_learners_to_hand_in(self, sent_back):
        enrolment, _mentor, review = sent_back
        made = self.open(enrolment, review)
        labs.save_draft(
            enrolment=enrolment, lab=review.submission.lab, text="Better", actor=enrolment.user, at=MONDAY
        )

        done = give(made, uphold(Consequence.NEW_MARK, points=2), self.colleague(enrolment))

        assert (done.again.state, done.again.text) == (Submission.State.DRAFT, "Better")

    def test_signed_off_work_stays_signed_off(self):
        enrolment, mentor = mentored()
        signed = sign(handed_in(enrolment=enrolment), mentor)
        made = self.open(enrolment, signed.review)

        done = give(made, uphold(Consequence.NEW_MARK, points=3), self.colleague(enrolment))

        assert (done.again, done.mark_after) == (None, "Strong (3)")
        assert SignOff.objects.standing().get() == signed

    def test_never_the_first_reviewer_and_never_fewer_points(self, sent_back):
        enrolment, mentor, review = sent_back
        made = self.open(enrolment, review)
        colleague = self.colleague(enrolment)
        mentor.user_permissions.add(*colleague.user_permissions.all())
        mentor = type(mentor).objects.get(pk=mentor.pk)

        assert refused(lambda: give(made, REJECT, mentor)) == "not_allowed"
        assert refused(lambda: give(made, uphold(Consequence.NEW_MARK, points=0), colleague)) == "not_more"
        with pytest.raises(ValidationError):
            give(made, uphold(Consequence.NEW_MARK, points=7), colleague)

    def test_who_may_answer_sees_the_work(self, sent_back):
        enrolment, _mentor, review = sent_back
        colleague = self.colleague(enrolment)
        visible = Submission.objects.all().visible_to(colleague).filter(pk=review.submission_id)
        assert not visible.exists()
        made = self.open(enrolment, review)
        assert visible.exists()
        give(made, REJECT, colleague)
        assert not visible.exists()


class TestShadow:
    @pytest.fixture
    def looked(self):
        """Four cases: the learner says escalate where the judge says automate, and does not pass by it."""
        pool = make_pool(count=4, sample_size=4)
        ShadowPool.objects.update(mark_lower="0.3", mark_kappa="-1", mark_yellow=0)
        pool.refresh_from_db()
        learner = make_learner(pool)
        first = judges_of(pool)[0]
        wrong = pool.cases.get(key="TS-000")
        for _ in range(4):
            answer(
                pool,
                learner,
                answers=lambda case: (
                    ("escalate", False) if case == wrong else (case.right_decision, case.right_usable)
                ),
            )
        for case in pool.cases.order_by("key"):
            judge(case, first)
        return pool, learner, first, learner.shadow_samples.get(case=wrong)

    def open(self, sample, at=AT):
        return appeals.appeal_sample(sample=sample, reason="A lawyer wrote it.", actor=sample.learner, at=at)

    def third(self, pool):
        right = ["assessments.judge_cases", "assessments.answer_appeals"]
        person = UserFactory(perms=right)
        shadow.appoint_judge(pool=pool, user=person, actor=None, at=AT)
        return person

    def test_another_judge_changes_what_is_right_and_the_look_with_it(self, looked):
        pool, learner, _first, sample = looked
        old = ShadowLook.objects.get()
        assert (old.agreed, sample.agreed) == (3, False)
        made = self.open(sample)

        with heard(signals.look_taken, signals.case_rejudged) as facts:
            give(made, uphold(Consequence.REJUDGED, decision=Route.ESCALATE, usable=False), self.third(pool))

        sample.refresh_from_db()
        new = ShadowLook.objects.exclude(pk=old.pk).get()
        assert (sample.agreed, sample.case.judgements.count()) == (True, 2)
        assert (new.agreed, new.corrects, new.scored, new.taken_at) == (4, old, old.scored, old.taken_at)
        assert [fact.kind for fact in facts] == ["assessments.case_rejudged", "assessments.look_corrected"]
        assert facts[1].learner_id == learner.pk

    def test_nobody_loses_a_pass_by_it(self, looked):
        pool, _learner, first, sample = looked
        other = make_learner(pool)
        for _ in range(4):
            answer(pool, other)
        shadow.take_look(pool=pool, learner=other, at=AT)
        theirs = ShadowLook.objects.get(learner=other)
        ShadowLook.objects.filter(pk=theirs.pk).update(mark_lower="0.5", passed=True)
        made = self.open(sample)

        give(made, uphold(Consequence.REJUDGED, decision=Route.ESCALATE, usable=False), self.third(pool))

        assert ShadowLook.objects.get(learner=other) == theirs
        assert first not in [appeal.answered_by for appeal in Appeal.objects.all()]

    def test_not_the_judge_of_the_case_and_not_a_stranger_to_the_pool(self, looked):
        pool, _learner, first, sample = looked
        made = self.open(sample)
        stranger = make_judge()
        for person in (first, stranger):
            person.user_permissions.add(*self.third(pool).user_permissions.all())
            again = type(person).objects.get(pk=person.pk)
            assert refused(lambda who=again: give(made, REJECT, who)) == "not_allowed"

    def test_only_what_a_look_has_shown(self):
        pool = make_pool(count=6, sample_size=4)
        learner = make_learner(pool)
        sample = answer(pool, learner)
        judge(sample.case, judges_of(pool)[0])
        sample.refresh_from_db()

        assert refused(lambda: self.open(sample)) == "not_shown"

    def test_the_same_answer_is_no_reason(self, looked):
        pool, _learner, _first, sample = looked
        case = sample.case
        case.refresh_from_db()
        given = uphold(Consequence.REJUDGED, decision=case.settled_decision, usable=case.settled_usable)
        made = self.open(sample)

        assert refused(lambda: give(made, given, self.third(pool))) == "same"
