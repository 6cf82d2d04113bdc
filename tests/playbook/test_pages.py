"""The author's pages: what is in force, upload, plan or faults, apply, history."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from enablement.ledger.models import LedgerEntry, PolicyRevision
from enablement.playbook import in_force, services
from enablement.playbook.archive import read_archive, write_archive
from enablement.playbook.bundle import read_bundle
from enablement.playbook.models import PlaybookDraft, PlaybookProposal
from enablement.playbook.services import drafts
from tests.people.factories import UserFactory
from tests.playbook.conftest import NOW
from tests.playbook.first import first_in_force
from tests.playbook.small import YAML, alone, bundle, changed
from tracks.errors import Refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def signed_in(client, author):
    client.force_login(author)
    return author


def upload(client, data, name="mine.yaml"):
    return client.post(reverse("playbook_upload"), {"file": SimpleUploadedFile(name, data)})


def draft(client, given):
    response = upload(client, write_archive(given), "mine.zip")
    assert response.status_code == 302
    return PlaybookDraft.objects.latest("uploaded_at")


def apply(client, found, **data):
    page = client.get(found.get_absolute_url()).text
    base = re.search(r'name="base" value="(\d+)"', page)
    values = {"base": base[1] if base else "0", "note": ""} | data
    return client.post(reverse("playbook_apply", args=[found.pk]), values, follow=True)


def test_only_authors_see_playbooks(client):
    first_in_force()
    some = UserFactory(groups=["authors"])
    client.force_login(some)
    found = draft(client, alone())
    pages = [
        ("get", reverse("playbooks")),
        ("get", reverse("playbook_upload")),
        ("get", reverse("playbook_revision", args=[1])),
        ("get", reverse("playbook_archive", args=[1])),
        ("get", found.get_absolute_url()),
        ("post", reverse("playbook_apply", args=[found.pk])),
    ]
    client.logout()
    for method, url in pages:
        assert getattr(client, method)(url).status_code == 302, url
    client.force_login(UserFactory(groups=["mentors", "program_managers"]))
    for method, url in pages:
        assert getattr(client, method)(url).status_code == 403, url
    client.force_login(UserFactory(groups=["authors"]))
    for method, url in pages[:-1]:
        assert getattr(client, method)(url).status_code == 200, url
    assert client.get(reverse("playbook_apply", args=[found.pk])).status_code == 405


def test_before_the_first_playbook_the_page_says_what_to_do(client, signed_in):
    text = client.get(reverse("playbooks")).text
    assert "No playbook is in force" in text
    assert reverse("playbook_upload") in text


def test_what_is_in_force_is_told_in_words(client, signed_in):
    text = changed("- type: modules_completed", "- type: quiz\n        threshold: 0.85")
    services.put_in_force(bundle=bundle(text), base_number=0, actor=signed_in, at=NOW, note="To begin")
    page = client.get(reverse("playbooks")).text
    for words in (
        "Revision 1 is in force",
        "To begin",
        "Quiz passed with at least 85 %",
        "Survey “ready” answered",
        "Summariser",
        "role ops_manager has no track: nobody can show the skill for it",
    ):
        assert words in page, words


def test_the_overview_costs_as_many_queries_for_many_tracks_as_for_one(client, signed_in, with_content):
    def cost():
        with CaptureQueriesContext(connection) as captured:
            assert client.get(reverse("playbooks")).status_code == 200
        return len(captured)

    first_in_force()
    cost()
    small = cost()
    large = read_bundle(with_content / "demo_playbook.yaml")
    services.put_in_force(bundle=large, base_number=1, actor=None, at=NOW)
    assert cost() == small


def test_upload_plan_apply(client, signed_in):
    found = draft(client, bundle())
    page = client.get(found.get_absolute_url()).text
    assert "Nobody: everybody keeps what they have." in page
    assert "clerk_t1/first-steps/where-to-begin" in page
    assert in_force.snapshot() == {}
    response = apply(client, found, note="First one")
    assert "Revision 1 is in force." in response.text
    revision = PolicyRevision.objects.get()
    assert (revision.applied_by, revision.note, revision.sha256) == (signed_in, "First one", found.sha256)
    assert "Applied as revision 1" in client.get(found.get_absolute_url()).text
    kinds = list(LedgerEntry.objects.order_by("recorded_at").values_list("kind", flat=True))
    assert kinds == ["playbook.uploaded", "access.ruling_made", "access.ruling_made", "playbook.applied"]


def test_a_second_click_changes_nothing(client, signed_in):
    found = draft(client, bundle())
    apply(client, found, base="0")
    response = client.post(reverse("playbook_apply", args=[found.pk]), {"base": "0"}, follow=True)
    assert "This draft has been applied before." in response.text
    assert PolicyRevision.objects.count() == 1


def test_an_author_discards_their_own_draft_and_no_other(client, signed_in):
    first_in_force()
    found = draft(client, bundle(changed("0.82", "0.75")))
    assert "Discard this draft" in client.get(found.get_absolute_url()).text
    discard = reverse("playbook_discard", args=[found.pk])
    other = UserFactory(groups=["authors"])
    client.force_login(other)
    assert "Discard this draft" not in client.get(found.get_absolute_url()).text
    assert client.post(discard).status_code == 403
    client.force_login(signed_in)
    made = apply(client, found, note="Too strict.")
    assert "Proposed." in made.text
    assert "It waits for approval." in client.post(discard, follow=True).text
    proposal = PlaybookProposal.objects.get()
    client.post(reverse("approval_withdraw", args=[proposal.pk]))
    assert "The draft is discarded." in client.post(discard, follow=True).text
    assert client.get(found.get_absolute_url()).status_code == 404
    assert found.name not in client.get(reverse("playbook_drafts")).text
    assert drafts.discard(draft=found, actor=signed_in, at=NOW).discarded_at is not None
    assert LedgerEntry.objects.filter(kind="playbook.discarded").count() == 1
    with pytest.raises(Refused, match="has been discarded"):
        drafts.apply_draft(draft=found, base_number=1, actor=signed_in, at=NOW, note="Still")
    assert client.get(proposal.get_absolute_url()).status_code == 200


def test_one_in_force_is_never_discarded(client, signed_in):
    found = draft(client, bundle())
    apply(client, found, base="0")
    with pytest.raises(Refused):
        drafts.discard(draft=found, actor=signed_in, at=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        PlaybookDraft.objects.update(discarded_at=NOW)


@pytest.mark.parametrize("many", [1, 12])
def test_older_drafts_have_pages_of_their_own(client, signed_in, many):
    given = [
        PlaybookDraft(
            name=f"d{n}.yaml", document="a: 1", sha256="0" * 64, uploaded_by=signed_in, uploaded_at=NOW
        )
        for n in range(many)
    ]
    PlaybookDraft.objects.bulk_create(given)
    assert ("All drafts" in client.get(reverse("playbooks")).text) is (many > 10)
    client.get(reverse("playbook_drafts"))
    with CaptureQueriesContext(connection) as captured:
        page = client.get(reverse("playbook_drafts"))
    assert (len(page.context["drafts"]), len(captured)) == (many, DRAFT_QUERIES)


DRAFT_QUERIES = 5


def test_a_stale_base_is_refused_in_words(client, signed_in):
    first_in_force()
    found = draft(client, alone(changed("0.82", "0.9")))
    services.put_in_force(bundle=alone(changed("0.82", "0.7")), base_number=1, actor=None, at=NOW)
    response = apply(client, found, base="1")
    assert "Revision 2 is in force, and this plan was made against revision 1." in response.text
    assert PolicyRevision.objects.count() == 2
    page = client.get(found.get_absolute_url()).text
    assert "Another playbook has been applied since the upload" in page
    assert "A person looks at outputs below a confidence of: 0.7 → 0.9" in page
    assert "Revision 3 is in force." in apply(client, found).text


def test_who_gains_or_loses_is_named_before_it_happens(client, signed_in):
    from tests.playbook.test_applying import EASY, SHARP, enrolled

    first_in_force(bundle(EASY))
    ada = enrolled("Ada Byron", completed=True)
    page = client.get(draft(client, alone()).get_absolute_url()).text
    assert "Summariser: 1 person keeps access for now" in page
    page = client.get(draft(client, alone(SHARP)).get_absolute_url()).text
    assert "Summariser: 1 person loses access" in page
    assert "Ada Byron" in page
    assert ada.email in page


def test_faults_are_shown_with_their_line(client, signed_in):
    found = draft(client, bundle(changed("type: survey", "type: surveys")))
    page = client.get(found.get_absolute_url()).text
    assert "1 thing to mend" in page
    assert "playbook.yaml, line 27, column 15" in page
    assert "- type: <mark>s</mark>urveys" in page
    response = client.post(reverse("playbook_apply", args=[found.pk]), {"base": "0"}, follow=True)
    assert "1 thing to mend" in response.text
    assert in_force.snapshot() == {}


def test_nothing_in_a_file_becomes_markup(client, signed_in):
    found = draft(client, bundle(changed("type: survey", "type: <script>alert(1)</script>")))
    page = client.get(found.get_absolute_url()).text
    assert "<script>alert" not in page
    assert "&lt;" in page


def test_nothing_to_do_is_said(client, signed_in):
    first_in_force()
    assert "Nothing to do" in client.get(draft(client, bundle()).get_absolute_url()).text


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("mine.yaml", b"a: \xff", "mine.yaml:1:4: the byte 0xff is not UTF-8"),
        ("mine.zip", b"PK", "the archive cannot be read"),
        ("mine.txt", b"a: 1", "Choose a file that ends in .yaml, .yml or .zip."),
        ("mine.yaml", b"", "The submitted file is empty."),
        ("mine.yaml", b"#" * 1_000_001, "1,000,001 bytes"),
        ("mine.zip", b"#" * 10_000_001, "The file is larger than 10 MB."),
    ],
)
def test_what_cannot_be_read_is_refused_at_the_door(client, signed_in, name, data, words):
    response = upload(client, data, name)
    assert response.status_code == 422
    assert words in response.text
    assert not PlaybookDraft.objects.exists()


def test_a_revision_shows_its_document_its_hash_and_what_changed(client, signed_in):
    first_in_force()
    second = bundle(changed("0.82", "0.9"), without=("clerk_t1/first-steps/lab-try-it.md",))
    revision = services.put_in_force(bundle=second, base_number=1, actor=None, at=NOW).revision
    page = client.get(reverse("playbook_revision", args=[2])).text
    assert revision.sha256 in page
    assert '<span class="gd">-         confidence_threshold: 0.82</span>' in page
    assert '<span class="gi">+         confidence_threshold: 0.9</span>' in page
    assert "content/clerk_t1/first-steps/lab-try-it.md" in page
    first = client.get(reverse("playbook_revision", args=[1])).text
    assert "Different from revision" not in first
    assert "# A small playbook." in first
    assert client.get(reverse("playbook_revision", args=[3])).status_code == 404


def test_a_revision_downloads_as_an_archive_that_applies_as_no_change(client, signed_in):
    first_in_force()
    response = client.get(reverse("playbook_archive", args=[1]))
    assert response["Content-Disposition"] == 'attachment; filename="playbook-revision-1.zip"'
    again = read_archive("again.zip", response.content)
    assert again.yaml == YAML
    assert not services.plan(bundle=again, at=NOW)
