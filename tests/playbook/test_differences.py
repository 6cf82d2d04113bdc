"""What somebody who approves a playbook reads: every change in words, and the files line by line."""

import pytest
from django.urls import reverse

from enablement.playbook import services
from enablement.playbook.bundle import Bundle
from enablement.playbook.file_differences import MOST_LINES, as_text, differences, for_page
from enablement.playbook.models import PlaybookProposal
from enablement.playbook.services import drafts
from tests.people.factories import UserFactory
from tests.playbook.conftest import NOW
from tests.playbook.first import first_in_force
from tests.playbook.small import ROLES, alone, bundle, changed
from tests.playbook.test_chain import people, propose  # noqa: F401 - a fixture
from tests.tracks.factories import RoleAssignmentFactory
from tracks.models import Role

pytestmark = pytest.mark.django_db
MOVED = changed(
    """  avoid:
    - {key: refunds, text: "Grant a refund.", why: "It moves money."}
""",
    """    - {key: refunds, text: "Grant a refund.", why: "Small sums only."}
""",
    ROLES,
)


def plan(given):
    return services.plan(bundle=given, at=NOW)


def details(found, kind):
    [change] = [change for change in found.changes if change.item.kind == kind]
    return list(change.details)


class TestWords:
    @pytest.fixture(autouse=True)
    def in_force(self, db):
        first_in_force()

    def test_a_moved_ruling_says_which_activity_moves_from_where_to_where_and_why(self):
        found = plan(bundle(**{"roles.yaml": MOVED}))
        moved = "“Grant a refund.”: avoid → automate. Why: Small sums only."
        why = "“Grant a refund.”: why: It moves money. → Small sums only."
        assert details(found, "role") == [moved, why]
        assert found.loosens == (f"Role Clerks: rubric: {moved}; {why}",)

    def test_an_activity_that_comes_or_goes_is_named(self):
        named = 'avoid:\n    - {key: chats, text: "Chat.", why: "No record."}\n'
        came = plan(bundle(**{"roles.yaml": ROLES.replace("avoid:\n", named)}))
        assert details(came, "role") == ["+ avoid: “Chat.” Why: No record."]
        gone = plan(bundle(**{"roles.yaml": ROLES.split("  avoid:")[0]}))
        assert details(gone, "role") == ["- avoid: “Grant a refund.”"]

    def test_a_gate_is_told_in_sentences(self):
        given = bundle(changed("- type: modules_completed", "- {type: quiz, threshold: 0.85}"))
        assert details(plan(given), "gate") == [
            "- Every module completed",
            "+ Quiz passed with at least 85 %",
        ]

    def test_where_two_conditions_read_the_same_the_whole_of_them_is_said(self):
        text = changed("- type: modules_completed", "- {type: quiz, quiz: check, threshold: 0.85}")
        services.put_in_force(bundle=bundle(text), base_number=1, actor=None, at=NOW)
        found = details(plan(bundle(text.replace("quiz: check, ", ""))), "gate")
        assert [line[:35] for line in found] == [
            "- Quiz passed with at least 85 % (q",
            "+ Quiz passed with at least 85 % (q",
        ]
        assert found[0] != found[1].replace("+", "-", 1)

    def test_prose_says_which_lines_went_and_came(self):
        found = plan(bundle(**{"roles.yaml": ROLES.replace("People who work tickets.", "Clerks.")}))
        assert details(found, "role") == [
            "description: reworded",
            "- People who work tickets.",
            "+ Clerks.",
        ]


class TestFiles:
    def test_each_file_that_differs_line_by_line_and_no_other(self):
        new = bundle(changed("0.82", "0.9"), without=("clerk_t1/survey-ready.yaml",), **{"a.md": "One\n"})
        found = differences(bundle(), new)
        assert [(each.name, each.what, each.came, each.went) for each in found] == [
            ("playbook.yaml", "changed", 1, 1),
            ("content/a.md", "added", 1, 0),
            ("content/clerk_t1/survey-ready.yaml", "removed", 0, 4),
        ]
        text = as_text(found)
        assert "\n-        confidence_threshold: 0.82\n+        confidence_threshold: 0.9\n" in text
        assert "--- /dev/null\n+++ b/content/a.md\n@@ -0,0 +1 @@\n+One\n" in text
        assert differences(bundle(), bundle()) == []

    def test_nothing_hides_in_a_line(self):
        [found] = differences(Bundle(yaml="a: 1\n"), Bundle(yaml="a: 1 # \u202eno\u2028b: 2\t\r\n"))
        assert found.lines[-1].text == "a: 1 # \\u202eno\\u2028b: 2\t\\u000d"
        [ending] = differences(Bundle(yaml="a: 1\n"), Bundle(yaml="a: 1"))
        assert [line.kind for line in ending.lines] == ["place"]

    def test_a_page_shows_so_many_lines_and_says_how_many_are_in_the_file(self):
        long = "".join(f"line {n}\n" for n in range(MOST_LINES + 10))
        found = differences(bundle(), bundle(**{"a.md": long, "b.md": "One\n"}))
        shown = for_page(found)
        assert [(len(each.shown), each.left_out, each.came) for each in shown] == [
            (MOST_LINES, 11, MOST_LINES + 10),
            (0, 2, 1),
        ]
        assert as_text(shown) == as_text(found)


@pytest.mark.pages
class TestPages:
    def test_draft_and_proposal_show_the_same_escaped(self, people, client):  # noqa: F811
        looser = changed("0.82", '0.75 # <b>"')
        draft = drafts.upload(name="l.yaml", data=looser.encode(), actor=people["ada"], at=NOW)
        line = "+         confidence_threshold: 0.75 # &lt;b&gt;&quot;"
        client.force_login(people["ada"])
        page = client.get(draft.get_absolute_url()).text
        assert line in page
        assert "<b>" not in page
        loaded = client.get(reverse("playbook_draft_diff", args=[draft.pk]))
        assert '+        confidence_threshold: 0.75 # <b>"\n' in loaded.text
        assert loaded["Content-Type"] == "text/plain; charset=utf-8"
        done = drafts.apply_draft(draft=draft, base_number=1, actor=people["ada"], at=NOW, note="Why")
        address = reverse("playbook_proposal_diff", args=[done.proposal.pk])
        for name in ("otto", "sam", "lea"):
            client.force_login(people[name])
            assert line in client.get(done.proposal.get_absolute_url()).text
            assert client.get(address).text == loaded.text
        client.force_login(UserFactory())
        assert client.get(address).status_code == 404

    def test_what_a_quiz_answers_stays_closed_to_who_learns_there(self, people, client):  # noqa: F811
        RoleAssignmentFactory(user=people["otto"], role=Role.objects.get(key="clerk"))
        name = "clerk_t1/next-steps/quiz.yaml"
        quiz = bundle().content[name].replace("text: The ticket,", "text: The zqcase,")
        propose(people, given=bundle(changed("0.82", "0.75"), **{name: quiz}))
        proposal = PlaybookProposal.objects.get()
        diff = reverse("playbook_proposal_diff", args=[proposal.pk])
        for who, sees in (("otto", False), ("sam", True)):
            client.force_login(people[who])
            for page in (client.get(proposal.get_absolute_url()).text, client.get(diff).text):
                assert "0.75" in page
                assert name in page
                assert ("zqcase" in page) is sees

    def test_a_revision_shows_how_it_differs_from_the_one_before(self, people, client):  # noqa: F811
        services.apply(bundle=alone(changed("0.82", "0.9")), base_number=1, actor=None, at=NOW)
        client.force_login(people["ada"])
        page = client.get(reverse("playbook_revision", args=[2])).text
        assert "Different from revision 1" in page
        assert "+         confidence_threshold: 0.9" in page
        assert client.get(reverse("playbook_revision_diff", args=[2])).text.count("\n+ ") == 1
        assert client.get(reverse("playbook_revision_diff", args=[1])).status_code == 404
