# ruff: noqa: RUF001  (intervals are written with an en dash)
"""Pages around labs: files to look at and to start from, second people, delegates, mentors' figures."""

from datetime import timedelta
from itertools import pairwise
from types import SimpleNamespace

import pytest
import time_machine
from django.core.files.base import ContentFile
from django.urls import reverse

from assessments.models import LabMark, Observation, SignOff
from assessments.selectors.mentor_statistics import mentor_statistics, nearest_rank
from assessments.services import labs
from tests.assessments.labs.factories import HOUR, MONDAY, back, handed_in, lab_of, mentored, sign, text_file
from tests.people.factories import UserFactory
from tests.tracks.factories import CohortFactory, EnrolmentFactory, MentorshipFactory
from tracks.models import Delegation, StarterFile
from tracks.services import content, delegations

pytestmark = [pytest.mark.django_db, pytest.mark.pages]
NOW = MONDAY + 3 * HOUR
RIGHTS = ["assessments.review_labs"]
ENOUGH = {"mark-classification": "2", "mark-reasons": "2"}
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 20
SECRET = "Mallory's marks: nothing is right."


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def cast():
    enrolment, mentor = mentored()
    other = MentorshipFactory(
        enrolment=EnrolmentFactory(cohort=enrolment.cohort), mentor=UserFactory(perms=RIGHTS)
    )
    return SimpleNamespace(
        enrolment=enrolment,
        learner=enrolment.user,
        mentor=mentor,
        colleague=other.mentor,
        stranger=MentorshipFactory(mentor=UserFactory(perms=RIGHTS)).mentor,
        runner=enrolment.cohort.created_by,
    )


def url(name, obj):
    return reverse(name, args=[obj.pk])


def status(client, person, address) -> int:
    client.force_login(person)
    response = client.get(address)
    if response.streaming:
        b"".join(response.streaming_content)
    return response.status_code


class TestViewing:
    def file(self, cast, name, body):
        submission = handed_in(enrolment=cast.enrolment, files=[ContentFile(body, name=name)])
        return submission.files.get()

    def test_text_is_shown_as_text_and_never_as_markup(self, client, cast):
        file = self.file(cast, "notes.md", "\ufeff<script>alert(1)</script> ümlaut".encode())
        client.force_login(cast.mentor)
        page = client.get(url("evidence_view", file)).content.decode()

        assert "&lt;script&gt;alert(1)&lt;/script&gt; ümlaut" in page
        assert "<script>alert" not in page
        assert client.get(url("evidence_inline", file)).status_code == 404

    def test_an_image_is_framed_by_our_page_and_cannot_do_anything(self, client, cast):
        file = self.file(cast, "board.png", PNG)
        client.force_login(cast.mentor)
        assert url("evidence_inline", file) in client.get(url("evidence_view", file)).content.decode()
        response = client.get(url("evidence_inline", file))

        assert b"".join(response.streaming_content) == PNG
        assert response["Content-Disposition"] == 'inline; filename="board.png"'
        assert response["Content-Type"] == "image/png"
        assert response["X-Content-Type-Options"] == "nosniff"
        assert response["Content-Security-Policy"].endswith("sandbox")
        assert response["X-Frame-Options"] == "DENY"

    def test_a_pdf_is_framed_by_our_own_pages_alone(self, client, cast):
        file = self.file(cast, "plan.pdf", b"%PDF-1.7 ...")
        client.force_login(cast.mentor)
        page = client.get(url("evidence_view", file))
        assert "frame-src 'self'" in page["Content-Security-Policy"]
        response = client.get(url("evidence_inline", file))
        b"".join(response.streaming_content)

        assert response["X-Frame-Options"] == "SAMEORIGIN"
        assert "default-src 'none'" in response["Content-Security-Policy"]
        assert "frame-ancestors 'self'" in response["Content-Security-Policy"]

    def test_another_type_is_a_download_alone(self, client, cast):
        file = self.file(cast, "notes.txt", b"x")
        type(file).objects.update(content_type="text/html")
        client.force_login(cast.mentor)

        assert client.get(url("evidence_view", file)).status_code == 404
        assert client.get(url("evidence_inline", file)).status_code == 404

    @pytest.mark.parametrize("name", ["evidence_view", "evidence_inline"])
    def test_only_for_who_sees_the_evidence(self, client, cast, name):
        address = url(name, self.file(cast, "board.png", PNG))

        assert [status(client, p, address) for p in (cast.learner, cast.mentor, cast.runner)] == [200] * 3
        assert [status(client, p, address) for p in (cast.colleague, cast.stranger)] == [404] * 2


class TestStarterFiles:
    def put(self, enrolment, lab, **texts):
        return content.put_lab(
            module=lab.module,
            key=lab.key,
            title=lab.title,
            minutes=30,
            brief="Draw.",
            evidence=lab.evidence,
            rubric=lab.rubric,
            pass_points=4,
            position=0,
            at=MONDAY,
            starter={f"{name}.csv": text for name, text in texts.items()},
        )

    def test_who_is_enrolled_takes_them_from_the_labs_page(self, client, cast):
        lab = lab_of(cast.enrolment)
        self.put(cast.enrolment, lab, sheet="a,b\n")
        client.force_login(cast.learner)
        file = StarterFile.objects.get()
        assert file.get_absolute_url() in client.get(url("lab", lab)).content.decode()
        response = client.get(file.get_absolute_url())

        assert response.content == b"a,b\n"
        assert response["Content-Disposition"] == 'attachment; filename="sheet.csv"'
        assert response["X-Content-Type-Options"] == "nosniff"

    def test_nobody_else_but_mentors_and_who_runs_it(self, client, cast):
        lab = lab_of(cast.enrolment)
        self.put(cast.enrolment, lab, sheet="a,b\n")
        address = StarterFile.objects.get().get_absolute_url()
        gone = EnrolmentFactory(cohort=cast.enrolment.cohort, state="withdrawn", withdrawn_at=MONDAY).user

        assert [status(client, p, address) for p in (cast.mentor, cast.colleague, cast.runner)] == [200] * 3
        assert [status(client, p, address) for p in (cast.stranger, gone, UserFactory())] == [404] * 3

    def test_another_text_has_another_address_and_the_old_one_stays(self, client, cast):
        lab = lab_of(cast.enrolment)
        self.put(cast.enrolment, lab, sheet="a,b\n", notes="x")
        old = StarterFile.objects.get(name="sheet.csv").get_absolute_url()
        assert self.put(cast.enrolment, lab, sheet="a,c\n")[1]
        assert not self.put(cast.enrolment, lab, sheet="a,c\n")[1]
        client.force_login(cast.learner)

        assert client.get(old).content == b"a,b\n"
        assert [file.body for file in lab.starter_files.live()] == ["a,c\n"]
        assert client.get(old.replace("sheet.csv", "notes.csv")).status_code == 404
        assert self.put(cast.enrolment, lab, sheet="a,b\n")[1]
        assert lab.starter_files.live().get().get_absolute_url() == old


class TestSecondMarker:
    @pytest.fixture
    def submission(self, cast):
        return handed_in(enrolment=cast.enrolment, lab=lab_of(cast.enrolment, second_marker=True))

    def mark(self, client, submission, person, **fields):
        client.force_login(person)
        form = {"evidence_hash": submission.content_hash, "comment": SECRET, **ENOUGH, **fields}
        return client.post(url("lab_mark", submission), form)

    def test_the_second_marker_sees_nothing_of_the_first(self, client, cast, submission):
        assert status(client, cast.colleague, url("review", submission)) == 200
        assert "Mark it" not in client.get(reverse("review_queue")).content.decode()
        response = self.mark(client, submission, cast.mentor, **{"note-reasons": "Thin."})
        assert response.url == reverse("review_queue")
        assert LabMark.objects.get().marks[1]["comment"] == "Thin."
        client.force_login(cast.colleague)

        queue = client.get(reverse("review_queue")).content.decode()
        assert "Mark it; a second person marks as well" in queue
        for address in (
            url("review", submission),
            url("submission", submission),
            reverse("review_queue"),
        ):
            page = client.get(address).content.decode()
            assert "Thin." not in page
            assert SECRET.partition(" ")[2] not in page
            assert "4 points" not in page
        assert "You are the second marker" in client.get(url("review", submission)).content.decode()

    def test_settled_marks_are_signed_by_a_mentor(self, client, cast, submission):
        self.mark(client, submission, cast.mentor)
        self.mark(client, submission, cast.colleague)
        client.force_login(cast.mentor)
        page = client.get(url("review", submission)).content.decode()
        assert "Settled: 4 points, 4 to pass" in page
        assert page.count("nothing is right") == 2
        form = {"evidence_hash": submission.content_hash, "comment": "Well done."}
        client.post(url("sign_off", submission), form)
        assert SignOff.objects.get().stands

        client.force_login(cast.learner)
        page = client.get(url("submission", submission)).content.decode()
        assert "Well done." in page
        assert "nothing is right" not in page

    def test_a_third_person_sees_both_where_they_differ(self, client, cast, submission):
        third = MentorshipFactory(
            enrolment=EnrolmentFactory(cohort=cast.enrolment.cohort), mentor=UserFactory(perms=RIGHTS)
        ).mentor
        self.mark(client, submission, cast.mentor)
        self.mark(client, submission, cast.colleague, **{"mark-reasons": "0"})
        client.force_login(third)

        assert "Settle it: two markers differ" in client.get(reverse("review_queue")).content.decode()
        assert client.get(url("review", submission)).content.decode().count("nothing is right") == 2
        client.force_login(cast.colleague)
        page = client.get(url("review", submission)).content.decode()
        assert "Your marks are kept" in page
        assert "nothing is right" not in page

    def test_a_stranger_finds_nothing(self, client, cast, submission):
        assert status(client, cast.stranger, url("review", submission)) == 404
        assert self.mark(client, submission, cast.stranger).status_code == 404
        assert self.mark(client, submission, cast.learner).status_code == 403


class TestCountersign:
    @pytest.fixture
    def signed(self, cast):
        lab = lab_of(cast.enrolment, countersigned=True)
        return sign(handed_in(enrolment=cast.enrolment, lab=lab), cast.mentor, at=NOW - HOUR)

    def test_a_colleague_finds_it_in_the_queue_and_signs(self, client, cast, signed):
        client.force_login(cast.colleague)
        assert url("countersign", signed) in client.get(reverse("review_queue")).content.decode()
        assert "Ten lines drawn." in client.get(url("countersign", signed)).content.decode()
        response = client.post(url("countersign", signed), {"evidence_hash": signed.evidence_hash})

        assert response.url == reverse("review_queue")
        assert SignOff.objects.get().countersigned_by == cast.colleague
        assert client.get(url("countersign", signed)).status_code == 302

    def test_another_page_of_evidence_signs_nothing(self, client, cast, signed):
        client.force_login(cast.colleague)
        response = client.post(url("countersign", signed), {"evidence_hash": "0" * 64})

        assert response.status_code == 409
        assert "This is not the evidence that was signed" in response.content.decode()
        assert SignOff.objects.get().pending

    def test_the_learner_reads_that_it_does_not_count_yet(self, client, cast, signed):
        client.force_login(cast.learner)
        assert "a second person signs next" in client.get(url("lab", signed.lab)).content.decode()
        assert client.get(url("countersign", signed)).status_code == 403

    def test_neither_the_signer_nor_a_stranger(self, client, cast, signed):
        client.force_login(cast.mentor)
        response = client.post(url("countersign", signed), {"evidence_hash": signed.evidence_hash})
        assert response.url == signed.submission.get_absolute_url()
        assert status(client, cast.stranger, url("countersign", signed)) == 404
        assert SignOff.objects.get().pending


class TestObserve:
    @pytest.fixture
    def address(self, cast):
        cast.lab = lab_of(cast.enrolment, observed_cases=2)
        return reverse("observe", args=[cast.enrolment.pk, cast.lab.pk])

    def test_a_mentor_records_and_takes_back(self, client, cast, address):
        client.force_login(cast.mentor)
        assert address in client.get(url("mentee", cast.enrolment)).content.decode()
        form = {"happened_on": "2026-11-02", "what": "Refund 13", "outcome": "helped", "note": "Calm."}
        assert client.post(address, form).url == address
        page = client.get(address).content.decode()
        assert "1 of 2 observed cases" in page
        assert "Calm." in page
        client.force_login(cast.learner)
        assert "Refund 13" in client.get(url("lab", cast.lab)).content.decode()
        client.force_login(cast.mentor)
        client.post(url("observation_remove", Observation.objects.get()))
        assert not Observation.objects.exists()

    def test_what_is_wrong_stays_with_its_reason(self, client, cast, address):
        client.force_login(cast.mentor)
        response = client.post(address, {"happened_on": "2026-11-03", "what": "x", "outcome": "alone"})
        assert response.status_code == 422
        assert response.context["form"].errors == {"happened_on": ["This day has not come yet."]}

    def test_nobody_but_the_mentor(self, client, cast, address):
        assert status(client, cast.colleague, address) == 404
        assert status(client, cast.learner, address) == 403


class TestDelegate:
    def test_is_named_seen_by_both_and_ended(self, client, cast):
        client.force_login(cast.mentor)
        form = {"delegate": cast.stranger.pk, "first_day": "2026-11-02", "last_day": "2026-11-06"}
        assert client.post(reverse("delegate"), form).url == reverse("delegate")
        held = Delegation.objects.get()
        assert f"{cast.stranger} stands in for you" in client.get(reverse("delegate")).content.decode()
        handed_in(enrolment=cast.enrolment)
        client.force_login(cast.stranger)
        assert "You stand in for" in client.get(reverse("delegate")).content.decode()
        assert "you stand in" in client.get(reverse("review_queue")).content.decode()
        assert client.post(url("delegate_end", held)).status_code == 404
        client.force_login(cast.mentor)
        client.post(url("delegate_end", held))
        assert Delegation.objects.get().ended_at == NOW

    def test_says_what_is_wrong(self, client, cast):
        client.force_login(cast.mentor)
        form = {"delegate": cast.learner.pk, "first_day": "2026-11-01", "last_day": "2026-11-06"}
        response = client.post(reverse("delegate"), form)

        assert response.status_code == 422
        assert list(response.context["form"].errors) == ["delegate"]
        form["delegate"] = cast.stranger.pk
        assert list(client.post(reverse("delegate"), form).context["form"].errors) == ["first_day"]
        assert status(client, cast.learner, reverse("delegate")) == 403


class TestBulk:
    def test_signs_the_chosen_ones(self, client, cast):
        work = [
            handed_in(enrolment=cast.enrolment, lab=lab_of(cast.enrolment, rubric=[], pass_points=None))
            for _ in range(2)
        ]
        handed_in(enrolment=cast.enrolment)
        client.force_login(cast.mentor)
        page = client.get(reverse("review_queue")).content.decode()
        values = [f"{each.pk}:{each.content_hash}" for each in work]
        assert [value in page for value in values] == [True, True]
        assert page.count('name="chosen"') == 2
        response = client.post(reverse("sign_off_many"), {"chosen": values}, follow=True)
        assert "2 labs signed off." in response.content.decode()

    @pytest.mark.parametrize("chosen", [[], ["x"], ["00000000-0000-0000-0000-000000000000:x"]])
    def test_nothing_sensible_signs_nothing(self, client, cast, chosen):
        client.force_login(cast.mentor)
        response = client.post(reverse("sign_off_many"), {"chosen": chosen}, follow=True)
        assert response.status_code == 200
        assert not SignOff.objects.exists()


class TestQueue:
    def fill(self, cast, count):
        cohort = cast.enrolment.cohort
        for _ in range(count):
            enrolment = MentorshipFactory(
                enrolment=EnrolmentFactory(cohort=cohort), mentor=cast.mentor
            ).enrolment
            labs.claim(submission=handed_in(enrolment=enrolment), actor=cast.mentor, at=NOW)
            marked = handed_in(enrolment=enrolment, lab=lab_of(enrolment, second_marker=True))
            labs.mark(
                submission=marked,
                marks={"classification": 2, "reasons": 2},
                evidence_hash=marked.content_hash,
                actor=cast.mentor,
                at=NOW,
            )
            sign(handed_in(enrolment=enrolment, lab=lab_of(enrolment, countersigned=True)), cast.mentor)

    @pytest.mark.parametrize("count", [1, 4])
    def test_of_all_kinds_takes_a_constant_number_of_queries(
        self, client, cast, count, django_assert_num_queries
    ):
        self.fill(cast, count)
        for person, waiting, queries in ((cast.mentor, count, 9), (cast.colleague, 2 * count, 7)):
            client.force_login(person)
            client.get(reverse("review_queue"))
            with django_assert_num_queries(queries):
                assert client.get(reverse("review_queue")).context["total"] == waiting

    def test_how_soon_is_the_labs_own(self, client, cast, clock):
        handed_in(enrolment=cast.enrolment, lab=lab_of(cast.enrolment, review_days=1))
        handed_in(enrolment=cast.enrolment, lab=lab_of(cast.enrolment), at=MONDAY + timedelta(minutes=1))
        clock.move_to(MONDAY + timedelta(days=1, hours=1))
        client.force_login(cast.mentor)
        page = client.get(reverse("review_queue"))

        assert [each.late for each in page.context["page"]] == [True, False]
        assert "1 lab is past its due time" in page.content.decode()


class TestMentorStatistics:
    def decide(self, cohort, mentor, *, signed, hours=1, count=1):
        for _ in range(count):
            enrolment = MentorshipFactory(enrolment=EnrolmentFactory(cohort=cohort), mentor=mentor).enrolment
            (sign if signed else back)(handed_in(enrolment=enrolment), mentor, at=MONDAY + hours * HOUR)

    def test_times_and_shares_with_their_n(self, cast):
        cohort, mentor = cast.enrolment.cohort, cast.mentor
        for hours in (1, 2, 3, 10):
            self.decide(cohort, mentor, signed=True, hours=hours)
        self.decide(cohort, mentor, signed=False, hours=100)
        (line,) = mentor_statistics(user=cast.runner).mentors

        assert (line.rounds, line.signed) == (5, 4)
        assert (line.median, line.p90) == (2 * HOUR, 10 * HOUR)
        assert line.first_round.text == "4 of 5 (38–96 %)"
        assert (line.later_rounds.text, line.late.text) == ("–", "1 of 5 (4–62 %)")

    def test_little_says_nothing_and_much_stands_out(self, cast):
        cohort, strict = cast.enrolment.cohort, UserFactory(perms=RIGHTS, name="Zoë Strict")
        self.decide(cohort, cast.mentor, signed=True, count=10)
        self.decide(cohort, strict, signed=False, count=9)
        assert [line.stands_out for line in mentor_statistics(user=cast.runner).mentors] == [[], []]
        self.decide(cohort, strict, signed=False)

        assert [line.stands_out for line in mentor_statistics(user=cast.runner).mentors] == [
            ["Passes more first rounds than others"],
            ["Passes fewer first rounds"],
        ]

    def test_only_cohorts_that_one_runs(self, client, cast):
        other = CohortFactory()
        self.decide(other, cast.mentor, signed=True)

        assert mentor_statistics(user=cast.runner).mentors == []
        assert len(mentor_statistics(user=other.created_by).mentors) == 1
        assert status(client, cast.mentor, reverse("mentor_statistics")) == 403

    def ring(self, cohort, size):
        people = [UserFactory(perms=RIGHTS) for _ in range(size)]
        for place, learner in enumerate(people):
            enrolment = EnrolmentFactory(user=learner, cohort=cohort)
            mentor = people[place - 1]
            MentorshipFactory(enrolment=enrolment, mentor=mentor)
            sign(handed_in(enrolment=enrolment), mentor)
        return people

    @pytest.mark.parametrize("size", [3, 6])
    def test_rings_are_shown_in_a_constant_number_of_queries(
        self, client, cast, size, django_assert_num_queries
    ):
        people = self.ring(cast.enrolment.cohort, size)
        cast.runner.user_permissions.add(*UserFactory(perms=["tracks.run_cohorts"]).user_permissions.all())
        client.force_login(cast.runner)
        client.get(reverse("mentor_statistics"))
        with django_assert_num_queries(7):
            page = client.get(reverse("mentor_statistics"))

        (ring,) = page.context["statistics"].rings
        assert {link.signer for link in ring} == set(people)
        assert all(link.learner == following.signer for link, following in pairwise(ring))
        assert "1 group of people signs for one another" in page.content.decode()

    def test_rings_of_other_cohorts_are_not_shown(self, cast):
        self.ring(CohortFactory(), 3)
        assert mentor_statistics(user=cast.runner).rings == []

    def test_a_withdrawn_signature_is_no_ring(self, cast):
        self.ring(cast.enrolment.cohort, 3)
        held = SignOff.objects.first()
        labs.withdraw_sign_off(sign_off=held, reason="Not so.", actor=held.signer, at=NOW)
        assert mentor_statistics(user=cast.runner).rings == []

    def test_percentiles_are_nearest_ranks(self):
        times = [timedelta(hours=n) for n in range(1, 11)]
        assert [nearest_rank(times, p) for p in (50, 90, 100)] == [times[4], times[8], times[9]]
        assert nearest_rank([], 50) is None


def test_a_delegate_finds_the_mentees_of_who_is_away(client, cast):
    delegations.name_delegate(
        delegate=cast.stranger, first_day=NOW.date(), last_day=NOW.date(), actor=cast.mentor, at=NOW
    )
    submission = handed_in(enrolment=cast.enrolment, files=[text_file()])
    assert status(client, cast.stranger, url("mentee", cast.enrolment)) == 200
    assert status(client, cast.stranger, url("review", submission)) == 200
    client.post(
        url("sign_off", submission), {"evidence_hash": submission.content_hash, "comment": "", **ENOUGH}
    )
    assert f"in place of {cast.mentor}" in client.get(url("submission", submission)).content.decode()
