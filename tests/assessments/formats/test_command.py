"""`questions import|export`: the plan, clear lines, exit codes 0, 2 and 3."""

import pytest
from django.core.management import call_command

from assessments.models import QuestionBank
from tests.assessments.formats.samples import FOLDER
from tests.people.factories import UserFactory

SAMPLE = FOLDER / "shift-handover.gift"


@pytest.fixture
def run(capsys):
    """Runs `questions …`; gives the exit code, standard output and standard error."""

    def run(*words):
        code = 0
        try:
            call_command("questions", *map(str, words))
        except SystemExit as end:
            code = end.code
        out, err = capsys.readouterr()
        return code, out, err

    return run


def into(bank, *more):
    return ("--track", "frontline", "--bank", bank, *more)


def test_a_file_with_losses_is_shown_and_not_imported_until_agreed(run, desk):
    code, out, err = run("import", SAMPLE, *into("night"))
    assert code == 3
    lines = out.splitlines()
    assert lines[0] == f"{SAMPLE}: 13 added, 0 changed, 0 as before, 4 left out"
    assert "  + refund-limit: A customer asks for a refund of €180. Who decides?" in lines
    assert any(
        line.startswith("  ! left out: line 82, column 35, “Broken”: The { here is never closed.")
        for line in lines
    )
    assert err == "Nothing was imported. Agree to the losses with --accept-losses, or mend the file.\n"
    assert not QuestionBank.objects.filter(key="night").exists()


def test_agreed_it_comes_in_and_the_second_time_changes_nothing(run, desk):
    code, out, err = run("import", SAMPLE, *into("night", "--accept-losses", "--tag", "limits"))
    assert (code, err) == (0, "")
    assert out.splitlines()[-1] == "Imported 13 into frontline/night."
    bank = QuestionBank.objects.get(key="night")
    assert all("limits" in tags for tags in bank.questions.values_list("tags", flat=True))
    code, out, _err = run("import", SAMPLE, *into("night", "--accept-losses", "--tag", "limits"))
    assert code == 0
    assert out.splitlines()[0] == f"{SAMPLE}: 0 added, 0 changed, 13 as before, 4 left out"
    assert out.splitlines()[-1] == "Imported 0 into frontline/night."


def test_a_dry_run_keeps_nothing(run, desk):
    code, out, err = run("import", SAMPLE, *into("night", "--dry-run"))
    assert (code, err) == (0, "")
    assert out.startswith(f"{SAMPLE}: 13 added")
    assert not QuestionBank.objects.filter(key="night").exists()


def test_errors_are_one_clear_line_with_exit_code_2(run, desk, tmp_path):
    latin = tmp_path / "latin.gift"
    latin.write_bytes(b"Is it?{T}\n\nGr\xfcn?{F}")
    bomb = tmp_path / "bomb.xml"
    bomb.write_bytes(b'<!DOCTYPE quiz [<!ENTITY a "b">]>\n<quiz>&a;</quiz>')
    large = tmp_path / "large.gift"
    with large.open("wb") as file:
        file.truncate(50_000_000)
    learner = desk.learner.email
    for words, start in (
        (("import", latin, *into("night")), f"{latin}: line 3, column 3: The byte 0xfc is not UTF-8."),
        (("import", bomb, *into("night")), f"{bomb}: line 1: The file declares a document type"),
        (("import", large, *into("night")), f"{large}: The file has 50,000,000 bytes"),
        (("import", tmp_path / "gone", *into("night")), f"{tmp_path}/gone: No such file"),
        (("import", SAMPLE, "--track", "nowhere", "--bank", "x"), "There is no track nowhere."),
        (("import", SAMPLE, *into("a b")), "--bank a b: a key has letters"),
        (
            ("import", SAMPLE, *into("night", "--accept-losses", "--as", learner)),
            f"{learner} is not an active",
        ),
        (("export", "nowhere", "--format", "gift"), "There is no bank nowhere."),
    ):
        code, _out, err = run(*words)
        assert code == 2
        assert err.startswith(start)
        assert err.count("\n") == 1


def test_somebody_has_to_be_its_author(run, db):
    from tests.tracks.factories import TrackFactory

    TrackFactory(key="frontline")
    UserFactory()
    code, _out, err = run("import", SAMPLE, *into("night", "--accept-losses"))
    assert (code, err) == (2, "Nobody may author questions yet; give somebody the group “authors”.\n")


def test_a_bank_is_written_and_reads_back(run, desk, tmp_path):
    run("import", SAMPLE, *into("night", "--accept-losses"))
    for each, name in (("gift", "out.gift"), ("qti3", "out.zip")):
        code, _out, err = run("export", "frontline/night", "--format", each, "--output", tmp_path / name)
        assert (code, err) == (0, f"Wrote {tmp_path / name}.\n")
        code, out, _err = run("import", tmp_path / name, *into("night", "--dry-run"))
        assert out == f"{tmp_path / name}: 0 added, 0 changed, 13 as before, 0 left out\n"
