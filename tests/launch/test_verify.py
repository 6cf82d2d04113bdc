import os
import subprocess
import sys
from pathlib import Path

import pytest

from enablement.launch import system, verify
from tests.launch.running import ROOT, bare_env


def test_counts_over_all_suites(tmp_path: Path) -> None:
    results = tmp_path / "results.xml"
    results.write_text('<testsuites><testsuite tests="10" failures="2" errors="1" skipped="1"/></testsuites>')

    assert verify._count(results) == (6, 3)


def test_a_run_that_wrote_nothing_counts_nothing(tmp_path: Path) -> None:
    assert verify._count(tmp_path / "absent.xml") == (0, 0)


def summary(
    capsys: pytest.CaptureFixture[str], outcome: verify.Outcome, absent: list[str]
) -> tuple[int, list[str]]:
    code = verify._summary(outcome, absent)
    return code, capsys.readouterr().out.splitlines()


def test_the_last_line_is_the_count_alone(capsys: pytest.CaptureFixture[str]) -> None:
    code, lines = summary(capsys, verify.Outcome(passed_tests=12), [])

    assert code == 0
    assert lines == ["12 passed, 0 failed"]


def test_the_summary_names_what_failed(capsys: pytest.CaptureFixture[str]) -> None:
    outcome = verify.Outcome(["types", "tests on SQLite"], passed_tests=11, failed_tests=1)

    code, lines = summary(capsys, outcome, [])

    assert code == 1
    assert lines == ["Failed: types; tests on SQLite", "11 passed, 1 failed"]


def test_a_run_without_a_passing_test_is_a_failure(capsys: pytest.CaptureFixture[str]) -> None:
    code, lines = summary(capsys, verify.Outcome(), [])

    assert code == 1
    assert lines == ["Failed: no test has passed", "0 passed, 0 failed"]


@pytest.mark.parametrize(("ci", "code"), [("", 0), ("true", 1)])
def test_a_missing_package_is_listed_and_fails_under_ci(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, ci: str, code: int
) -> None:
    monkeypatch.setenv("CI", ci)

    assert summary(capsys, verify.Outcome(passed_tests=1), ["nginx"])[0] == code


def test_a_failing_check_shows_its_output_and_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    outcome = verify.Outcome()

    good = verify.Step("good", [sys.executable, "-c", "print('quiet')"])
    verify._check([good, verify.Step("bad", [sys.executable, "-c", "raise SystemExit('reason')"])], outcome)

    lines = capsys.readouterr().out.splitlines()
    assert outcome.failed == ["bad"]
    assert [line.split()[:2] for line in lines] == [["good", "ok"], ["reason"], ["bad", "FAILED"]]


@pytest.mark.parametrize("cores", [2, 4])
def test_two_runs_count_together_and_the_second_is_shown_after_the_first(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cores: int
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    (tmp_path / "test_each.py").write_text(
        "import os\ndef test_one(): pass\ndef test_two(): assert 'SPOILED' not in os.environ\n"
    )
    arguments = [str(tmp_path / "test_each.py"), "-q", "-c", os.devnull, "--rootdir", str(tmp_path)]
    outcome = verify.Outcome()

    runs = [
        verify.TestRun("tests on SQLite", arguments, {}, tmp_path),
        verify.TestRun("tests on PostgreSQL", arguments, {"SPOILED": "1"}, tmp_path),
    ]
    verify._test(runs, outcome)

    said = capfd.readouterr().out
    assert outcome == verify.Outcome(["tests on PostgreSQL"], passed_tests=3, failed_tests=1)
    parts = ["2 passed", "tests on SQLite", "1 failed, 1 passed", "tests on PostgreSQL"]
    assert sorted(parts, key=said.index) == parts


def test_arguments_go_to_pytest(tmp_path: Path) -> None:
    """One test of this project, chosen by its name; it is a fast one."""
    chosen = "tests/launch/test_verify.py::test_a_run_that_wrote_nothing_counts_nothing"

    done = subprocess.run(
        [sys.executable, "manage.py", "verify", chosen, "-q"],
        cwd=ROOT,
        env=bare_env(TMPDIR=str(tmp_path)),
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "1 passed, 0 failed"
    assert "tests on PostgreSQL" not in done.stdout


def test_what_is_missing_is_named_by_its_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    assert {"redis-server", "chromium"} <= set(system.missing())
    assert not {"redis-server", "chromium"} & set(system.missing(tests=False))


def test_without_the_right_to_install_nothing_is_tried(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert system.install(["redis-server"]) is False
