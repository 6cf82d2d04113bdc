"""Rules in words, and what they would decide; nothing of it is recorded."""

from decimal import Decimal

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from enablement.access.decisions.approval_rule import parse
from enablement.access.decisions.terms import found, places
from enablement.access.models import Policy
from enablement.access.views.rule_parts import condition
from enablement.ledger.models import LedgerEntry
from tests.access.factories import MicrotoolFactory, PolicyFactory, PromptFactory, RoleProfileFactory
from tests.people.factories import UserFactory

pytestmark = pytest.mark.pages

SEED = "if confidence < 0.9 or contains: refund, escalation => manager_approve"
TERMS = ["refund", "policy", "escalate", "credit note"]
WORDS = st.lists(
    st.sampled_from(
        [
            "refund",
            "Refunds,",
            "re\u200bfund",
            "escalation",
            "credit",
            "notes",
            "(policy)",
            "r\u00e9fund",
            "so",
        ]
    )
).map(" ".join)


@given(st.one_of(WORDS, st.text(max_size=40)))
def test_what_is_found_is_found_at_a_place(text):
    shown = places(TERMS, text)
    assert {place.term for place in shown} == set(found(TERMS, text))
    assert all(found([place.term], text[place.start : place.end]) for place in shown)


def test_a_place_is_that_of_the_words():
    assert [tuple(place) for place in places(TERMS, "No refunds, two credit notes")] == [
        ("refund", 3, 10),
        ("credit note", 16, 28),
    ]


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (SEED, "the confidence is below 0.9, or the output speaks of refund or escalation"),
        (
            "if (confidence <= 0.5 or contains: refund) and confidence > 0.1 => lead",
            "(the confidence is 0.5 or less, or the output speaks of refund) and the confidence is above 0.1",
        ),
        ("if confidence == 1 => lead", "the confidence is exactly 1"),
    ],
)
def test_a_rule_as_a_sentence(rule, words):
    assert condition(parse(rule).condition) == words


@pytest.fixture
def tool(db):
    PolicyFactory()
    tool = MicrotoolFactory(key="triage", approval_rule=SEED, confidence_threshold=Decimal("0.82"))
    PromptFactory(key="triage_summarize", microtool=tool)
    avoid = [{"key": "credits", "text": "Grant a credit.", "why": "It moves money."}]
    automate = [{"key": "sum", "text": "Sum up.", "why": "It repeats.", "prompt": "triage_summarize"}]
    RoleProfileFactory(
        role=tool.track.role,
        prompts=["triage_summarize"],
        approvals=["refund_credits"],
        rubric={"automate": automate, "avoid": avoid},
    )
    return tool


@pytest.fixture
def page(client, tool):
    client.force_login(UserFactory(groups=["compliance"]))
    data = {
        "rule": SEED,
        "terms": "refund, policy",
        "role": tool.track.role.key,
        "action": "apply",
        "prompt": "triage_summarize",
        "confidence": "0.95",
        "text": "A late parcel.",
    }
    entries = LedgerEntry.objects.count()

    def ask(**changed):
        answer = client.post(f"{reverse('access_rules')}?tool=triage", data | changed)
        assert LedgerEntry.objects.count() == entries
        return answer

    return ask


@pytest.mark.parametrize(
    ("changed", "title", "said"),
    [
        ({}, "Allowed", "Nothing speaks against it."),
        ({"confidence": "0.85"}, "Another person has to approve it", "0.85: the confidence is below 0.9"),
        (
            {"text": "Two Refunds now"},
            "Another person has to approve it",
            "Found: “Refunds” (refund) at character 5",
        ),
        (
            {"confidence": "0.8", "rule": ""},
            "The user has to look at it first",
            "0.8 is below 0.82, the threshold of the tool",
        ),
        (
            {"rule": "", "text": "Our policies."},
            "The user has to look at it first",
            "Found: “policies” (policy) at character 5",
        ),
        ({"confidence": "0.69"}, "Denied", "0.69 is below 0.7, where every output is blocked"),
        ({"workflow": "credits"}, "Denied", "Grant a credit. It moves money."),
        ({"workflow": "refund_credits"}, "Another person has to approve it", "refund_credits"),
        ({"text": ""}, "Denied", "The output itself did not come"),
        ({"action": "invoke", "confidence": "", "text": ""}, "Allowed", "Nothing speaks against it."),
    ],
)
def test_an_example_is_decided_with_its_reasons(page, changed, title, said):
    answer = page(**changed)
    assert answer.status_code == 200
    assert (answer.context["answer"].title, said in answer.content.decode()) == (title, True)


EU = {"type": "attestation", "policy": "eu", "title": "EU rules", "statement": "I keep them."}
OVERLAY = {
    "key": "eu",
    "title": "Claims in Europe",
    "reason": "Because.",
    "regions": ["eu-west-1"],
    "risks": ["low"],
    "conditions": [EU],
    "allowed_regions": ["eu-west-1"],
    "confidence_threshold": "0.96",
    "yellow_zone_terms": ["parcel"],
    "approval_rule": "if contains: late => security_partner",
}
CLAIMS = {"works_in": "eu-west-1", "line": "claims", "region": "eu-west-1"}


@pytest.mark.parametrize(
    ("changed", "title", "without", "said"),
    [
        (
            CLAIMS,
            "Another person has to approve it",
            "Without them, the answer would be: Allowed.",
            [
                "Claims in Europe",
                "Before the tool opens: Policy: EU rules, read and confirmed.",
                "Another person approves by this rule: if contains: late =&gt; security_partner",
                "Found: “late” (late) at character 3",
                "Found: “parcel” (parcel) at character 8",
                "0.95 is below 0.96, the threshold for this person",
            ],
        ),
        (
            CLAIMS | {"region": "us-east-1"},
            "Denied",
            "Without them, the answer would be: Allowed.",
            ["may not be used from that region"],
        ),
        (CLAIMS | {"confidence": "0.5"}, "Denied", "They change nothing about this example.", []),
        # What is not on record may be anything; what is elsewhere is not.
        (
            {"region": "eu-west-1"},
            "Another person has to approve it",
            "Without them, the answer would be: Allowed.",
            ["Claims in Europe"],
        ),
        (
            CLAIMS | {"rule": "if contains: late => manager_approve"},
            "Another person has to approve it",
            "Without them, the answer would be the same, for fewer or other reasons.",
            [],
        ),
        (CLAIMS | {"line": "retail"}, "Allowed", None, []),
        (CLAIMS | {"works_in": "us-east-1"}, "Allowed", None, []),
        ({"works_in": "ap-south-1"}, "Denied", None, ["works in a region"]),
    ],
)
def test_an_example_is_of_somebody_somewhere_and_overlays_hold_there(page, changed, title, without, said):
    Policy.objects.update(overlays=[OVERLAY], lines_of_business={"claims": "low", "retail": "high"})
    UserFactory(region="ap-south-1")
    answer = page(**changed)
    found, text = answer.context["answer"], answer.content.decode()
    assert (found.title, found.without if found.holding else None) == (title, without)
    assert [words for words in [*said, without or ""] if words not in text] == []


@pytest.mark.parametrize("changed", [{"works_in": "nowhere"}, {"line": "none"}, {"region": "ap-south-1"}])
def test_a_place_is_one_that_is_known(page, changed):
    assert page(**changed).status_code == 422


def test_a_found_word_is_marked_and_text_is_escaped(page):
    shown = page(text="<b>refund</b>").content.decode()
    assert '&lt;b&gt;<mark title="refund">refund</mark>&lt;/b&gt;' in shown


def test_a_rule_that_does_not_parse_says_where(page):
    answer = page(rule="if confidence <> 0.9 => x")
    assert (answer.status_code, answer.context["answer"]) == (422, None)
    assert "Line 1, column 16: the approval rule is not understood here" in answer.content.decode()


@pytest.mark.parametrize("confidence", ["NaN", "1.1", "-0.1", "much"])
def test_a_confidence_is_a_share(page, confidence):
    assert page(confidence=confidence).status_code == 422


def test_the_tools_own_rule_stands_there(client, tool):
    client.force_login(UserFactory(groups=["authors"]))
    shown = client.get(reverse("access_rules")).content.decode()
    assert "this approver is asked" in shown
    assert client.get(f"{reverse('access_rules')}?tool=nothing").status_code == 404


def test_for_authors_compliance_security_and_legal_only(client, db):
    for groups, status in (
        (["security"], 200),
        (["legal"], 200),
        (["mentors"], 403),
        (["sponsors"], 403),
        ([], 403),
    ):
        client.force_login(UserFactory(groups=groups))
        assert client.get(reverse("access_rules")).status_code == status
