"""What an erasure takes beside prompts: evidence of labs, reasons, answers in words; and what it leaves."""

import json
from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.urls import reverse

from assessments.models import Appeal, AttemptItem, CaseDecision, EvidenceFile, Submission
from assessments.services import attempts, labs
from assessments.services.erasing import words_of
from enablement.access.models import Erasure
from enablement.access.services import retention
from enablement.jobs.models import Job, JobState
from enablement.ledger import services as ledger
from enablement.ledger.models import LedgerEntry
from surveys.models import Answer
from surveys.services import answer, put_survey
from tests.access.factories import MicrotoolFactory
from tests.assessments.labs.factories import back, handed_in, lab_of, sign, text_file
from tests.assessments.quizzes.factories import decision, make_quiz
from tests.assessments.scenarios.factories import decide, make_set, start
from tests.jobs.conftest import run
from tests.people.factories import UserFactory
from tests.surveys.factories import ANSWERS, SPEC
from tests.tracks.factories import START, EnrolmentFactory, MentorshipFactory, ModuleFactory
from tracks.errors import Refused

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
AT = START + 10 * DAY
#: In everything that she writes, and in nothing else.
HERS = "Her own words"


@dataclass
class Work:
    """One person's: a round that is signed off, one that was sent back, the draft after it."""

    enrolment: object
    mentor: object
    signed: Submission
    sent_back: Submission
    draft: Submission


def work(tool, **user) -> Work:
    """At START: two labs, a case, a quiz's decision, a survey, an appeal."""
    enrolment = EnrolmentFactory(cohort__track=tool.track, **user)
    mentor = UserFactory(perms=["assessments.review_labs"])
    MentorshipFactory(enrolment=enrolment, mentor=mentor)
    learner = enrolment.user
    signed = handed_in(enrolment=enrolment, text=HERS, files=[text_file(f"{HERS}.txt", HERS.encode())])
    sign_off = sign(signed, mentor)
    Appeal.objects.create(
        kind="lab",
        learner=learner,
        enrolment=enrolment,
        review=sign_off.review,
        criterion="reasons",
        reason=HERS,
        opened_at=START,
        due_at=AT,
    )
    sent_back = handed_in(enrolment=enrolment, lab=lab_of(enrolment), text=HERS, files=[text_file()])
    back(sent_back, mentor)
    draft = labs.save_draft(
        enrolment=enrolment, lab=sent_back.lab, link="https://example.com/hers", actor=learner, at=START
    )
    decide(
        start(tool.track.scenario_set, learner, at=START),
        1,
        justification=f"{HERS} say why it is so.",
        at=START,
    )
    attempt = attempts.start(quiz=tool.track.modules.get(key="asked").quizzes.get(), actor=learner, at=START)
    attempts.save(
        attempt=attempt,
        answers={1: {"decision": "deny", "justification": HERS}},
        actor=learner,
        at=START,
    )
    attempts.submit(attempt=attempt, actor=learner, at=START)
    answer(
        survey=tool.track.surveys.get(),
        respondent=learner,
        answers={**ANSWERS, "missing": HERS},
        actor=learner,
        at=START,
    )
    return Work(enrolment=enrolment, mentor=mentor, signed=signed, sent_back=sent_back, draft=draft)


@pytest.fixture
def tool():
    made = MicrotoolFactory(key="triage", title="Triage")
    make_set(track=made.track)
    make_quiz(module=ModuleFactory(track=made.track, key="asked"), questions=(decision(),))
    put_survey(track=made.track, spec=SPEC, at=START)
    return made


@pytest.fixture
def hers(tool):
    return work(tool, user__email="amara@example.com")


@pytest.fixture
def officer(db):
    return UserFactory(groups=["compliance"])


def written(person):
    """Where words of hers are left in the tables, and under which names her files lie."""
    words = words_of(person)
    rows = [*words.submissions, *words.cases, *words.answers, *words.appeals]
    names = EvidenceFile.objects.kept().filter(submission__enrolment__user=person)
    texts = Answer.objects.filter(response__respondent=person, text__contains=HERS)
    return len(rows), names.count(), texts.count()


def erase(person, officer, at=AT):
    return retention.erase(person=person, reason="Asked in writing", actor=officer, at=at)


def entries(kind):
    return [json.loads(entry.payload) for entry in LedgerEntry.objects.filter(kind=kind)]


def test_everything_that_she_wrote_goes_and_what_was_decided_stays(hers, tool, officer):
    other = work(tool)
    person, before = hers.enrolment.user, hers.signed.content_hash
    stored = sorted(EvidenceFile.objects.filter(submission=hers.signed).values_list("file", flat=True))
    assert (written(person), written(other.enrolment.user)) == ((6, 3, 1), (6, 3, 1))

    made = erase(person, officer)

    assert (made.evidence, made.answers) == (3, 4)
    assert (written(person), written(other.enrolment.user)) == ((0, 0, 0), (6, 3, 1))
    signed = Submission.objects.get(pk=hers.signed.pk)
    assert (signed.text, signed.link, signed.erased_at, signed.state) == ("", "", AT, "signed_off")
    assert (signed.content_hash, signed.sign_offs.get().evidence_hash) == (before, before)
    assert signed.reviews.get().points == 4
    [file] = signed.files.all()
    assert (file.name, file.file.name, len(file.sha256)) == ("[erased]", "", 64)
    draft = Submission.objects.get(pk=hers.draft.pk)
    assert (draft.text, draft.link, draft.erased_at, draft.files.count()) == ("", "", None, 0)
    assert CaseDecision.objects.get(learner=person, decided_at__isnull=False).justification == "[erased]"
    assert AttemptItem.objects.get(attempt__user=person).response == {
        "decision": "deny",
        "justification": "[erased]",
    }
    said = Answer.objects.filter(response__respondent=person)
    assert sorted(said.values_list("text", flat=True)) == ["", "[erased]", "named", "yes"]

    assert labs.void_changed(at=AT + DAY) == 0
    assert person.sign_offs.standing().count() == 1
    assert ledger.verify(at=AT).intact
    assert HERS not in "".join(LedgerEntry.objects.values_list("payload", flat=True))
    [record] = entries("assessments.words_erased")
    assert sorted(each["evidence_hash"] for each in record["evidence"]) == sorted(
        [before, hers.sent_back.content_hash]
    )
    assert {name: record[name] for name in ("cases", "answers", "appeals")} == {
        "cases": 1,
        "answers": 1,
        "appeals": 1,
    }
    assert entries("surveys.words_erased") == [{"answers": 1}]
    [record] = entries("access.content_erased")
    assert (record["evidence"], record["answers"]) == (3, 4)

    assert all(default_storage.exists(name) for name in stored)
    job = Job.objects.get(kind="assessments.tasks.delete_erased_files")
    assert run(job).state == JobState.DONE
    assert not any(default_storage.exists(name) for name in stored)
    assert all(file.file.storage.exists(file.file.name) for file in EvidenceFile.objects.kept())


def test_a_second_time_finds_nothing_and_says_nothing_new(hers, officer):
    person = hers.enrolment.user
    erase(person, officer)
    again = erase(person, officer, at=AT + DAY)
    assert (again.evidence, again.answers, Erasure.objects.count()) == (0, 0, 2)
    assert Submission.objects.get(pk=hers.signed.pk).erased_at == AT
    assert len(entries("assessments.words_erased")) == len(entries("surveys.words_erased")) == 1
    assert Job.objects.filter(kind="assessments.tasks.delete_erased_files").count() == 1


HELD = {
    "her": lambda hers, tool: {"person": hers.enrolment.user},
    "the tool of the track": lambda hers, tool: {"microtool": tool},
    "her, those days": lambda hers, tool: {
        "person": hers.enrolment.user,
        "since": START,
        "until": START + DAY,
    },
}
NOT_HELD = {
    "another person": lambda hers, tool: {"person": hers.mentor},
    "another tool": lambda hers, tool: {"microtool": MicrotoolFactory()},
    "later days": lambda hers, tool: {"person": hers.enrolment.user, "since": START + DAY},
}


@pytest.mark.parametrize("about", [*HELD, *NOT_HELD])
def test_a_hold_over_any_of_it_keeps_all_of_it(hers, tool, officer, about):
    person = hers.enrolment.user
    retention.place_hold(
        reason="A dispute",
        review_on=AT.date(),
        actor=UserFactory(groups=["legal"]),
        at=START,
        **(HELD | NOT_HELD)[about](hers, tool),
    )
    if about in NOT_HELD:
        erase(person, officer)
        assert written(person) == (0, 0, 0)
        return
    with pytest.raises(Refused, match="legal hold"):
        erase(person, officer)
    assert written(person) == (6, 3, 1)
    assert not Erasure.objects.exists()
    assert not Job.objects.filter(kind="assessments.tasks.delete_erased_files").exists()


@pytest.mark.parametrize("kept", ["submissions", "cases", "answers", "appeals", "survey"])
def test_a_hold_finds_each_kind_by_itself(hers, tool, officer, kept):
    """All is later than the hold but one, which alone is reason enough."""
    person = hers.enrolment.user
    early, words = START - 100 * DAY, words_of(person)
    match kept:
        case "submissions":
            Submission.objects.filter(pk=hers.signed.pk).update(saved_at=early)
        case "cases":
            words.cases.update(decided_at=early)
        case "answers":
            words.answers.update(saved_at=early)
        case "appeals":
            words.appeals.update(opened_at=early)
        case "survey":
            person.survey_responses.update(submitted_at=early)
    counsel = UserFactory(groups=["legal"])
    retention.place_hold(
        reason="A dispute", review_on=AT.date(), until=early + DAY, microtool=tool, actor=counsel, at=START
    )
    with pytest.raises(Refused, match="legal hold"):
        erase(person, officer)
    assert written(person) == (6, 3, 1)


def test_nobody_signs_for_what_is_erased_and_work_goes_on_in_an_empty_round(hers, officer):
    learner = hers.enrolment.user
    waiting = handed_in(enrolment=hers.enrolment, lab=lab_of(hers.enrolment), text=HERS, files=[text_file()])
    erase(learner, officer)
    waiting.refresh_from_db()
    with pytest.raises(Refused, match="was erased"):
        sign(waiting, hers.mentor)
    back(waiting, hers.mentor)
    again = labs.save_draft(enrolment=hers.enrolment, lab=waiting.lab, text="New", actor=learner, at=AT)
    assert (again.round, again.text, again.files.count(), again.erased_at) == (2, "New", 0, None)


def test_pages_say_that_it_is_erased_and_give_nothing_away(hers, officer, client):
    file = EvidenceFile.objects.get(submission=hers.signed)
    erase(hers.enrolment.user, officer)
    for reader in (hers.enrolment.user, hers.mentor):
        client.force_login(reader)
        page = client.get(hers.signed.get_absolute_url()).content.decode()
        assert "were erased on 12 November 2026" in page
        assert "evidence erased on 12 November 2026; its fingerprint is kept" in page
        assert hers.signed.content_hash[:8] in page
        assert HERS not in page
        for name in ("evidence_file", "evidence_view", "evidence_inline"):
            assert client.get(reverse(name, args=[file.pk])).status_code == 404
    client.force_login(officer)
    page = client.get("/access/records/").content.decode()
    assert 'data-label="Rounds of labs">3<' in page
    assert 'data-label="Reasons and answers">4<' in page


def test_the_database_refuses_erased_evidence_that_is_there(hers):
    for broken, row in (({"erased_at": AT}, hers.signed), ({"erased_at": AT, "link": ""}, hers.draft)):
        with pytest.raises(IntegrityError, match="submission_erased_is_empty"), transaction.atomic():
            Submission.objects.filter(pk=row.pk).update(**broken)
