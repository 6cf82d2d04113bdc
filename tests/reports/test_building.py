"""A report is written by a job and kept."""

import csv
import io
import json

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.storage import default_storage
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from pypdf import PdfReader

from enablement.access.models import Policy
from enablement.jobs.models import Job, JobState
from enablement.ledger.models import LedgerEntry
from enablement.people.models import User
from enablement.programs.selectors import readiness
from enablement.reports import services
from enablement.reports.models import Report
from enablement.reports.printing import print_report
from enablement.reports.reading import read, reasons, verdict
from enablement.reports.spreadsheet import as_csv
from tests.jobs.conftest import run
from tests.people.factories import UserFactory
from tests.reports.conftest import reevaluate
from tests.reports.factories import ReportFactory
from tests.tracks.factories import START, CohortFactory, EnrolmentFactory, LessonFactory
from tracks.csv_files import safe
from tracks.models import LessonRead, Module, ModuleCompletion
from tracks.services.cohorts import withdraw_enrolment

pytestmark = pytest.mark.django_db


def ask(cohort):
    return services.request_report(cohort=cohort, actor=cohort.created_by, at=START)


def text_of(pdf):
    return " ".join(" ".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(pdf)).pages)


def rows_of(table):
    return list(csv.reader(io.StringIO(table.decode("utf-8-sig"))))


def content(file):
    with file.open() as opened:
        return opened.read()


def test_asking_is_a_job_of_the_one_who_asks(cohort):
    report = ask(cohort)
    assert (report.job.args, report.job.title) == ({"report_id": str(report.pk)}, "Report: Wave 1")
    assert (report.job.requested_by, report.requested_by) == (cohort.created_by, cohort.created_by)
    assert report.finished_at is None


def test_who_asked_for_which_cohort_is_on_record_once(cohort):
    report = ask(cohort)
    ask(cohort)
    entry = LedgerEntry.objects.get(kind="reports.requested")
    assert (entry.actor_id, entry.subject_id) == (cohort.created_by_id, str(report.pk))
    assert json.loads(entry.payload) == {"cohort": str(cohort.pk), "track": cohort.track.key}


def test_asking_twice_is_one_report_until_it_is_written(cohort):
    first = ask(cohort)
    assert ask(cohort) == first
    run(first.job)
    assert ask(cohort) != first
    assert Report.objects.count() == 2


def test_only_who_runs_the_cohort_asks(cohort):
    with pytest.raises(PermissionDenied):
        services.request_report(cohort=cohort, actor=UserFactory(), at=START)
    assert not Report.objects.exists()


def test_the_job_keeps_both_files(cohort):
    job = run(ask(cohort).job)
    assert (job.state, job.error, job.result) == (JobState.DONE, "", {"url": "/reports/"})
    assert (job.progress_done, job.progress_total) == (3, 3)
    report = Report.objects.get()
    assert report.finished_at is not None
    assert report.policy_revision == 3
    assert "Amara Okafor" in text_of(content(report.pdf))
    assert len(rows_of(content(report.csv))) == 4


def test_a_second_attempt_changes_nothing(cohort):
    report = ask(cohort)
    first, second = (services.build(report_id=report.pk, at=START) for _twice in range(2))
    assert first() == second() == services.build(report_id=report.pk, at=START)() == {"url": "/reports/"}
    assert len([name for name in default_storage.listdir("reports")[1] if str(report.pk) in name]) == 2


def test_the_document_answers_first_and_names_its_source(cohort):
    pdf = print_report(read(cohort=cohort, at=START))
    text = text_of(pdf)
    for words in (
        "Front line",
        "Wave 1",
        "Not ready: 1 of 3 people have shown everything",
        "Survey: Readiness: 2 people are missing.",
        "1 person is past the due date.",
        "Automate-vs-Avoid 101",
        "Ben Sørensen",
        "figures as of 2 November 2026, 09:00 UTC",
        "policy revision 3",
        "1 / 1",
    ):
        assert words in text
    assert PdfReader(io.BytesIO(pdf)).metadata.title == "Progress of Wave 1, 2 November 2026"


def test_the_document_lists_forty_and_says_how_many_there_are(cohort):
    EnrolmentFactory.create_batch(40, cohort=cohort)
    text = text_of(print_report(read(cohort=cohort, at=START)))
    assert "The 40 of 43 people who need attention first" in text
    assert "Ben Sørensen" in text
    assert "Amara Okafor" not in text


def test_the_table_holds_everybody_and_every_unit(cohort):
    header, *lines = rows_of(as_csv(read(cohort=cohort, at=START)))
    assert header == [
        "Name",
        "E-mail",
        "Mentor",
        "Due on",
        "Status",
        "Requirements met",
        "Module: Automate-vs-Avoid 101",
        "Module: Copilot",
        "Survey: Readiness",
    ]
    by_name = {line[0]: line for line in lines}
    assert [line[0] for line in lines] == ["Ben Sørensen", "Chen Wei", "Amara Okafor"]
    amara = by_name["Amara Okafor"]
    assert amara[2:] == ["Mona Mentor", "2026-11-16", "Ready", "1", "not started", "not started", "answered"]
    assert by_name["Ben Sørensen"][3:6] == ["2026-10-27", "Late", "0"]


def test_what_overlays_ask_of_some_is_in_both_files(cohort):
    """Amara has shown everything and works where no tool may be used; an overlay asks more of Ben."""
    asked = {"type": "attestation", "policy": "eu", "title": "EU rules", "statement": "I keep them."}
    overlay = {"key": "eu", "title": "Europe", "reason": "Because.", "regions": ["eu-west-1"]}
    Policy.objects.update(overlays=[overlay | {"conditions": [asked]}], regions=["us-east-1", "eu-west-1"])
    places = {"Amara Okafor": "ap-south-1", "Ben Sørensen": "eu-west-1", "Chen Wei": "us-east-1"}
    for name, region in places.items():
        User.objects.filter(name=name).update(region=region)
    reevaluate(cohort)
    reading = read(cohort=cohort, at=START)
    header, *lines = rows_of(as_csv(reading))
    assert header[8:] == ["Survey: Readiness", "Policy: EU rules (Europe)", "Region of work"]
    assert {line[0]: (line[4], line[5], *line[8:]) for line in lines} == {
        "Amara Okafor": ("Closed by region", "1", "answered", "not asked", "works in ap-south-1"),
        "Ben Sørensen": ("Late", "0", "not answered yet", "not confirmed yet", "fits"),
        "Chen Wei": ("Not started", "0", "not answered yet", "not asked", "fits"),
    }
    text = text_of(print_report(reading))
    for words in (
        "Not ready: 0 of 3 people have shown everything and may use the tools",
        "1 person works where the tools may not be used.",
        "Only where “Europe” holds",
        "1 / 2 Region of work: works in ap-south-1",
        "0 / 2 Survey: Readiness",
    ):
        assert words in text


def test_somebody_never_evaluated_has_empty_cells(cohort):
    EnrolmentFactory(cohort=cohort, user__name="Dana New")
    header, *lines = rows_of(as_csv(read(cohort=cohort, at=START)))
    dana = next(line for line in lines if line[0] == "Dana New")
    assert len(dana) == len(header)


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("+49 30", "'+49 30"),
        ("-1", "'-1"),
        ("@me", "'@me"),
        ("\t=1", "'\t=1"),
        ("Anna-Lena", "Anna-Lena"),
        ("", ""),
    ],
)
def test_no_cell_is_a_formula(cell, written):
    assert safe(cell) == written


def test_a_name_that_is_a_formula_is_defused_in_the_file(cohort):
    EnrolmentFactory(cohort=cohort, user__name="=cmd|' /C calc'!A0")
    table = as_csv(read(cohort=cohort, at=START))
    assert "'=cmd|' /C calc'!A0" in [line[0] for line in rows_of(table)]
    assert table.startswith(b"\xef\xbb\xbf")


def test_reading_costs_the_same_for_three_and_for_fifteen_and_for_sixty(cohort):
    counts = []
    for size in (3, 15, 60):
        EnrolmentFactory.create_batch(size - cohort.enrolments.count(), cohort=cohort)
        reevaluate(cohort)
        read(cohort=cohort, at=START)
        with CaptureQueriesContext(connection) as captured:
            assert len(read(cohort=cohort, at=START).people) == size
        counts.append(len(captured))
    assert counts == [9, 9, 9]


def test_people_who_stand_differently_do_not_share_their_cells(cohort):
    """Completed in either order, read but not completed, nothing, and everybody's modules counted."""
    first, second = (Module.objects.get(pk=module.pk) for module in readiness.content(cohort=cohort)[0])
    amara, ben, _chen = cohort.enrolments.order_by("user__name")
    lesson = LessonFactory(module=first)
    for module in (second, first):
        ModuleCompletion.objects.create(enrolment=amara, module=module, achieved_at=START)
    LessonRead.objects.create(enrolment=ben, lesson=lesson, read_at=START)
    ModuleCompletion.objects.create(enrolment=ben, module=second, achieved_at=START)
    _header, *lines = rows_of(as_csv(read(cohort=cohort, at=START)))
    assert {line[0]: tuple(line[6:8]) for line in lines} == {
        "Amara Okafor": ("completed", "completed"),
        "Ben Sørensen": ("under way", "completed"),
        "Chen Wei": ("not started", "not started"),
    }
    assert [
        (row.completed, row.under_way, row.not_started) for row in read(cohort=cohort, at=START).modules
    ] == [(1, 1, 1), (2, 0, 1)]
    board_rows = readiness.person_rows(
        cohort=cohort,
        modules=readiness.content(cohort=cohort)[0],
        start=0,
        missing=None,
        at=START,
    )
    by_name = {
        row.name: (row.modules, row.status, row.due_on) for row in read(cohort=cohort, at=START).people
    }
    assert {row.name: (tuple(row.modules), row.status, row.due_on) for row in board_rows} == by_name


def test_a_cohort_without_people_or_gate_is_said_plainly():
    cohort = CohortFactory()
    reading = read(cohort=cohort, at=START)
    assert verdict(reading.board) == "Nothing to judge yet: nobody is enrolled"
    assert reasons(reading.board) == []
    assert "Nobody is enrolled yet." in text_of(print_report(reading))
    EnrolmentFactory(cohort=cohort)
    reading = read(cohort=cohort, at=START)
    assert verdict(reading.board) == "Nothing to judge yet: no playbook says what this track has to show"
    assert "no policy revision yet" in text_of(print_report(reading))


def test_a_cohort_that_is_through_is_ready(cohort):
    for enrolment in cohort.enrolments.exclude(user__name="Amara Okafor"):
        withdraw_enrolment(enrolment=enrolment, actor=None, at=START)
    assert verdict(read(cohort=cohort, at=START).board) == "Ready: the one person has shown everything"


def test_a_finished_report_has_its_files():
    with pytest.raises(IntegrityError, match="report_finished_with_its_files"), transaction.atomic():
        ReportFactory(pdf="")


def test_a_job_belongs_to_one_report():
    report = ReportFactory()
    with pytest.raises(IntegrityError), transaction.atomic():
        ReportFactory(job=report.job)
    assert Job.objects.count() == 1
