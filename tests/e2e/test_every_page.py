"""No page is forgotten: each URL name of ours is looked at, or it is listed here with the reason why not.

On PostgreSQL each page is asked for, and not looked at.
"""

import json
import uuid
from collections.abc import Iterable, Iterator

import pytest
from django.contrib.auth.models import AbstractBaseUser
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.urls.converters import IntConverter, UUIDConverter

from enablement.demo.cast import DOMAIN
from tests.e2e.desk_views import DESK_VIEWS
from tests.e2e.stacks import Stack
from tests.e2e.views import VIEWS
from tests.people.factories import UserFactory

#: They take a POST and lead on to a page.
STEPS = [
    "approval_comment",
    "approval_confirm",
    "approval_decide",
    "approval_delegate_end",
    "attempt_save",
    "attempt_start",
    "attempt_submit",
    "auditor_end",
    "calendar_end",
    "certificate_name",
    "certificate_request",
    "cohort_start",
    "delegate_end",
    "drill_decide",
    "drill_start",
    "enrolment_pause",
    "emergency_approve",
    "emergency_end",
    "emergency_review",
    "enrolment_resume",
    "evidence_remove",
    "grant_open",
    "judgement_decide",
    "judgement_output",
    "lab_hand_in",
    "lab_mark",
    "lab_revise",
    "lab_save",
    "lesson_read",
    "mentor_end",
    "module_again",
    "observation_remove",
    "playbook_apply",
    "playbook_discard",
    "playbook_proposal_comment",
    "playbook_proposal_decide",
    "question_preview",
    "question_restore",
    "question_retire",
    "question_upload_drop",
    "question_upload_import",
    "report_request",
    "review_claim",
    "review_release",
    "right_confirm",
    "right_turn_down",
    "roster_reactivate",
    "send_back",
    "shadow_decide",
    "waiver_approve",
    "waiver_end",
    "webhook_again",
    "webhook_pause",
    "webhook_resume",
    "webhook_test",
    "prompt_step",
    "shadow_draw",
    "shadow_output",
    "sign_off",
    "sign_off_many",
]
#: They answer programs, or send a file.
NO_PAGE = [
    "openid_connect_logout",
    "saml_sls",
    "access_log_csv",
    "access_roles_csv",
    "api_schema",
    "approval_request",
    "approval_requests",
    "authzen_configuration",
    "calendar",
    "certificate_pdf",
    "decision_outcome",
    "checkpoint_key",
    "evidence_pack_file",
    "evaluation",
    "evaluations",
    "evidence_file",
    "evidence_inline",
    "forward_auth",
    "healthz",
    "litellm_guardrail",
    "playbook_archive",
    "playbook_draft_diff",
    "playbook_proposal_diff",
    "playbook_revision_diff",
    "playbook_in_force",
    "question_export",
    "question_image",
    "readyz",
    "report_file",
    "search_action",
    "search_resource",
    "search_subject",
    "sop_api",
    "sop_list_api",
    "starter_file",
]
ELSEWHERE = {
    "access_hold_end": "it takes two people; tests/access/audit/test_retention_pages.py",
    "access_stop_end": "it takes two people; tests/access/test_control_pages.py",
    "access_stop_review": "it takes three people; tests/access/test_control_pages.py",
    "grant_lift": "it takes two people; tests/access/test_control_pages.py",
    "access_suspension": "nobody in the demo has too much reworked; tests/access/outcomes",
    "access_suspension_keep": "nobody in the demo has too much reworked; tests/access/outcomes",
    "attempt_marking": "nobody in the demo has an answer in words; tests/assessments/quizzes/test_marking.py",
    "attest": "the demo's playbook asks nobody to confirm a policy; tests/access/test_attestation.py",
    "emergency_ask": "for nobody of the demo; tests/access",
    "emergency": "nobody in the demo asked for one; tests/access",
    "ruling_flag_clear": "no ruling of the demo is flagged; tests/playbook",
    "waiver": "nobody in the demo proposed one; tests/access",
    "case_drop": "opens where two judges differ, which none do in the demo; tests/assessments/judging",
    "demo_sign_in": "a link that leads on",
    "openid_connect_callback": "leads on; tests/people/test_openid.py",
    "openid_connect_login": "leads on to the organisation's provider; tests/people/test_openid.py",
    "saml_finish_acs": "leads on; tests/people/test_saml.py",
    "saml_login": "leads on to the organisation's provider; tests/people/test_saml.py",
    "socialaccount_connections": "always a 404; tests/people/test_openid.py",
    "socialaccount_signup": "always a 404; tests/people/test_openid.py",
    "home": "leads on to a person's first page",
    "styleguide": "tests/test_styleguide.py",
}


def ours(patterns: Iterable[URLPattern | URLResolver]) -> Iterator[URLPattern]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from ours(pattern.url_patterns)
        elif not pattern.callback.__module__.startswith(("allauth.", "django.views.generic")):
            yield pattern


PATTERNS = {str(pattern.name): pattern for pattern in ours(get_resolver().url_patterns)}


def test_every_page_is_looked_at_or_says_why_not() -> None:
    seen = {view.lands or view.name for view in (VIEWS | DESK_VIEWS).values()}
    excused = [*STEPS, *NO_PAGE, *ELSEWHERE]

    assert sorted(PATTERNS.keys() - seen - set(excused)) == [], "put them into views.py or desk_views.py"
    assert sorted({*NO_PAGE, *ELSEWHERE} & seen) == []
    assert sorted(set(excused) - PATTERNS.keys()) == []


@pytest.fixture
def almighty(db: None) -> AbstractBaseUser:
    user: AbstractBaseUser = UserFactory(is_superuser=True)
    return user


def test_what_is_called_a_step_takes_no_get(client: Client, almighty: AbstractBaseUser) -> None:
    client.force_login(almighty, backend="django.contrib.auth.backends.ModelBackend")

    answers = {name: client.get(reverse(name, kwargs=some(PATTERNS[name]))).status_code for name in STEPS}

    assert answers == dict.fromkeys(STEPS, 405)


#: They are nowhere but in the demo: its own page, and what its tool is told (tests/webhooks).
DEMO_ALONE = ("demo_cast", "webhook", "webhook_edit", "webhook_secret", "webhook_end", "webhook_delivery")
ASK_FOR_ALL = """
import json
from django.test import Client
from enablement.people.models import User
clients = {"": Client(headers={"host": "localhost"})}
answers = []
for who, address in json.loads(ADDRESSES):
    if who not in clients:
        clients[who] = Client(headers={"host": "localhost"})
        clients[who].force_login(User.objects.get(email=who), "enablement.people.backends.SignInBackend")
    answers.append([who, address, clients[who].get(address, secure=True).status_code])
print(json.dumps(answers))
"""


@pytest.mark.postgresql
def test_every_page_answers_on_postgresql(stack: Stack, records: str) -> None:
    """What a page shows does not depend on the database under it; whether its queries are understood does."""
    views = [view for view in (VIEWS | DESK_VIEWS).values() if view.name not in DEMO_ALONE]
    asked = [[f"{view.who}@{DOMAIN}" if view.who else "", view.address(records)] for view in views]

    said = stack.checked("shell", "-c", ASK_FOR_ALL.replace("ADDRESSES", repr(json.dumps(asked))))

    answers = json.loads(said.splitlines()[-1])
    assert [[who, address] for who, address, _status in answers] == asked
    assert [answer for answer in answers if answer[2] != 200] == []


def some(pattern: URLPattern) -> dict[str, object]:
    """Arguments of the right kind."""
    kinds = {UUIDConverter: uuid.uuid4(), IntConverter: 1}
    return {name: kinds.get(type(kind), "x") for name, kind in pattern.pattern.converters.items()}
