"""One person's whole way through the house, and everybody's part in it, in a real browser.

Each test walks one story from page to page; together they take every kind of step once.
"""

import csv
import io
import re

import pytest
from django.db import connections
from playwright.sync_api import Page, expect
from pypdf import PdfReader

from assessments.models import ShadowCase, ShadowSample
from enablement.demo.build import PLAYBOOK
from enablement.ledger import guards
from enablement.ledger.models import LedgerEntry
from tests.e2e.answers import right_answers
from tests.e2e.conftest import NAMES, SignIn
from tests.e2e.gateway import Gateway
from tests.e2e.pages.following import follow
from tests.e2e.pages.labs import LabPage, ReviewQueue, Round
from tests.e2e.pages.learning import Lesson, MyPath, Quiz, SurveyPage
from tests.e2e.pages.playbooks import Playbooks, Proposal
from tests.e2e.pages.program import Cohorts, Reports, wait_until
from tests.e2e.pages.shadow import JudgementQueue, ShadowMode
from tests.e2e.stacks import Stack

MENTOR_OF = {"engineer7": "mentor2", "engineer10": "mentor5"}
LAB, QUIZ, SURVEY = "Draw the line on ten workflows", "Front-line check", "Readiness"
PROMISE = """\
      - type: attestation
        policy: drafts
        title: "Drafts"
        statement: "I read every draft before I send it."
"""
#: What the gate asks for more binds at once whoever holds the tool already.
AT_ONCE = "    gating_immediate: true\n"
WORKSHEET = b"workflow,zone\ndelivery questions,automate\n"


def text_of(pdf: bytes) -> str:
    return " ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


def download(page: Page, link: str) -> bytes:
    with page.expect_download() as started:
        page.get_by_role("link", name=link, exact=True).click()
    return started.value.path().read_bytes()


def test_an_engineer_learns_and_a_mentor_signs_off(sign_in: SignIn, records: str, gateway: Gateway) -> None:
    """From nothing done to lessons, lab, quiz and survey, as the path leads; shadow mode is left."""
    engineer = sign_in("engineer10")
    path = MyPath(engineer)
    assert gateway.unmet("engineer10") == ["labs_signed_off", "quiz", "shadow_mode", "survey"]

    assert read_on(path) == 5
    expect(engineer.get_by_role("heading", name=LAB)).to_be_visible()
    hand_in_lab(engineer)
    assert read_on(path) == 5
    expect(engineer.get_by_role("heading", name=QUIZ)).to_be_visible()
    pass_quiz(engineer, records)

    mentor = sign_in(MENTOR_OF["engineer10"])
    sign_off(mentor, NAMES["engineer10"])

    path.open()
    follow(engineer.get_by_role("link", name=SURVEY).first)
    SurveyPage(engineer).answer()
    expect(engineer.get_by_role("region", name="Thank you")).to_be_visible()
    assert gateway.unmet("engineer10") == ["shadow_mode"]
    path.open()
    expect(path.verdict).to_contain_text("Triage summariser in shadow mode")


def read_on(path: MyPath) -> int:
    """Reads lessons as the path leads to them, up to the next thing that is none; how many they were."""
    lesson, read = Lesson(path.page), 0
    path.open().proceed()
    while lesson.is_open:
        lesson.read()
        read += 1
        if not lesson.is_open:
            path.open().proceed()
    return read


def hand_in_lab(engineer: Page) -> None:
    lab = LabPage(engineer)
    lab.write_and_see_it_saved("Your work", "Ten workflows, and the line between them.\n\n1. Delivery.")
    lab.write_and_see_it_saved("Link", "https://example.com/worksheet")
    lab.attach({"name": "worksheet.csv", "mimeType": "text/csv", "buffer": WORKSHEET})
    lab.hand_in()


def pass_quiz(engineer: Page, using: str) -> None:
    quiz = Quiz(engineer)
    quiz.start()
    quiz.answer_all(right_answers(quiz.attempt, using))
    expect(engineer.get_by_role("region", name="All questions are answered")).to_be_visible()
    quiz.hand_in()
    expect(engineer.get_by_role("region", name="Passed: 20 of 20 points")).to_be_visible()


def sign_off(mentor: Page, learner: str) -> None:
    review = ReviewQueue(mentor).open().take(learner)
    expect(review.evidence).to_contain_text("Ten workflows, and the line between them.")
    expect(review.evidence.get_by_role("link", name="https://example.com/worksheet")).to_be_visible()
    assert download(mentor, "worksheet.csv") == WORKSHEET
    review.keep()
    review.mark_best()
    review.sign_off("Clear lines.")
    expect(ReviewQueue(mentor).waiting(learner)).to_have_count(0)


def test_the_last_case_opens_the_tool_and_a_withdrawn_sign_off_closes_it(
    sign_in: SignIn, visitors, records: str, gateway: Gateway
) -> None:
    engineer = sign_in("engineer7")
    engineer.goto("/tools/")
    expect(engineer.get_by_role("region", name="Triage summariser")).to_contain_text("Locked")
    denied = gateway.ask("engineer7")
    assert denied["context"]["outcome"] == "deny"
    (gate,) = denied["context"]["unmet_gates"]
    assert (gate["type"], gate["actual"][:2]) == ("shadow_mode", "49")

    engineer.goto(gate["link"])
    case = ShadowMode(engineer).take()
    sample = ShadowSample.objects.using(records).select_related("case").get(pk=case.id)
    case.decide(sample.case.right_decision)
    case.judge(usable=sample.case.right_usable)
    expect(engineer.get_by_role("region", name="Passed", exact=True)).to_be_visible()

    assert gateway.allows("engineer7")
    engineer.goto("/tools/")
    expect(engineer.get_by_role("region", name="Triage summariser")).to_contain_text("Open since")

    public_id = certificate_arrives(engineer)
    verified = visitors.anonymous()
    verified.goto(f"/verify/{public_id}")
    expect(verified.get_by_role("region", name="This certificate is valid")).to_be_visible()
    expect(verified.get_by_text(NAMES["engineer7"])).to_have_count(0)

    mentor = sign_in(MENTOR_OF["engineer7"])
    mentor.goto("/mentees/")
    mentor.get_by_role("link", name=NAMES["engineer7"]).click()
    mentor.get_by_role("link", name="Round 1").click()
    Round(mentor).withdraw("The evidence belongs to another workflow.")
    assert not gateway.allows("engineer7")
    assert gateway.unmet("engineer7") == ["labs_signed_off"]
    engineer.goto("/tools/")
    expect(engineer.get_by_role("region", name="Triage summariser")).to_contain_text("Locked")


def certificate_arrives(engineer: Page) -> str:
    """The worker has made it; returns its public id."""
    link = engineer.get_by_role("link", name="Download (PDF)")

    def is_there() -> bool:
        engineer.goto("/certificates/")
        return link.is_visible()

    wait_until(engineer, is_there)
    assert NAMES["engineer7"] in text_of(download(engineer, "Download (PDF)"))
    follow(engineer.get_by_role("link", name="What others see"))
    found = re.search(r"/verify/([^/]+)", engineer.url)
    assert found
    return found[1]


def test_quality_assurance_judges_a_case_blind(sign_in: SignIn, records: str) -> None:
    judge = sign_in("qa1")
    queue = JudgementQueue(judge).open()
    before = int(re.search(r"(\d+) case", judge.get_by_role("main").inner_text())[1])

    case = queue.take()
    truth = ShadowCase.objects.using(records).get(pk=case.id)
    case.decide(truth.right_decision)
    case.judge(usable=truth.right_usable)

    queue.open()
    expect(judge.get_by_role("main")).to_contain_text(f"{before - 1} case")
    judge.get_by_role("link", name="Agreement").click()
    expect(judge.get_by_role("heading", name="Agreement").first).to_be_visible()


def test_a_program_manager_runs_a_cohort_and_reports_on_it(sign_in: SignIn) -> None:
    manager = sign_in("pm")
    manager.get_by_role("link", name="Front line, wave 2").click()
    expect(manager.get_by_role("region", name="What the gate needs")).to_contain_text("of 20")
    expect(manager.get_by_role("region", name="People").get_by_role("row")).to_have_count(21)

    cohort = Cohorts(manager).plan(name="Front line, wave 3", track="Front-line operations")
    cohort.enrol(
        {
            "name": "wave3.csv",
            "mimeType": "text/csv",
            "buffer": "email,mentor_email\nopsmanager@demo.example,mentor1@demo.example\n"
            "legal@demo.example,\n".encode("utf-8-sig"),
        }
    )
    expect(cohort.person("Otto Moreau")).to_contain_text("Marta Ivanova")
    expect(cohort.person("Leila Gallo")).to_contain_text("None yet")
    cohort.assign_mentor(learner="Leila Gallo", mentor="Mei Tanaka")
    cohort.start()
    expect(cohort.person("Leila Gallo")).to_contain_text("Mei Tanaka")

    reports = Reports(manager)
    reports.make("Front line, wave 2")
    assert "Front line, wave 2" in text_of(reports.fetch("PDF"))
    rows = list(csv.reader(io.StringIO(reports.fetch("CSV").decode("utf-8-sig"))))
    names = {NAMES[f"engineer{number}"] for number in range(1, 21)}
    assert names <= {cell for row in rows for cell in row}


def test_an_author_tightens_a_gate_alone_and_takes_it_back_by_the_chain(
    sign_in: SignIn, gateway: Gateway
) -> None:
    before = PLAYBOOK.read_text()
    tightened = before.replace(
        "        survey: readiness\n", f"        survey: readiness\n{PROMISE}{AT_ONCE}"
    )
    assert tightened != before
    author = sign_in("author")
    assert gateway.allows("engineer1")

    plan = Playbooks(author).upload(playbook("tighter.yaml", tightened))
    expect(plan.effects).to_contain_text("lose")
    expect(plan.effects).to_contain_text(NAMES["engineer1"])
    plan.apply("Everybody promises it first.")
    assert gateway.unmet("engineer1") == ["attestation"]

    plan = Playbooks(author).upload(playbook("as-before.yaml", before))
    expect(plan.effects).to_contain_text("gain")
    expect(plan.effects).to_contain_text(NAMES["engineer1"])
    address = plan.propose("The promise is in the contract already.")
    for handle in ("opsmanager", "security", "legal"):
        assert gateway.unmet("engineer1") == ["attestation"]
        Proposal(sign_in(handle)).approve(address, "It is.")
    assert gateway.allows("engineer1")


def playbook(name: str, text: str) -> dict[str, object]:
    return {"name": name, "mimeType": "application/yaml", "buffer": text.encode()}


@pytest.mark.last
def test_the_record_of_it_all_is_sound_and_shows_one_changed_byte(stack: Stack, records: str) -> None:
    database = connections[records]
    assert "chain intact" in stack.checked("ledger", "verify")
    entry = LedgerEntry.objects.using(records).exclude(links=None).order_by("recorded_at")[40]

    with database.cursor() as tampering:
        for guard in guards.guards(database.vendor):
            tampering.execute(guards.drop_statement(guard, database.vendor))
    same_entry = LedgerEntry.objects.using(records).filter(pk=entry.pk)
    same_entry.update(payload=entry.payload.replace("{", "[", 1))
    broken = stack.manage("ledger", "verify")
    same_entry.update(payload=entry.payload)
    stack.checked("migrate", "--skip-checks", "--verbosity=0")

    assert broken.returncode == 1
    assert f"entry {entry.pk}" in broken.stderr
    assert "chain intact" in stack.checked("ledger", "verify")
