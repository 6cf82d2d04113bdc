"""`playbook plan|apply|export FILE`: clear output, one line an error, exit code 2."""

from decimal import Decimal

import pytest
from django.core.management import call_command

from enablement.access.models import Microtool
from enablement.ledger.models import PolicyRevision
from enablement.playbook import in_force
from enablement.playbook.models import PlaybookProposal
from tests.people.factories import UserFactory
from tests.playbook.small import YAML, bundle, changed

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(capsys):
    """Runs `playbook …`; gives the exit code, standard output and standard error."""

    def run(*words):
        code = 0
        try:
            call_command("playbook", *map(str, words))
        except SystemExit as end:
            code = end.code
        out, err = capsys.readouterr()
        return code, out, err

    return run


def test_plan_shows_and_keeps_nothing(run, small_file):
    code, out, err = run("plan", small_file)
    assert (code, err) == (0, "")
    assert out.startswith("Against an empty installation:\n\n  + role clerk\n      rubric: 2\n")
    assert f"(sha256 {bundle().sha256})" in out.splitlines()[-1]
    assert in_force.snapshot() == {}


def test_apply_numbers_and_hashes_and_then_has_nothing_to_do(run, small_file):
    code, out, _err = run("apply", small_file, "--note", "First")
    assert code == 0
    assert out.splitlines()[-1] == f"Applied revision 1 (sha256 {bundle().sha256})"
    revision = PolicyRevision.objects.get()
    assert (revision.note, revision.applied_by) == ("First", None)
    code, out, _err = run("apply", small_file)
    assert (code, out) == (0, f"Nothing to do: revision 1 is in force (sha256 {bundle().sha256})\n")
    code, out, _err = run("plan", small_file)
    assert out.startswith("No changes: revision 1 is in force as this playbook has it.\n")


def test_apply_is_by_the_person_named_or_the_first_author(run, small_file):
    first, named = UserFactory(groups=["authors"]), UserFactory(is_superuser=True)
    run("apply", small_file)
    assert PolicyRevision.objects.get(number=1).applied_by == first
    small_file.write_text(changed("0.82", "0.9"))
    assert run("apply", small_file, "--as", named.email.upper())[0] == 0
    assert PolicyRevision.objects.get(number=2).applied_by == named
    mere = UserFactory()
    code, out, err = run("apply", small_file, "--as", mere.email)
    assert (code, out) == (2, "")
    assert err == f"{mere.email} is not an active person who may author playbooks.\n"


def test_apply_onto_a_base_that_is_no_longer_in_force_is_refused(run, small_file):
    assert run("apply", small_file, "--base", "0")[0] == 0
    small_file.write_text(changed("0.82", "0.9"))
    code, _out, err = run("apply", small_file, "--base", "0")
    assert code == 2
    assert err == (
        "Revision 1 is in force, and this plan was made against revision 0. "
        "Look at the plan again, then apply.\n"
    )
    assert Microtool.objects.get().confidence_threshold == Decimal("0.82")


def test_export_gives_back_what_was_applied(run, small_file, tmp_path):
    run("apply", small_file)
    assert run("export", "-") == (0, YAML, "")
    target = tmp_path / "out" / "mine.yaml"
    target.parent.mkdir()
    assert run("export", target) == (0, "", "")
    assert target.read_text() == YAML
    assert run("plan", target)[1].startswith("No changes")


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"a: [", "1:5: expected the node content, but found '<stream end>'; expected YAML 1.2"),
        (b"a: \xff", "1:4: the byte 0xff is not UTF-8; expected a text file in UTF-8"),
        (b"\xff\xfea\x00", "1:1: the byte 0xff is not UTF-8; expected a text file in UTF-8"),
        (b"a: \x00", "1:4: the character U+0000 is not allowed; expected printable text"),
        (b"a: &b [*b, *b]", "1:4: anchors are not allowed; expected the value without `&`"),
        (b"[" * 900, "1:21: nested deeper than 20 levels; expected a flatter document"),
        (b"#" * 1_000_001, "1:1: the file has more than 1,000,000 bytes; expected at most 1,000,000"),
        (b"- 1", "1:1: [1] does not fit; expected keys and values"),
        (b"5", "1:1: 5 does not fit; expected keys and values"),
    ],
    ids=["malformed", "latin-1", "utf-16", "nul", "aliased", "deep", "huge", "a list", "a number"],
)
def test_a_bad_file_is_one_line_exit_code_2_and_changes_nothing(run, small_file, data, fault):
    run("apply", small_file)
    before = in_force.snapshot()
    small_file.write_bytes(data)
    for command in ("plan", "apply"):
        code, out, err = run(command, small_file)
        assert (code, out) == (2, "")
        assert err == f"small.yaml:{fault}\n"
    assert in_force.snapshot() == before
    assert PolicyRevision.objects.count() == 1


def test_a_fault_in_content_names_its_file(run, small_file):
    (small_file.parent / "content" / "clerk_t1" / "first-steps" / "notes.txt").write_text("x")
    code, _out, err = run("plan", small_file)
    assert (code, err) == (
        2,
        (
            "content/clerk_t1/first-steps/notes.txt:1:1: unknown file; "
            "expected NN-<key>.md, lab-<key>.md or quiz.yaml\n"
        ),
    )


def test_links_in_the_content_folder_are_refused_and_clutter_is_not_read(run, small_file):
    content = small_file.parent / "content"
    (content / ".DS_Store").write_bytes(b"\xff")
    assert run("plan", small_file)[0] == 0
    (content / "clerk_t1" / "link").symlink_to("/etc")
    code, _out, err = run("plan", small_file)
    assert (code, err) == (
        2,
        "content/clerk_t1/link:1:1: not a regular file; expected a file, not a link to one\n",
    )


def test_a_missing_file_and_an_unwritable_target_are_one_line(run, small_file, tmp_path):
    code, _out, err = run("plan", tmp_path / "none.yaml")
    assert (code, err) == (2, f"{tmp_path / 'none.yaml'}: No such file or directory\n")
    code, _out, err = run("plan", tmp_path)
    assert (code, err) == (2, f"{tmp_path}: Is a directory\n")
    run("apply", small_file)
    code, _out, err = run("export", tmp_path / "none" / "out.yaml")
    assert (code, err) == (2, f"{tmp_path / 'none' / 'out.yaml'}: No such file or directory\n")
    assert run("export", "-")[0] == 0


def test_export_before_the_first_playbook_says_so(run):
    assert run("export", "-") == (2, "", "No playbook is in force yet.\n")


def test_what_loosens_is_proposed_with_exit_code_3(run, small_file):
    author = UserFactory(groups=["authors"])
    run("apply", small_file)
    small_file.write_text(changed("0.82", "0.75"))
    code, _out, err = run("apply", small_file)
    assert (code, err) == (2, "Say why: it is what those read who have to approve it.\n")
    code, out, err = run("apply", small_file, "--note", "Too strict.")
    assert (code, err) == (3, "")
    assert "Microtool Summariser: confidence threshold: 0.82 → 0.75" in out
    proposal = PlaybookProposal.objects.get()
    assert proposal.request.subject == author
    assert out.splitlines()[-1].startswith(
        "Proposed, not applied: it loosens what revision 1 says. To approve: Ops manager, then Security "
        "partner, then Legal partner; due "
    )
    assert run("apply", small_file)[1].splitlines()[-1].startswith("Proposed before, not applied: ")
    assert Microtool.objects.get().confidence_threshold == Decimal("0.82")
