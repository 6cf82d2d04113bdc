"""What an overlay asks besides, edited in the browser as a gate is; what would loosen goes by the chain."""

import pytest
from django.urls import reverse

from enablement.access.models import Grant, Policy
from enablement.ledger.models import LedgerEntry
from enablement.playbook import services
from enablement.playbook.gate_writing import with_demands
from enablement.playbook.models import PlaybookDraft
from enablement.playbook.yaml_source import load
from tests.people.factories import UserFactory
from tests.playbook.conftest import NOW, PLAYBOOKS
from tests.playbook.small import YAML, alone, bundle
from tests.playbook.test_applying import EASY, enrolled
from tests.playbook.test_gate_editor import Browser

pytestmark = pytest.mark.django_db
PAGE = "/playbooks/overlays/strict/"
SURVEY = {"type": "survey", "survey": "ready"}
DAY = {"type": "date", "not_after": "2099-12-31"}
HEAD = """\
lines_of_business:
  - {id: claims, risk_tolerance: low}
overlays:
  - id: strict
    title: Claims
    reason: Health data.
    for: {risk_tolerance: [low]}
"""
ASKING = "    gating_conditions:\n      - type: survey\n        survey: ready\n"
#: The gate is easy, so that Ada has the tool.
OVERLAID = EASY + HEAD + "    human_in_loop: true\n"


@pytest.fixture
def begin(client, author):
    """The editor of an overlay in a playbook that ends in these lines."""

    def of(text):
        services.put_in_force(bundle=bundle(text), base_number=0, actor=None, at=NOW)
        client.force_login(author)
        return Browser(client, PAGE)

    return of


def test_only_authors_and_only_overlays_in_force(client, begin):
    assert begin(OVERLAID).response.status_code == 200
    assert PAGE in client.get(reverse("playbooks")).text
    assert client.get("/playbooks/overlays/other/").status_code == 404
    client.force_login(UserFactory(groups=["compliance"]))
    assert client.get(PAGE).status_code == 403
    assert client.post(PAGE, {"do": "save", "tree": "{}", "base": "1"}).status_code == 403
    client.logout()
    assert client.get(PAGE).status_code == 302


def test_what_is_added_tightens_names_who_loses_and_is_applied_by_its_author(begin):
    browser = begin(OVERLAID)
    ada = enrolled("Ada Byron", completed=True)
    assert "No requirement yet. Add the first one below." in browser.page
    assert "certified anew" not in browser.page
    browser.add("survey").press("check")
    assert "Besides their gate, these people have to meet this: survey “ready” answered." in browser.page
    assert "Summariser: 1 person loses access" in browser.page
    assert ada.email in browser.page
    assert "you can apply it yourself" in browser.page
    assert Grant.objects.get().state == "granted"
    response = browser.press("save", reason="Claims are delicate").response
    draft = PlaybookDraft.objects.get()
    assert (response.url, draft.name, draft.reason) == (
        draft.get_absolute_url(),
        "overlay-strict.yaml",
        "Claims are delicate",
    )
    assert draft.document == OVERLAID + ASKING
    browser.client.post(reverse("playbook_apply", args=[draft.pk]), {"base": "1"})
    assert Policy.objects.get().overlays[0]["conditions"] == [SURVEY]
    assert Grant.objects.get().state == "revoked"
    [entry] = LedgerEntry.objects.filter(kind="playbook.overlay_drafted")
    assert '"overlay":"strict"' in entry.payload.replace(" ", "")


def test_what_is_taken_away_loosens_and_is_proposed(begin):
    browser = begin(EASY + HEAD + ASKING + "      - {type: date, not_after: 2099-12-31}\n")
    browser.press("remove:1").press("check")
    assert "others have to approve it" in browser.page
    response = browser.press("save", reason="Too much").response
    assert "Propose this plan" in browser.client.get(response.url).text
    assert Policy.objects.get().overlays[0]["conditions"] == [SURVEY, DAY]


def test_the_last_one_is_not_taken_away_here(begin):
    browser = begin(EASY + HEAD + ASKING)
    assert browser.press("remove:0").press("check").response.status_code == 409
    assert "The last requirement is taken away in the file" in browser.page
    assert "Not whole yet: nobody could meet it." in browser.page
    assert "gate is not whole" not in browser.page


def test_weaker_than_the_gate_is_a_fault_with_its_place(begin):
    gate = "      - type: modules_completed\n      - type: survey\n        survey: ready\n"
    quiz = "      - {type: quiz, threshold: 0.85}\n"
    browser = begin(YAML.replace(gate, quiz) + HEAD + "    human_in_loop: true\n")
    browser.add("quiz").press("check", **{"part-0-threshold": "80"})
    assert browser.response.status_code == 409
    said = "overlay-strict.yaml:41:20: threshold 0.8 is weaker than 0.85 in clerk_t1: an overlay may only"
    assert f"<li>{said} tighten</li>" in browser.page
    assert not PlaybookDraft.objects.exists()


def test_what_is_added_begins_with_the_marks_of_the_gate(begin):
    gate = "      - type: modules_completed\n      - type: survey\n        survey: ready\n"
    marked = (
        "      - {type: quiz, threshold: 0.85, valid_months: 6}\n"
        "      - {type: attestation, policy: a1, title: A, statement: B}\n"
    )
    browser = begin(YAML.replace(gate, marked) + HEAD + "    human_in_loop: true\n")
    browser.add("quiz").add("attestation")
    assert browser.tree == {
        "all_of": [{"type": "quiz", "threshold": "0.85", "valid_months": 6}, {"type": "attestation"}]
    }


def test_another_playbook_since_is_told(begin):
    browser = begin(OVERLAID)
    browser.add("survey")
    services.put_in_force(
        bundle=alone(OVERLAID.replace("Health data.", "Health.")), base_number=1, actor=None, at=NOW
    )
    assert browser.press("check").response.status_code == 409
    assert "Another playbook was put in force since you began" in browser.page


LESS = "what it asks for now does not include all that it asked for"
OTHER = "for whom it is, or what it asks of calls, is another"
EITHER = """\
    gating_conditions:
      any_of:
        - {type: survey, survey: ready}
        - {type: date, not_after: 2099-12-31}
"""


def _loosened(before, after):
    services.put_in_force(bundle=bundle(before), base_number=0, actor=None, at=NOW)
    return services.plan(bundle=alone(after), at=NOW).loosens


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        (ASKING, ASKING + "      - {type: date, not_after: 2099-12-31}\n", []),
        (ASKING, "    human_in_loop: true\n", [("Overlay Claims", LESS), ("Overlay Claims", OTHER)]),
        (ASKING, EITHER, [("Overlay Claims", LESS)]),
        ("    human_in_loop: true\n", "    human_in_loop: true\n" + ASKING, []),
        ("    human_in_loop: true\n", ASKING, [("Overlay Claims", OTHER)]),
        ("    confidence_threshold: 0.9\n", "    confidence_threshold: 0.85\n", [("Overlay Claims", OTHER)]),
        (ASKING, None, [("Overlay Claims", "no longer there")]),
    ],
)  # fmt: skip
def test_what_loosens_an_overlay(before, after, says):
    found = _loosened(
        EASY + HEAD + before, EASY + (HEAD + after if after else HEAD[: HEAD.index("overlays:")])
    )
    assert [line.partition(": ")[::2] for line in found] == says


@pytest.mark.parametrize(
    "tree", [{"all_of": [SURVEY]}, {"any_of": [SURVEY, {"at_least": 1, "of": [DAY, {"not": SURVEY}]}]}]
)
def test_only_its_conditions_change_in_the_file(tree):
    name = "demo_playbook.yaml"
    before = (PLAYBOOKS / name).read_text()
    after = with_demands(before, file=name, overlay="eu_claims", tree=tree)
    [old, new] = [load(text, file=name).value for text in (before, after)]
    said = new["overlays"][0].pop("gating_conditions")
    assert (said if isinstance(said, dict) else {"all_of": said}) == tree
    del old["overlays"][0]["gating_conditions"]
    assert old == new
