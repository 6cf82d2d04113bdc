"""Every page of the way: who sees it, where it is, and what has to be clicked to get there."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Model
from django.urls import reverse
from playwright.sync_api import Page, expect

from assessments.models import (
    Attempt,
    CaseDecision,
    Drill,
    Quiz,
    ScenarioSet,
    ShadowCase,
    ShadowPool,
    SignOff,
    Submission,
)
from enablement.access.models import ApprovalRequest
from enablement.certificates.models import Certificate
from enablement.demo.build import PLAYBOOK
from enablement.demo.cast import DOMAIN
from enablement.people.models import User
from enablement.programs.models import Session
from surveys.models import Response, Survey
from tests.e2e.pages.playbooks import GateEditor, Playbooks
from tests.e2e.pages.shadow import Case, JudgementQueue, ShadowMode
from tracks.models import Enrolment, Lab, Lesson

TRACK = "frontline_ops_t1"
JOB_SECONDS = 90


@dataclass(frozen=True)
class Records:
    """Looks things up in the stack's database."""

    using: str

    def one(self, model: type[Model], **where: object) -> Any:
        return model._default_manager.using(self.using).filter(**where).order_by("pk").first()

    def made(self, model: type[Model], **where: object) -> Any:
        """What a job of the demo makes, as soon as it has."""
        deadline = time.monotonic() + JOB_SECONDS
        while (found := self.one(model, **where)) is None:
            assert time.monotonic() < deadline, f"no {model.__name__} with {where}"
            time.sleep(0.2)
        return found

    def enrolment(self, handle: str) -> Any:
        return self.one(Enrolment, user__email=f"{handle}@{DOMAIN}", cohort__track__key=TRACK)


@dataclass(frozen=True)
class View:
    """`who`: a handle of the demo, or "" for somebody who is not signed in. `args` make the address;
    `then` goes on from there, and `lands` names the page that it leads to, where that is another one.
    """

    who: str
    name: str
    args: Callable[[Records], list[object]] = lambda _records: []
    then: Callable[[Page], object] = lambda _page: None
    lands: str = ""

    def address(self, using: str) -> str:
        return reverse(self.name, args=self.args(Records(using)))


def of(handle: str) -> dict[str, object]:
    return {"enrolment__user__email": f"{handle}@{DOMAIN}"}


def cohort(records: Records) -> list[object]:
    return [records.enrolment("engineer1").cohort_id]


def make_an_address(page: Page) -> None:
    page.get_by_role("button", name="Make an address").click()
    page.wait_for_url("**/sessions/calendar/")


def session(**where: object) -> Callable[[Records], list[object]]:
    return lambda records: [records.one(Session, cohort__track__key=TRACK, **where).pk]


def lesson(records: Records) -> list[object]:
    found = records.one(Lesson, module__track__key=TRACK, retired_at=None)
    return [TRACK, found.module.key, found.key]


def lab(records: Records) -> list[object]:
    return [records.one(Lab, module__track__key=TRACK, retired_at=None).pk]


def quiz(records: Records) -> list[object]:
    return [records.one(Quiz, module__track__key=TRACK, retired_at=None).pk]


def survey(records: Records) -> list[object]:
    return [records.one(Survey, track__key=TRACK, retired_at=None).pk]


def pool(records: Records) -> list[object]:
    return [records.one(ShadowPool, track__key=TRACK, retired_at=None).pk]


def attempt(handle: str) -> Callable[[Records], list[object]]:
    return lambda records: [records.one(Attempt, **of(handle)).pk]


def submission(handle: str) -> Callable[[Records], list[object]]:
    return lambda records: [records.one(Submission, **of(handle)).pk]


def sign_off(handle: str) -> Callable[[Records], list[object]]:
    return lambda records: [records.one(SignOff, **of(handle)).pk]


def observed_lab(records: Records) -> list[object]:
    return [records.one(Lab, observed_cases__gt=0, retired_at=None).pk]


def observed_by_mentor(records: Records) -> list[object]:
    found = records.one(Enrolment, user__email=f"opsmanager@{DOMAIN}")
    return [found.pk, *observed_lab(records)]


def enrolment(handle: str) -> Callable[[Records], list[object]]:
    return lambda records: [records.enrolment(handle).pk]


def person(handle: str) -> Callable[[Records], list[object]]:
    return lambda records: [records.one(User, email=f"{handle}@{DOMAIN}").pk]


def certificate(records: Records) -> list[object]:
    return [records.made(Certificate, user__email=f"engineer1@{DOMAIN}").public_id]


def open_case(records: Records) -> list[object]:
    """Nobody has judged it: who has is led on to the next."""
    return [records.one(ShadowCase, settled_at=None, dropped_at=None, retired_at=None, judgements=None).pk]


def drill(handle: str, kind: str, *more: object) -> Callable[[Records], list[object]]:
    return lambda records: [records.one(Drill, **of(handle), kind=kind).pk, *more]


def other_enrolment(handle: str) -> Callable[[Records], list[object]]:
    """Of somebody on another track than the front line's."""
    return lambda records: [records.one(Enrolment, user__email=f"{handle}@{DOMAIN}").pk]


def handled_case(records: Records) -> list[object]:
    return [records.one(CaseDecision, mode="supervised").pk]


def ungraded_case(records: Records) -> list[object]:
    capstone = {"drill__kind": "capstone", "drill__finished_at__isnull": False}
    return [records.one(CaseDecision, **capstone, graded_at=None).pk]


def decide(case: Case) -> None:
    if case.page.get_by_role("heading", name="Decide the case").is_visible():
        case.decide("review")


def upload_playbook(page: Page) -> None:
    text = PLAYBOOK.read_text().replace("sample_size: 50", "sample_size: 60")
    Playbooks(page).upload({"name": "sixty.yaml", "mimeType": "application/yaml", "buffer": text.encode()})


def try_out_a_gate(page: Page) -> None:
    """With a group and a requirement more, and with who would lose what."""
    GateEditor(page).add("", "A group").add("4", "Quiz passed").try_out()


def try_out_an_overlay(page: Page) -> None:
    editor = GateEditor(page).add("", "Survey answered")
    expect(page.locator('[name="part-1-survey"]')).to_be_visible()
    editor.try_out()


def upload_faulty_playbook(page: Page) -> None:
    text = PLAYBOOK.read_text().replace("threshold: 0.85", "threshold: high")
    Playbooks(page).upload({"name": "high.yaml", "mimeType": "application/yaml", "buffer": text.encode()})


def approval(**where: str) -> Callable[[Records], list[object]]:
    return lambda records: [records.one(ApprovalRequest, **where).pk]


def is_refused(page: Page) -> None:
    expect(page.get_by_role("alert").first).to_be_visible()


def turn_down(page: Page) -> None:
    page.get_by_role("button", name="Turn down").click()
    is_refused(page)


def ask_for_report(page: Page) -> None:
    page.get_by_role("button", name=re.compile("Make a report")).first.click()
    page.wait_for_url("**/jobs/**")


def plan_nothing(page: Page) -> None:
    page.get_by_role("button", name="Plan the cohort").click()
    is_refused(page)


VIEWS = {
    "sign-in": View("", "account_login"),
    "verify a certificate": View("", "verify_certificate", certificate),
    "people of the demo": View("", "demo_cast"),
    "my path": View("engineer9", "my_path"),
    "my path on leave": View("engineer12", "my_path"),
    "track": View("engineer9", "track", lambda _records: [TRACK]),
    "module": View("engineer9", "module", lambda records: lesson(records)[:2]),
    "lesson": View("engineer9", "lesson", lesson),
    "quiz to start": View("engineer9", "quiz", quiz),
    "quiz failed": View("engineer5", "quiz", quiz),
    "attempt": View("engineer4", "attempt", attempt("engineer4")),
    "check before handing in": View(
        "engineer4", "attempt", attempt("engineer4"), lambda page: page.goto(f"{page.url}?page=review")
    ),
    "result failed": View("engineer5", "attempt_result", attempt("engineer5")),
    "result passed": View("engineer1", "attempt_result", attempt("engineer1")),
    "lab to start": View("engineer9", "lab", lab),
    "lab sent back": View("engineer6", "lab", lab),
    "lab signed off": View("engineer1", "lab", lab),
    "submission": View("engineer6", "submission", submission("engineer6")),
    "shadow mode to start": View("engineer5", "shadow", pool),
    "shadow mode passed": View("engineer1", "shadow", pool),
    "shadow case": View("engineer18", "shadow", pool, lambda page: ShadowMode(page).take(), "shadow_sample"),
    "shadow case with output": View(
        "engineer5", "shadow", pool, lambda page: decide(ShadowMode(page).take()), "shadow_sample"
    ),
    "survey": View("engineer5", "survey", survey),
    "survey answered": View("engineer1", "survey", survey),
    "tools locked": View("engineer9", "my_tools"),
    "tools open": View("engineer1", "my_tools"),
    "approvals to decide": View("opsmanager", "approvals"),
    "approval to decide": View("opsmanager", "approval", approval(state="pending", kind="approval")),
    "approval turned down without words": View(
        "opsmanager", "approval", approval(state="pending", kind="approval"), turn_down, "approval_decide"
    ),
    "look at an output": View("engineer1", "approval", approval(state="pending", kind="review")),
    "approved request": View("engineer1", "approval", approval(state="approved")),
    "ask for an approval": View("engineer1", "approval_ask"),
    "while an approver is away": View("opsmanager", "approval_delegate"),
    "certificates": View("engineer1", "my_certificates"),
    "no certificate": View("engineer9", "my_certificates"),
    "review queue": View("mentor2", "review_queue"),
    "review": View("mentor2", "review", submission("engineer2")),
    "withdraw a sign-off": View(
        "mentor1", "sign_off_withdraw", lambda records: [records.one(SignOff, **of("engineer1")).pk]
    ),
    "second marks": View("mentor4", "review", submission("qa1")),
    "second signature": View("mentor5", "countersign", sign_off("compliance")),
    "waits for a second signature": View("compliance", "submission", submission("compliance")),
    "lab with observed cases": View("opsmanager", "lab", observed_lab),
    "record an observed case": View("mentor1", "observe", observed_by_mentor),
    "while a mentor is away": View("mentor3", "delegate"),
    "figures of mentors": View("pm", "mentor_statistics"),
    "mentees": View("mentor1", "mentees"),
    "mentee": View("mentor1", "mentee", enrolment("engineer1")),
    "unlock a quiz": View(
        "mentor5", "attempts_unlock", lambda records: [*quiz(records), records.enrolment("engineer5").pk]
    ),
    "survey answers": View(
        "mentor1", "survey_answers", lambda records: [records.one(Response, **of("engineer1")).pk]
    ),
    "exception cases": View("dutymanager", "exceptions", other_enrolment("dutymanager")),
    "exceptions with a mentor only": View("compliance", "exceptions", other_enrolment("compliance")),
    "decision matrix": View(
        "opsmanager", "exception_matrix", lambda records: [records.one(ScenarioSet, retired_at=None).pk]
    ),
    "case of a drill": View("opsmanager", "drill", drill("opsmanager", "practice")),
    "feedback on a case": View("opsmanager", "drill_case", drill("opsmanager", "practice", 1)),
    "capstone half graded": View("dutymanager", "drill_result", drill("dutymanager", "capstone")),
    "justifications": View("mentor1", "justifications"),
    "justification": View("mentor1", "justification", ungraded_case),
    "record a handled exception": View("mentor3", "supervised", other_enrolment("compliance")),
    "withdraw a handled exception": View("mentor3", "supervised_withdraw", handled_case),
    "cases to judge": View("qa2", "judgement_queue"),
    "case to judge": View("qa2", "judgement", open_case),
    "case to judge with output": View(
        "qa2", "judgement_queue", then=lambda page: decide(JudgementQueue(page).take()), lands="judgement"
    ),
    "agreement": View("qa1", "agreement", pool),
    "readiness": View("pm", "readiness"),
    "readiness of a cohort": View("pm", "cohort_readiness", cohort),
    "cohorts": View("pm", "cohorts"),
    "plan a cohort, with faults": View("pm", "cohort_new", then=plan_nothing),
    "cohort": View("pm", "cohort", cohort),
    "enrol": View("pm", "cohort_enrol", cohort),
    "person of a cohort": View(
        "pm", "cohort_person", lambda records: [*cohort(records), records.enrolment("engineer1").pk]
    ),
    "sessions to hold": View("mentor1", "my_sessions"),
    "sessions to attend": View("engineer5", "my_sessions"),
    "calendar address": View("engineer5", "my_sessions", then=make_an_address, lands="calendar_make"),
    "no session": View("author", "my_sessions"),
    "no session of a program manager": View("pm", "my_sessions"),
    "sessions of a cohort": View("pm", "cohort_sessions", cohort),
    "attendance to mark": View("mentor1", "session", session(title="Where the yellow zone begins")),
    "attendance marked": View("pm", "session", session(title="Kick-off")),
    "certificates of a cohort": View("pm", "cohort_certificates", cohort),
    "survey results": View("pm", "survey_results", survey),
    "reports": View("pm", "reports"),
    "a job": View("pm", "reports", then=ask_for_report, lands="job_detail"),
    "playbooks": View("author", "playbooks"),
    "upload a playbook": View("author", "playbook_upload"),
    "drafts of playbooks": View("author", "playbook_drafts"),
    "plan of a playbook": View("author", "playbooks", then=upload_playbook, lands="playbook_draft"),
    "faults of a playbook": View("author", "playbooks", then=upload_faulty_playbook, lands="playbook_draft"),
    "gate of a track": View("author", "playbook_gate", lambda _records: [TRACK], try_out_a_gate),
    "what an overlay asks": View(
        "author", "playbook_overlay", lambda _records: ["eu_claims"], try_out_an_overlay
    ),
    "revision": View("author", "playbook_revision", lambda _records: [1]),
    "roster": View("author", "roster"),
    "upload a roster": View("author", "roster_upload"),
    "person of the roster": View("author", "roster_person", person("engineer1")),
    "tool access": View("compliance", "access_overview"),
    "tool access of a person": View("compliance", "access_person", person("engineer1")),
    "decision log": View("compliance", "access_log"),
    "who could do what": View("legal", "access_roles"),
    "evidence packs": View("security", "evidence_packs"),
    "sign-in and security": View("engineer1", "mfa_index"),
}
