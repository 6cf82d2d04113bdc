"""Whatever people do, in whatever order: proof is a standing, fully signed sign-off by entitled others.

Hypothesis drives the services; a second, plain account of what happened says what has to be proof.
"""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from assessments.models import EvidenceFile, SignOff, Submission
from assessments.selectors import signed_off_labs
from assessments.services import labs
from tests.assessments.labs.factories import MONDAY, lab_of, text_file
from tests.machines import examples
from tests.people.factories import UserFactory
from tests.standing import lay_down
from tests.tracks.factories import CohortFactory, EnrolmentFactory, LabFactory
from tracks.errors import Refused
from tracks.models import ComponentCompletion, Delegation, Mentorship
from tracks.services import cohorts, delegations

pytestmark = pytest.mark.django_db
RIGHTS = ["assessments.review_labs"]
BEST, WORST = {"classification": 3, "reasons": 2}, {"classification": 0, "reasons": 0}
LEARNERS, LABS = st.integers(0, 1), st.integers(0, 2)
#: Below 5 that person, whoever it is; else one of those who may.
PEOPLE = st.integers(0, 12)
MOSTLY = st.sampled_from([True, True, True, False])


SETTINGS = settings(
    max_examples=examples(50), stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)


class Undo(Exception):
    """Leaves the transaction of one example."""


class SignOffs(RuleBasedStateMachine):
    """Two learners, who may review as well, and three mentors; a plain lab, one marked twice, and one that is
    observed and countersigned.
    """

    def __init__(self):
        super().__init__()
        self.transaction = transaction.atomic()
        self.transaction.__enter__()
        self.people, self.enrolments, self.labs = lay_down("machine of labs", self.begin)
        self.at = MONDAY
        self.texts = 0
        #: What stands, by (learner, lab): the text and file that were signed, who signed, who has yet to.
        self.signed = {}
        for learner, mentor in ((0, 2), (0, 3), (1, 3), (1, 0)):
            self.give_mentor(learner, mentor)
        for lab in range(3):
            self.write_and_hand_in(0, lab)

    @staticmethod
    def begin():
        people = [UserFactory(perms=RIGHTS) for _ in range(5)]
        cohort = CohortFactory()
        enrolments = [EnrolmentFactory(cohort=cohort, user=people[i]) for i in (0, 1)]
        of_them = [
            lab_of(enrolments[0]),
            LabFactory(module__track=cohort.track, second_marker=True, tolerance=1),
            LabFactory(module__track=cohort.track, countersigned=True, observed_cases=1),
        ]
        return people, enrolments, of_them

    def teardown(self):
        self.transaction.__exit__(Undo, Undo(), None)

    # What the account knows by itself, without the code under test.

    def mentors_of(self, learner):
        current = Mentorship.objects.filter(enrolment=self.enrolments[learner], ended_at=None)
        return {self.people.index(each.mentor) for each in current}

    def acting(self, mentors):
        standing_in = Delegation.objects.filter(ended_at=None, starts_at__lte=self.at, ends_at__gt=self.at)
        return mentors | {
            self.people.index(each.delegate)
            for each in standing_in
            if self.people.index(each.mentor) in mentors
        }

    def reviewers(self, learner):
        return self.acting(self.mentors_of(learner)) - {learner}

    def colleagues(self, learner):
        return self.acting(self.mentors_of(0) | self.mentors_of(1)) - {learner}

    def signs_for(self, signer, learner):
        """Whether a signature of this signer for the learner stands or waits."""
        return any(of == learner and signer in each["by"] for (of, _lab), each in self.signed.items())

    def latest(self, learner, lab):
        rounds = Submission.objects.filter(enrolment=self.enrolments[learner], lab=self.labs[lab])
        return rounds.order_by("-round").first()

    def whom(self, number, entitled):
        likely = sorted(entitled) or [number % 5]
        return number if number < 5 else likely[number % len(likely)]

    def attempt(self, step):
        """Whether it happened; a refusal leaves nothing behind."""
        self.at += timedelta(minutes=1)
        try:
            with transaction.atomic():
                step()
        except (Refused, ValidationError):
            return False
        return True

    # The learner's part.

    @rule(learner=LEARNERS, lab=LABS)
    def write_and_hand_in(self, learner, lab):
        if lab == 2:
            self.observe(learner, 5)
        self.texts += 1
        files = [labs.check_file(text_file(content=b"Lines %d." % self.texts))]

        def step():
            work = {"enrolment": self.enrolments[learner], "lab": self.labs[lab]}
            actor = self.people[learner]
            if (latest := self.latest(learner, lab)) and latest.state == "signed_off":
                labs.revise(**work, actor=actor, at=self.at)
            for old in EvidenceFile.objects.filter(submission__state="draft", submission__lab=self.labs[lab]):
                if old.submission.enrolment == self.enrolments[learner]:
                    labs.remove_file(evidence_file=old, actor=actor, at=self.at)
            draft = labs.save_draft(**work, text=f"Text {self.texts}", files=files, actor=actor, at=self.at)
            labs.hand_in(submission=draft, actor=actor, at=self.at)

        if self.attempt(step):
            self.signed.pop((learner, lab), None)

    @rule(learner=LEARNERS, person=PEOPLE)
    def observe(self, learner, person):
        person = self.whom(person, self.reviewers(learner))
        happened = self.attempt(
            lambda: labs.record_case(
                enrolment=self.enrolments[learner],
                lab=self.labs[2],
                happened_on=self.at.date(),
                what=f"Case at {self.at:%H:%M}",
                outcome="alone",
                actor=self.people[person],
                at=self.at,
            )
        )
        assert not happened or person in self.reviewers(learner)

    # What mentors and colleagues do.

    @rule(learner=LEARNERS, lab=LABS, person=PEOPLE)
    def claim(self, learner, lab, person):
        person %= 5
        if (work := self.latest(learner, lab)) is not None:
            self.attempt(lambda: labs.claim(submission=work, actor=self.people[person], at=self.at))

    @rule(learner=LEARNERS, person=PEOPLE, best=MOSTLY)
    def mark(self, learner, person, best):
        if (work := self.latest(learner, 1)) is None:
            return
        marked = {self.people.index(each.marker) for each in work.marks.all()}
        person = self.whom(person, (self.colleagues(learner) if marked else self.reviewers(learner)) - marked)
        before = work.marks.count()
        marks = BEST if best else WORST
        happened = self.attempt(
            lambda: labs.mark(
                submission=work,
                marks=marks,
                evidence_hash=work.content_hash,
                actor=self.people[person],
                at=self.at,
            )
        )
        if happened and work.marks.count() > before:
            assert person in (self.colleagues(learner) if before else self.reviewers(learner))

    @rule(learner=LEARNERS, lab=LABS, person=PEOPLE, best=MOSTLY, current=MOSTLY)
    def sign(self, learner, lab, person, best, current):
        if (work := self.latest(learner, lab)) is None:
            return
        person = self.whom(person, self.reviewers(learner))
        happened = self.attempt(
            lambda: labs.sign_off(
                submission=work,
                marks=BEST if best else WORST,
                comment="",
                evidence_hash=work.content_hash if current else "0" * 64,
                actor=self.people[person],
                at=self.at,
            )
        )
        if not happened or (learner, lab) in self.signed:
            return
        assert current
        assert person in self.reviewers(learner)
        assert not self.signs_for(learner, person)
        if lab == 1:
            parts = list(work.marks.values_list("marker", "points"))
            assert len({marker for marker, _points in parts}) >= 2
            # The best marks are 5 points; the third person's are those that count.
            assert parts[-1][1] == 5
        else:
            assert best
        self.signed[learner, lab] = {"by": {person}, "complete": lab != 2, "hash": work.content_hash}

    @rule(learner=LEARNERS, person=PEOPLE)
    def countersign(self, learner, person):
        found = SignOff.objects.filter(enrolment=self.enrolments[learner], lab=self.labs[2])
        if (sign_off := found.order_by("-signed_at").first()) is None:
            return
        shown, was_pending = sign_off.evidence_hash, sign_off.pending
        signers = {self.people.index(sign_off.signer)}
        person = self.whom(person, self.colleagues(learner) - signers)
        happened = self.attempt(
            lambda: labs.countersign(
                sign_off=sign_off, evidence_hash=shown, actor=self.people[person], at=self.at
            )
        )
        if happened and was_pending:
            account = self.signed[learner, 2]
            assert person in self.colleagues(learner) - account["by"]
            assert not self.signs_for(learner, person)
            account["by"].add(person)
            account["complete"] = True

    @rule(learner=LEARNERS, lab=LABS, number=st.integers(5, 12))
    def go_all_the_way(self, learner, lab, number):
        """By people who may, as far as there are such; the other rules then spoil it."""
        self.time_passes(9)
        if self.latest(learner, lab) is None or self.latest(learner, lab).state != "submitted":
            self.write_and_hand_in(learner, lab)
        if lab == 1:
            self.mark(learner, number, best=True)
            self.mark(learner, number, best=True)
        self.sign(learner, lab, number, best=True, current=True)
        if lab == 2:
            self.countersign(learner, number)

    @rule(learner=LEARNERS, lab=LABS, person=PEOPLE)
    def send_back(self, learner, lab, person):
        person %= 5
        if (work := self.latest(learner, lab)) is not None:
            happened = self.attempt(
                lambda: labs.send_back(
                    submission=work, marks={}, comment="Again.", actor=self.people[person], at=self.at
                )
            )
            assert not happened or person in self.reviewers(learner)

    @rule(learner=LEARNERS, lab=LABS, person=PEOPLE)
    def withdraw(self, learner, lab, person):
        person %= 5
        found = SignOff.objects.open().filter(enrolment=self.enrolments[learner], lab=self.labs[lab]).first()
        if found and self.attempt(
            lambda: labs.withdraw_sign_off(
                sign_off=found, reason="Not so.", actor=self.people[person], at=self.at
            )
        ):
            assert person != learner
            del self.signed[learner, lab]

    # What changes around them.

    @rule(hours=st.sampled_from([1, 9, 30]))
    def time_passes(self, hours):
        self.at += timedelta(hours=hours)

    @rule(learner=LEARNERS, person=PEOPLE)
    def give_mentor(self, learner, person):
        person %= 5
        self.attempt(
            lambda: cohorts.assign_mentor(
                enrolment=self.enrolments[learner], mentor=self.people[person], actor=None, at=self.at
            )
        )

    @rule(learner=LEARNERS, person=PEOPLE)
    def end_mentorship(self, learner, person):
        person %= 5
        found = Mentorship.objects.current().filter(
            enrolment=self.enrolments[learner], mentor=self.people[person]
        )
        for mentorship in found:
            self.attempt(
                lambda held=mentorship: cohorts.end_mentorship(mentorship=held, actor=None, at=self.at)
            )

    @rule(person=PEOPLE, other=PEOPLE, days=st.integers(0, 2))
    def delegate(self, person, other, days):
        person, other = person % 5, other % 5
        self.attempt(
            lambda: delegations.name_delegate(
                delegate=self.people[other],
                first_day=self.at.date(),
                last_day=self.at.date() + timedelta(days=days),
                actor=self.people[person],
                at=self.at,
            )
        )

    @rule(person=PEOPLE)
    def come_back(self, person):
        person %= 5
        for held in Delegation.objects.open().filter(mentor=self.people[person]):
            delegations.end_delegation(delegation=held, actor=self.people[person], at=self.at)

    @rule(learner=LEARNERS, lab=LABS)
    def swap_a_file(self, learner, lab):
        """Behind our back, on the disk: found by whoever signs next, and by the nightly look."""
        work = self.latest(learner, lab)
        for file in work.files.all() if work else ():
            name = f"{file.file.name}-swapped-{self.at:%d%H%M}"
            default_storage.save(name, ContentFile(b"Another text."))
            EvidenceFile.objects.filter(file=file.file.name).update(file=name)
        if work and (learner, lab) in self.signed:
            rests_on = SignOff.objects.open().get(enrolment=self.enrolments[learner], lab=self.labs[lab])
            files = {each.file.name for each in work.files.all()}
            if work.files.exists() and files & {each.file.name for each in rests_on.submission.files.all()}:
                labs.void_changed(at=self.at)
                del self.signed[learner, lab]

    @invariant()
    def proof_is_what_the_account_says(self):
        proof = signed_off_labs(enrolment_ids=[each.pk for each in self.enrolments])
        found = {
            (learner, lab)
            for learner, enrolment in enumerate(self.enrolments)
            for lab, each in enumerate(self.labs)
            if each.pk in proof.get(enrolment.pk, {})
        }
        assert found == {key for key, each in self.signed.items() if each["complete"]}

    @invariant()
    def proof_rests_on_exactly_its_evidence(self):
        for sign_off in SignOff.objects.standing().select_related("submission"):
            assert sign_off.evidence_hash == sign_off.submission.content_hash
            assert sign_off.submission.state == "signed_off"
            assert sign_off.learner_id not in (sign_off.signer_id, sign_off.countersigned_by_id)

    @invariant()
    def the_module_counts_what_is_proof(self):
        done = ComponentCompletion.objects.filter(enrolment__in=self.enrolments, withdrawn_at=None).count()
        assert done == sum(each["complete"] for each in self.signed.values())

    @invariant()
    def nobody_signs_for_who_signed_for_them(self):
        pairs = {(signer, of) for (of, _lab), each in self.signed.items() for signer in each["by"]}
        assert not any((of, signer) in pairs for signer, of in pairs)


def test_there_is_no_proof_but_by_entitled_others_on_exactly_that_evidence():
    run_state_machine_as_test(SignOffs, settings=SETTINGS)
