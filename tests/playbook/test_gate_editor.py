"""The gate of a track edited in the browser, without a script: what is posted is what a browser posts."""

import json
import re
from html.parser import HTMLParser

import pytest
from django.urls import reverse

from enablement.access.models import Gate, Grant
from enablement.ledger.models import LedgerEntry
from enablement.playbook import services
from enablement.playbook.gate_outline import Group, Leaf, as_text, of_text, of_tree
from enablement.playbook.gate_writing import with_gate
from enablement.playbook.models import PlaybookDraft
from enablement.playbook.schema import gate_tree
from enablement.playbook.yaml_source import load
from tests.people.factories import UserFactory
from tests.playbook.conftest import NOW, PLAYBOOKS
from tests.playbook.first import first_in_force
from tests.playbook.small import YAML, alone, bundle, changed
from tests.playbook.test_applying import EASY, enrolled

pytestmark = [pytest.mark.django_db, pytest.mark.pages]
PAGE = "/playbooks/gates/clerk_t1/"
MODULES = {"type": "modules_completed"}
SURVEY = {"type": "survey", "survey": "ready"}
QUIZ = {"type": "quiz", "threshold": "0.85"}


class Form(HTMLParser):
    """The fields of the form that holds a button `do`, with the values that a browser would send."""

    def __init__(self, page, button):
        super().__init__()
        self.forms, self.select, self.area = [], None, None
        self.feed(page)
        [self.values] = [values for values, buttons in self.forms if button in buttons]

    def handle_starttag(self, tag, attrs):
        at = dict(attrs)
        if tag == "form":
            self.forms.append(({}, set()))
        if not self.forms:
            return
        values, buttons = self.forms[-1]
        name = at.get("name")
        if tag == "button" or name == "do":
            buttons.add(at.get("value"))
        elif tag == "input" and name and (at.get("type") not in {"checkbox", "radio"} or "checked" in at):
            values.setdefault(name, []).append(at.get("value", ""))
        elif tag == "select":
            self.select = name
            values[name] = [""]
        elif tag == "option" and self.select and "selected" in at:
            values[self.select] = [at["value"]]
        elif tag == "textarea":
            values[name] = [""]
            self.area = name

    def handle_data(self, data):
        if self.area:
            self.forms[-1][0][self.area] = [data.strip("\n")]

    def handle_endtag(self, tag):
        if tag in {"select", "textarea"}:
            self.select = self.area = None


class Browser:
    """Presses the buttons of the page; `fill` is by the name of a field."""

    def __init__(self, client, address=PAGE):
        self.client, self.address = client, address
        self.response = client.get(address)

    @property
    def page(self):
        return self.response.text

    @property
    def tree(self):
        [value] = Form(self.page, "check").values["tree"]
        return json.loads(value)

    def press(self, button, **fill):
        values = Form(self.page, button).values | fill
        self.response = self.client.post(self.address, values | {"do": button})
        return self

    def add(self, type_, place=""):
        return self.press(f"add:{place}", **{f"add-{place}": type_})


@pytest.fixture
def browser(client, author):
    first_in_force()
    client.force_login(author)
    return Browser(client)


class TestPage:
    def test_only_authors_and_only_tracks_in_force(self, client, browser):
        assert browser.response.status_code == 200
        assert client.get("/playbooks/gates/other/").status_code == 404
        assert PAGE in client.get(reverse("playbooks")).text
        client.force_login(UserFactory(groups=["compliance"]))
        assert client.get(PAGE).status_code == 403
        assert client.post(PAGE, {"do": "save", "tree": "{}", "base": "1"}).status_code == 403
        client.logout()
        assert client.get(PAGE).status_code == 302
        assert not PlaybookDraft.objects.exists()

    def test_the_gate_in_force_is_a_sentence_and_a_tree(self, browser):
        words = "The tools open when this is met: every module completed, and survey “ready” answered."
        assert words in browser.page
        assert browser.tree == {"all_of": [MODULES, SURVEY]}

    def test_looking_and_updating_changes_nothing(self, browser):
        assert browser.press("update").tree == {"all_of": [MODULES, SURVEY]}
        assert "That is what is in force already." in browser.press("check").page

    @pytest.mark.parametrize("tree", ["", "[", "{}", '{"any_of": 1}', "[" * 9_000, '{"type": 1}'])
    def test_what_is_no_gate_is_told_and_the_one_in_force_shown(self, client, browser, tree):
        response = client.post(PAGE, {"do": "check", "tree": tree, "base": "1"})
        assert response.status_code == 422
        assert "no gate, so this is the one in force" in response.text

    @pytest.mark.parametrize("action", ["remove:7", "add:0", "group:x", "dissolve:0.0.0"])
    def test_what_is_not_there_is_told(self, browser, action):
        values = Form(browser.page, "check").values
        response = browser.client.post(PAGE, values | {"do": action})
        assert response.status_code in {200, 422}
        assert not PlaybookDraft.objects.exists()


class TestEditing:
    def test_a_requirement_is_added_and_its_numbers_changed(self, browser):
        browser.add("quiz")
        assert browser.tree["all_of"][2] == {"type": "quiz", "threshold": "0.8"}
        browser.press("update", **{"part-2-threshold": "87.5", "part-2-valid_months": "12"})
        assert browser.tree["all_of"][2] == {"type": "quiz", "threshold": "0.875", "valid_months": 12}
        assert "Quiz passed with at least 87.5 %, for 12 months" in browser.page
        browser.press("update", **{"part-2-valid_months": ""})
        assert browser.tree["all_of"][2] == {"type": "quiz", "threshold": "0.875"}

    @pytest.mark.parametrize("value", ["0", "101", "x", ""])
    def test_a_number_that_does_not_fit_is_refused_and_nothing_taken_over(self, browser, value):
        browser.add("quiz").press("remove:0", **{"part-2-threshold": value})
        assert browser.response.status_code == 422
        assert "There is a problem" in browser.page
        assert len(browser.tree["all_of"]) == 3

    def test_what_is_wrong_can_be_removed(self, browser):
        browser.add("attestation")
        assert "Not filled in yet" in browser.page
        assert browser.press("check").response.status_code == 422
        assert browser.press("remove:2").tree == {"all_of": [MODULES, SURVEY]}

    def test_groups_of_every_kind(self, browser):
        browser.add("quiz").add("group").press("update", **{"part-3-kind": "at_least"})
        browser.add("date", "3").press(
            "add:3", **{"add-3": "labs_signed_off", "part-3.0-not_before": "2027-01-01"}
        )
        browser.press("update", **{"part-3-n": "2"})
        day = {"type": "date", "not_before": "2027-01-01"}
        assert browser.tree["all_of"][3] == {"at_least": 2, "of": [day, {"type": "labs_signed_off"}]}
        browser.press("group:3.1").press("update", **{"part-3.1-kind": "not"})
        assert browser.tree["all_of"][3]["of"][1] == {"not": {"type": "labs_signed_off"}}
        browser.press("dissolve:3")
        assert browser.tree["all_of"][3:] == [day, {"not": {"type": "labs_signed_off"}}]
        assert "from 1 Jan 2027 on, and not (every lab signed off)." in browser.page
        assert browser.press("update", **{"part--kind": "any_of"}).tree.keys() == {"any_of"}

    def test_an_empty_group_never_opens_and_is_not_kept(self, browser):
        browser.add("group")
        assert "An empty group never opens." in browser.page
        assert "it would never open" in browser.page
        response = browser.press("check").response
        assert response.status_code == 409
        assert "needs at least one requirement" in browser.page


class TestTryingOut:
    def test_who_loses_is_named_and_nothing_happens(self, client, author):
        first_in_force(bundle(EASY))
        ada = enrolled("Ada Byron", completed=True)
        client.force_login(author)
        browser = Browser(client).add("survey").press("check")
        assert "Summariser: 1 person keeps access for now" in browser.page
        browser.press("check", immediate="on")
        assert "Summariser: 1 person loses access" in browser.page
        assert ada.email in browser.page
        assert Grant.objects.get().state == "granted"
        assert not PlaybookDraft.objects.exists()

    def test_what_tightens_is_kept_as_a_draft_and_applied_by_its_author(self, browser):
        browser.add("quiz").press("check")
        assert "you can apply it yourself" in browser.page
        assert browser.press("save").response.status_code == 422
        response = browser.press("save", reason="More skill first").response
        draft = PlaybookDraft.objects.get()
        assert response.url == draft.get_absolute_url()
        assert (draft.reason, draft.base_number) == ("More skill first", 1)
        shown = browser.client.get(response.url).text
        assert "Apply this plan" in shown
        base = re.search(r'name="base" value="(\d+)"', shown)[1]
        browser.client.post(reverse("playbook_apply", args=[draft.pk]), {"base": base})
        assert Gate.objects.get().tree == {"all_of": [MODULES, SURVEY, {"type": "quiz", "threshold": "0.8"}]}
        exported = services.export(at=NOW).yaml
        assert exported == changed(
            "        survey: ready\n", "        survey: ready\n      - type: quiz\n        threshold: 0.8\n"
        )
        assert LedgerEntry.objects.filter(kind="playbook.gate_drafted").count() == 1

    def test_marked_immediate_is_kept_in_the_file(self, browser):
        browser.press("check", immediate="on").press("save", reason="It matters")
        draft = PlaybookDraft.objects.get()
        assert (
            draft.document
            == f"{YAML[: YAML.index('risk_thresholds:')]}    gating_immediate: true\n"
            + (YAML[YAML.index("risk_thresholds:") :])
        )

    def test_what_loosens_is_proposed(self, browser):
        browser.press("remove:1").press("check")
        assert "others have to approve it" in browser.page
        response = browser.press("save", reason="Too much").response
        assert "Propose this plan" in browser.client.get(response.url).text
        assert Gate.objects.get().tree == {"all_of": [MODULES, SURVEY]}

    def test_another_playbook_since_is_told_and_never_undone(self, browser):
        browser.add("quiz")
        services.put_in_force(
            bundle=alone(changed("- type: modules_completed\n      ", "")), base_number=1, actor=None, at=NOW
        )
        assert browser.press("check").response.status_code == 409
        assert "Another playbook was put in force since you began" in browser.page
        assert browser.press("check").response.status_code == 200

    def test_what_the_track_does_not_have_is_told(self, browser):
        tree = {
            "all_of": [
                MODULES,
                SURVEY,
                {"type": "certificate_valid", "track": "nowhere"},
                {"type": "quiz", "threshold": "0.8", "quiz": "gone"},
            ]
        }
        values = {"tree": json.dumps(tree), "base": "1", "do": "save", "reason": "x"}
        response = browser.client.post(PAGE, values)
        assert response.status_code == 409
        assert "the track has no quiz" in response.text
        assert not PlaybookDraft.objects.exists()


class TestWriting:
    @pytest.mark.parametrize("name", ["demo_playbook.yaml", "enablement_playbook.yaml"])
    @pytest.mark.parametrize(
        "tree",
        [
            {"all_of": [QUIZ]},
            {"any_of": [QUIZ, {"at_least": 1, "of": [MODULES, {"not": SURVEY}]}]},
            {
                "all_of": [
                    {"type": "attestation", "policy": "p", "title": "A: b # c", "statement": "yes\n- no: 1"}
                ]
            },
        ],
    )
    def test_only_the_conditions_change_in_the_file(self, name, tree):
        before = (PLAYBOOKS / name).read_text()
        for index, track in enumerate(("frontline_ops_t1", "ops_manager_track")):
            after = with_gate(before, file=name, track=track, tree=tree, immediate=False)
            [old, new] = [load(text, file=name).value for text in (before, after)]
            assert gate_tree(new["training_tracks"][index].pop("gating_conditions")) == tree
            old["training_tracks"][index].pop("gating_conditions", None)
            assert old == new
            comments = [re.findall(r"#.*", text) for text in (before, after)]
            assert set(comments[0]) <= set(comments[1])

    def test_a_track_on_one_line(self):
        flow = changed(
            "  - id: clerk_t1\n", "  - {id: clerk_t1, modules: [{name: A, duration_min: 1}]}\n", YAML
        )
        flow = flow[: flow.index("    modules:")] + flow[flow.index("risk_thresholds:") :]
        after = with_gate(flow, file="x", track="clerk_t1", tree={"all_of": [SURVEY]}, immediate=True)
        assert load(after, file="x").value["training_tracks"][0]["gating_conditions"] == [SURVEY]
        assert load(after, file="x").value["training_tracks"][0]["gating_immediate"] is True
        assert after.startswith("# A small playbook.")


class TestOutline:
    @pytest.mark.parametrize(
        "tree",
        [
            {"all_of": [QUIZ, {"not": MODULES}]},
            {"not": {"any_of": [QUIZ, MODULES]}},
            {"at_least": 2, "of": [QUIZ, MODULES, {"any_of": [SURVEY]}]},
            {"all_of": []},
        ],
    )
    def test_a_tree_comes_back_as_it_was(self, tree):
        assert of_text(as_text(of_tree(tree))).tree() == tree

    def test_a_single_requirement_is_a_group_of_one(self):
        assert of_tree(QUIZ) == Group("all_of", (Leaf("quiz", {"threshold": "0.85"}),))

    def test_too_much_is_refused(self):
        with pytest.raises(ValueError, match="too many"):
            of_text(json.dumps({"all_of": [MODULES] * 201}))
