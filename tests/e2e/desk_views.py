"""Pages of those who write, analyse, put right and govern, and of whoever asks: `views.VIEWS` goes on."""

import re
from collections.abc import Callable

from django.db.models import Model
from playwright.sync_api import Page

from assessments.models import (
    Appeal,
    Attempt,
    AttemptItem,
    Question,
    QuestionBank,
    ShadowSample,
    Submission,
)
from enablement.access.models import SOP, ApprovalRequest, DecisionRecord, Grant, PromptVersion, Ruling
from enablement.certificates.models import Certificate
from enablement.demo.cast import DOMAIN
from enablement.people.models import ApiToken
from enablement.playbook.models import PlaybookProposal
from enablement.webhooks.models import WebhookDelivery, WebhookEndpoint
from tests.e2e.pages.labs import LabPage
from tests.e2e.views import (
    TRACK,
    Records,
    View,
    attempt,
    cohort,
    enrolment,
    lab,
    of,
    person,
    pool,
    quiz,
    session,
)

GIFT = (
    b"::at-0.69:: A draft stands at 0.69. What now? {=It is blocked ~It waits for a review}\n\n::lost:: {\n"
)
ENGINEER_1 = {"user__email": f"engineer1@{DOMAIN}"}
Args = Callable[[Records], list[object]]
ROSTER = f"email,name,groups\nnewcomer@{DOMAIN},Nea Newcomer,mentors\n"


def first(model: type[Model], *more: object, **where: object) -> Args:
    return lambda records: [records.one(model, **where).pk, *more]


def bank(*more: object) -> Args:
    return first(QuestionBank, *more, track__key=TRACK)


def question(kind: str, *more: object) -> Args:
    return first(Question, *more, versions__kind=kind, bank__track__key=TRACK, retired_at=None)


def plan_a_right(page: Page) -> None:
    page.locator("[name=text]").fill(ROSTER)
    page.locator("main form button[type=submit]").last.click()


def ask_for_a_right(page: Page) -> None:
    plan_a_right(page)
    page.get_by_role("button", name="Change the roster").click()
    page.get_by_role("link", name="Rights to confirm").first.click()


def ask_and_open_a_right(page: Page) -> None:
    ask_for_a_right(page)
    page.locator("#waiting .row-link").first.click()


def enrolment_of(handle: str) -> Args:
    return lambda records: [*cohort(records), records.enrolment(handle).pk]


def at_quiz(handle: str) -> Args:
    return lambda records: [*quiz(records), records.enrolment(handle).pk]


def analysed(records: Records) -> list[object]:
    item = records.one(AttemptItem, attempt__quiz=quiz(records)[0], points__isnull=False)
    return [*quiz(records), item.question_version_id]


def appealable_mark(records: Records) -> list[object]:
    found = records.one(Submission, **of("engineer1"))
    return [found.pk, found.lab.rubric[0]["key"]]


def missed_question(records: Records) -> list[object]:
    item = records.one(AttemptItem, attempt__user__email=f"engineer5@{DOMAIN}", points=0)
    return [item.attempt_id, item.position]


def decision(records: Records) -> list[object]:
    return [records.one(DecisionRecord).entry]


def ruling(records: Records) -> list[object]:
    return [records.one(Ruling, role__key="frontline_ops", effective_until=None).pk]


def certificate_to_revoke(records: Records) -> list[object]:
    return [records.made(Certificate, **ENGINEER_1).public_id]


def choose_upload(page: Page) -> None:
    page.get_by_label("Question file").set_input_files(
        [{"name": "more.gift", "mimeType": "text/plain", "buffer": GIFT}]
    )
    page.get_by_role("button", name="Check the file").click()
    page.wait_for_url("**/question-uploads/**")


def excuse(page: Page) -> None:
    page.get_by_role("textbox", name="Reason").fill("Two readings are possible.")
    page.get_by_role("main").get_by_role("button").last.click()
    page.wait_for_url("**/regrades/**")


def hand_in_and_look(page: Page) -> None:
    evidence = LabPage(page)
    evidence.write("Your work", "Ten workflows, with a sheet.")
    evidence.attach({"name": "sheet.csv", "mimeType": "text/csv", "buffer": b"workflow,zone\nprices,avoid\n"})
    evidence.hand_in()
    page.get_by_role("link", name=re.compile("^Look at it")).first.click()


DESK_VIEWS = {
    "addresses": View("engineer1", "account_email"),
    "evidence": View("engineer11", "lab", lab, hand_in_and_look, "evidence_view"),
    "question banks": View("author", "question_banks"),
    "question bank": View("author", "question_bank", bank()),
    "images of a bank": View("author", "question_images", bank()),
    "import and export": View("author", "question_files", bank()),
    "plan of an import": View("author", "question_files", bank(), choose_upload, "question_upload"),
    "question": View("author", "question", question("single")),
    "matching question": View("author", "question", question("matching")),
    "question to mark by hand": View("author", "question", question("decision")),
    "edit a question": View("author", "question_edit", question("ordering")),
    "write a matching question": View("author", "question_new", bank("matching")),
    "write a question in words": View("author", "question_new", bank("short_text")),
    "mark a question again": View("author", "regrade_question", question("single", "key")),
    "excuse everybody a question": View("author", "regrade_question", question("single", "excuse")),
    "excuse one person a question": View("author", "question_excuse", missed_question),
    "regrade": View("author", "question_excuse", missed_question, excuse, "regrade"),
    "quizzes with figures": View("pm", "analyses"),
    "figures of a quiz": View("author", "analysis", quiz),
    "figures of a question": View("author", "analysis_item", analysed),
    "people at a quiz": View("pm", "quiz_people", quiz),
    "extra time": View("pm", "attempts_time", at_quiz("engineer9")),
    "own appeals": View("engineer5", "appeals"),
    "no appeal": View("engineer9", "appeals"),
    "which question to appeal": View("engineer1", "attempt_appeal", attempt("engineer1")),
    "appeal a question": View("engineer1", "appeal_question", first(Attempt, 3, **of("engineer1"))),
    "appeal a mark": View("engineer1", "appeal_mark", appealable_mark),
    "appeal a case": View("engineer1", "appeal_sample", first(ShadowSample, **of("engineer1"))),
    "appeals to answer": View("author", "appeal_queue"),
    "appeal to answer": View("author", "appeal", first(Appeal, answered_at=None)),
    "appeal answered": View("author", "appeal", first(Appeal, answered_at__isnull=False)),
    "close a cohort": View("pm", "cohort_close", cohort),
    "plan a session": View("pm", "session_new", cohort),
    "session to come": View("mentor1", "session", session(title="Cases of the week")),
    "change a session": View("pm", "session_edit", session(title="Cases of the week")),
    "cancel a session": View("pm", "session_cancel", session(title="Cases of the week")),
    "take somebody out": View("pm", "enrolment_withdraw", enrolment_of("engineer20")),
    "revoke a certificate": View("pm", "certificate_revoke", certificate_to_revoke),
    "somebody leaves": View("author", "roster_deactivate", person("engineer20")),
    "bring in cases": View("qa1", "cases_import", pool),
    "tool versions": View("compliance", "tool_versions"),
    "a material change": View("compliance", "version_material", pool),
    "tokens": View("security", "tokens"),
    "new token": View("security", "token_new"),
    "new secret": View("security", "token_rotate", first(ApiToken, name="Helpdesk gateway")),
    "end of a token": View("security", "token_revoke", first(ApiToken, name="Helpdesk gateway")),
    "webhooks": View("security", "webhooks"),
    "webhook": View("security", "webhook", first(WebhookEndpoint)),
    "webhook, to look at": View("compliance", "webhook", first(WebhookEndpoint)),
    "new webhook": View("security", "webhook_new"),
    "change a webhook": View("security", "webhook_edit", first(WebhookEndpoint)),
    "new secret of a webhook": View("security", "webhook_secret", first(WebhookEndpoint)),
    "end of a webhook": View("security", "webhook_end", first(WebhookEndpoint)),
    "event of a webhook": View("security", "webhook_delivery", first(WebhookDelivery)),
    "withdraw a request": View(
        "engineer1", "approval_withdraw", first(ApprovalRequest, workflow_id="refund_credits")
    ),
    "proposed playbook": View("security", "playbook_proposal", first(PlaybookProposal)),
    "proposed playbooks": View("author", "playbook_proposals"),
    "own proposed playbook": View("author", "playbook_proposal", first(PlaybookProposal)),
    "stops": View("compliance", "access_stops"),
    "suspensions": View("compliance", "access_suspensions"),
    "auditors": View("compliance", "auditors"),
    "no right to confirm": View("compliance", "rights"),
    "rights in a roster file": View("author", "roster_upload", then=plan_a_right),
    "rights to confirm": View("author", "roster_upload", then=ask_for_a_right, lands="rights"),
    "right to confirm": View("author", "roster_upload", then=ask_and_open_a_right, lands="right"),
    "who read the record": View("compliance", "evidence_readings"),
    "retention and holds": View("legal", "access_records"),
    "erase": View("compliance", "access_erase", person("engineer3")),
    "suspend": View("compliance", "grant_suspend", first(Grant, **ENGINEER_1)),
    "a decision": View("legal", "access_decision", decision),
    "decision ledger": View("engineer1", "rulings"),
    "rulings of a role": View("engineer1", "rulings_of", lambda _records: ["frontline_ops"]),
    "ruling": View("engineer1", "ruling", ruling),
    "propose a change of a ruling": View("author", "ruling_propose", ruling),
    "propose a ruling": View("author", "ruling_add", lambda _records: ["frontline_ops"]),
    "flags of rulings": View("author", "ruling_flags"),
    "waivers": View("compliance", "access_waivers"),
    "propose a waiver": View("compliance", "waiver_propose", enrolment("engineer5")),
    "emergencies": View("compliance", "access_emergencies"),
    "prompts": View("author", "prompts"),
    "prompt": View("author", "prompt", lambda _records: ["triage_summarize"]),
    "write a prompt": View("author", "prompt_write", lambda _records: ["triage_summarize"]),
    "version of a prompt": View("author", "prompt_version", first(PromptVersion)),
    "procedures": View("engineer1", "sops"),
    "procedure": View("engineer1", "sop", lambda _records: ["ticket_triage"]),
    "wording of a procedure": View("engineer1", "sop_version", first(SOP)),
    "promote a prompt": View("author", "sop_promote", lambda _records: ["triage_summarize"]),
    "rules": View("legal", "access_rules"),
}
