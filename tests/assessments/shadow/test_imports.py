"""Cases from files: every fault by line, what is twice listed, and nobody judges what they brought in."""

import csv
import io
import json

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.urls import reverse

from assessments import signals
from assessments.case_files import COLUMNS, read_case_file
from assessments.models import ShadowCase
from assessments.selectors.judgements import judgement_queue
from assessments.services import shadow
from tests.assessments.racing import at_once
from tests.assessments.recording import heard
from tests.assessments.shadow.factories import (
    AT,
    answer,
    case_specs,
    judge,
    make_judge,
    make_learner,
    make_owner,
    make_pool,
    pool_spec,
)
from tests.people.factories import UserFactory
from tracks.csv_files import CsvFaults
from tracks.errors import Refused

pytestmark = pytest.mark.django_db
ROW = {
    "key": "QA-1",
    "category": "billing",
    "complexity": "low",
    "yellow_zone": "true",
    "channel": "chat",
    "subject": "Where is my refund",
    "body": "It was promised\nfor Monday.",
    "output": "Asks about a refund.",
    "confidence": "0.91",
    "decision": "review",
    "usable": "no",
    "reason": "The day is missing.",
}


def row(number: int, **changes) -> dict:
    return ROW | {"key": f"QA-{number}", "subject": f"Ticket {number}"} | changes


def as_csv(*rows) -> bytes:
    names = list(dict.fromkeys(name for each in rows for name in each))
    out = io.StringIO()
    writer = csv.DictWriter(out, names, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def as_jsonl(*rows) -> bytes:
    return "\n".join(json.dumps(each) for each in rows).encode()


def faults_of(content: bytes) -> list[tuple[int, str, str]]:
    with pytest.raises(CsvFaults) as refused:
        read_case_file(content)
    return [(fault.line, fault.column, fault.message) for fault in refused.value.faults]


@pytest.fixture
def pool():
    return make_pool(count=10)


@pytest.fixture
def owner(pool):
    return make_owner(pool)


def bring_in(pool, owner, content, at=AT):
    plan = shadow.plan_import(pool=pool, content=content, actor=owner)
    return shadow.import_cases(pool=pool, content=content, fingerprint=plan.fingerprint, actor=owner, at=at)


class TestFiles:
    def test_csv_and_jsonl_hold_the_same_cases(self):
        rows = [row(1), row(2, ground_truth="true", prompt="triage_summarize")]
        typed = [each | {"yellow_zone": True, "usable": False, "confidence": 0.91} for each in rows]
        typed[1]["ground_truth"] = True

        from_csv, from_json = read_case_file(as_csv(*rows)), read_case_file(as_jsonl(*typed))
        assert [line.spec for line in from_csv] == [line.spec for line in from_json]
        assert [line.spec.ground_truth for line in from_csv] == [False, True]
        # A text of two lines moves the next case on, and line ends do not matter.
        assert [line.line for line in from_csv] == [2, 4]
        assert [line.line for line in from_json] == [1, 2]
        again = read_case_file(as_csv(*rows).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
        assert [line.spec.sha256 for line in again] == [line.spec.sha256 for line in from_csv]

    def test_every_fault_has_its_line_and_column(self):
        rows = [
            row(1, usable="perhaps"),
            row(2, confidence="high", body=""),
            row(3, decision="approve"),
            row(4, confidence="1.2"),
        ]
        found = faults_of(as_jsonl(*rows, row(5, colour="red"), row(6, subject=7), row(7, body="a\0b")))

        assert [(line, column) for line, column, _message in found] == [
            (1, "usable"),
            (2, "body"),
            (2, "confidence"),
            (3, ""),
            (4, ""),
            (5, "colour"),
            (6, "subject"),
            (7, "body"),
        ]
        assert found[0][2] == "Expected true or false."
        assert "its decision must be one of automate, review, avoid, escalate" in found[3][2]

    @pytest.mark.parametrize(
        ("line", "message"),
        [
            ("{not json}", "Not a JSON object"),
            ('{"key": "a", "key": "b"}', "a key is there twice"),
            ('{"confidence": NaN}', "NaN is not a number"),
            ("[" * 100_000, "Not a JSON object"),
            ("[]", "expected one object, in braces"),
            ("\udcff", "Not UTF-8"),
        ],
    )
    def test_a_line_that_is_no_object_is_named(self, line, message):
        content = as_jsonl(row(1)) + b"\n" + line.encode("utf-8", "surrogateescape")

        ((number, _column, text),) = faults_of(content)
        assert number == 2
        assert message in text

    def test_half_a_character_is_refused(self):
        ((line, column, message),) = faults_of(as_jsonl(row(1, body="half \ud800")))
        assert (line, column, message) == (1, "body", "It holds a character that cannot be stored.")

    def test_missing_columns_are_named_once(self):
        content = as_csv({name: value for name, value in ROW.items() if name != "output"})

        assert [column for _line, column, _message in faults_of(content)] == ["output"]

    def test_a_file_of_more_than_a_megabyte_is_refused(self):
        content = as_jsonl(row(1, body="x" * 1024 * 1024))
        ((_line, _column, message),) = faults_of(content)

        assert "at most 1048576 are read" in message


class TestImport:
    def test_new_cases_join_the_pool_and_are_announced(self, pool, owner):
        with heard(signals.cases_imported) as facts:
            plan = bring_in(pool, owner, as_csv(row(1), row(2, ground_truth="yes")))

        first, known = pool.cases.filter(key__startswith="QA").order_by("key")
        assert (first.origin, first.imported_by, first.version) == ("import", owner, 1)
        assert (first.settled_at, first.ground_truth) == (None, False)
        assert (known.settled_at, known.settled_decision, known.settled_usable) == (AT, "review", False)
        assert known.double is False
        assert (len(plan.added), plan.known, len(plan.twice)) == (2, 1, 0)
        (fact,) = facts
        assert (fact.kind, fact.actor_id) == ("assessments.cases_imported", owner.pk)
        assert (fact.payload["added"], fact.payload["known_answers"]) == (2, 1)

    def test_the_plan_counts_each_stratum_and_changes_nothing(self, pool, owner):
        plan = shadow.plan_import(pool=pool, content=as_csv(row(1), row(2)), actor=owner)

        counts = {(each.yellow, each.decision): (each.now, each.added) for each in plan.strata}
        assert counts[True, "review"] == (0, 2)
        assert counts[True, "automate"] == (3, 0)
        assert sum(now for now, _added in counts.values()) == pool.cases.count() == 10

    def test_what_is_twice_is_listed_whatever_its_spacing_and_capitals(self, pool, owner):
        there = pool.cases.get(key="TS-003")
        content = as_csv(
            row(1),
            row(2, subject=there.subject.upper(), body=f"  {there.body}\n "),
            row(3, subject="TICKET  1"),
        )
        plan = bring_in(pool, owner, content)

        assert [line.spec.key for line in plan.added] == ["QA-1"]
        assert [(each.key, each.other, each.of_line) for each in plan.twice] == [
            ("QA-2", "TS-003", None),
            ("QA-3", "QA-1", 2),
        ]
        assert pool.cases.count() == 11

    def test_the_same_file_again_has_nothing_new(self, pool, owner):
        content = as_csv(row(1), row(2))
        bring_in(pool, owner, content)

        with pytest.raises(ValidationError, match="there already"):
            bring_in(pool, owner, content)
        assert pool.cases.count() == 12

    def test_a_key_of_another_case_is_a_fault(self, pool, owner):
        with pytest.raises(CsvFaults) as refused:
            bring_in(pool, owner, as_csv(row(1, key="TS-001"), row(2), row(3, key="QA-2")))

        assert [(fault.line, fault.column) for fault in refused.value.faults] == [(2, "key"), (6, "key")]

    def test_an_output_of_another_model_is_a_fault(self, pool, owner):
        with pytest.raises(CsvFaults, match="Recorded with “old”; the pool is about “summariser-1”"):
            bring_in(pool, owner, as_csv(row(1, model_version="old")))

    def test_a_plan_of_another_pool_is_stale(self, pool, owner):
        content = as_csv(row(1))
        plan = shadow.plan_import(pool=pool, content=content, actor=owner)
        bring_in(pool, owner, as_csv(row(2)))

        with pytest.raises(Refused) as refused:
            shadow.import_cases(pool=pool, content=content, fingerprint=plan.fingerprint, actor=owner, at=AT)
        assert refused.value.code == "stale"

    def test_only_who_answers_for_the_pool_may(self, pool, owner):
        elsewhere = make_owner(make_pool())
        for person in (make_judge(pool), elsewhere, UserFactory(), make_learner(pool)):
            with pytest.raises(Refused) as refused:
                shadow.plan_import(pool=pool, content=as_csv(row(1)), actor=person)
            assert refused.value.code == "not_owner"

    def test_who_brought_a_case_in_neither_judges_nor_learns_by_it(self, pool, owner):
        bring_in(pool, owner, as_csv(row(1)))
        case = pool.cases.get(key="QA-1")

        assert case not in judgement_queue(judge=owner)
        with pytest.raises(Refused) as refused:
            judge(case, owner)
        assert refused.value.code == "own_import"
        assert judge(case, make_judge(pool)).judged_at == AT

    def test_a_playbook_leaves_imported_cases_until_the_tool_changes(self, pool, owner):
        bring_in(pool, owner, as_csv(row(1)))
        specs = case_specs(10)
        put = {"track": pool.track, "at": AT, "minimum": 0}
        shadow.put_pool(spec=pool_spec(sample_size=4), cases=specs, **put)
        assert pool.cases.live().filter(key="QA-1").exists()

        taken = [*specs[1:], *case_specs(1, key="QA-1")]
        with pytest.raises(ValidationError, match="imported a case of this key or text"):
            shadow.put_pool(spec=pool_spec(sample_size=4), cases=taken, **put)

        shadow.put_pool(spec=pool_spec(sample_size=4, tool_version="2.0"), cases=specs, **put)
        assert not pool.cases.live().filter(key="QA-1").exists()

    @pytest.mark.django_db(transaction=True)
    def test_two_uploads_at_once_add_the_cases_once(self):
        pool = make_pool(count=2)
        owner, content = make_owner(pool), as_csv(row(1), row(2))
        plan = shadow.plan_import(pool=pool, content=content, actor=owner)

        def step():
            shadow.import_cases(pool=pool, content=content, fingerprint=plan.fingerprint, actor=owner, at=AT)

        assert sorted(at_once(step, step)) == ["done", "stale"]
        assert ShadowCase.objects.filter(origin="import").count() == 2


@pytest.mark.pages
class TestPages:
    def test_file_plan_and_change(self, client, pool, owner):
        client.force_login(owner)
        url = reverse("cases_import", args=[pool.pk])
        assert client.get(url).status_code == 200
        there = pool.cases.get(key="TS-003")
        content = as_csv(row(1), row(2, subject=there.subject, body=there.body)).decode()
        planned = client.post(url, {"text": content})
        page = planned.content.decode()
        assert "1 to add (0 with a known answer), 1 left out" in page
        assert "TS-003" in page
        assert not pool.cases.filter(key="QA-1").exists()

        # A browser sends every line end as CR LF.
        form = planned.context["form"].initial
        sent = {**form, "content": form["content"].replace("\r\n", "\n").replace("\n", "\r\n")}
        done = client.post(url, sent)
        assert done.url == reverse("agreement", args=[pool.pk])
        assert pool.cases.filter(key="QA-1").exists()
        again = client.post(url, sent)
        assert again.status_code == 422
        assert "has changed since this plan" in again.content.decode()

    def test_faults_are_shown_by_line_and_nothing_changes(self, client, pool, owner):
        client.force_login(owner)
        response = client.post(
            reverse("cases_import", args=[pool.pk]), {"text": as_csv(row(1, usable="x")).decode()}
        )

        assert response.status_code == 422
        assert "Expected true or false." in response.content.decode()
        assert pool.cases.count() == 10

    def test_others_are_refused(self, client, pool):
        url = reverse("cases_import", args=[pool.pk])
        for person, status in ((make_judge(pool), 403), (make_owner(make_pool()), 404), (UserFactory(), 403)):
            client.force_login(person)
            assert client.get(url).status_code == status
            assert client.post(url, {"text": "x"}).status_code == status


class TestCommand:
    def run(self, tmp_path, pool, owner, verb, content=None):
        path = tmp_path / "cases.csv"
        if content is not None:
            path.write_bytes(content)
        out = io.StringIO()
        name = f"{pool.track.key}/{pool.key}"
        call_command("cases", verb, str(path), "--pool", name, "--by", owner.email, stdout=out)
        return out.getvalue()

    def test_plan_then_import(self, tmp_path, pool, owner):
        content = as_csv(row(1), row(2, subject="Ticket 1"))
        told = self.run(tmp_path, pool, owner, "plan", content)
        assert told.startswith("1 to add (0 with a known answer), 1 left out.\n")
        assert "line 4: QA-2 has the text of QA-1 in line 2" in told
        assert "yellow zone, review: 0 + 1" in told
        assert pool.cases.count() == 10

        assert self.run(tmp_path, pool, owner, "import", content).startswith("1 added")
        assert pool.cases.get(key="QA-1").imported_by == owner

    def test_errors_are_one_line_each_with_code_2(self, tmp_path, pool, owner):
        for content, message in (
            (as_csv(row(1, usable="x")), "cases.csv: Line 2, column “usable”: Expected true or false."),
            (None, "cases.csv: No such file or directory"),
        ):
            (tmp_path / "cases.csv").unlink(missing_ok=True)
            with pytest.raises(CommandError, match=message) as refused:
                self.run(tmp_path, pool, owner, "import", content)
            assert refused.value.returncode == 2
        with pytest.raises(CommandError, match="You do not answer for this pool"):
            self.run(tmp_path, pool, UserFactory(), "plan", as_csv(row(1)))
        pool.key = "other"
        with pytest.raises(CommandError, match=r"no pool .*/other; expected one of: .*/triage"):
            self.run(tmp_path, pool, owner, "plan", as_csv(row(1)))


def test_the_columns_are_those_that_the_page_names():
    assert {*ROW, "model_version", "prompt", "ground_truth"} == set(COLUMNS)


def test_a_learner_who_had_a_text_does_not_meet_it_again_under_another_key():
    pool = make_pool(count=1)
    learner, owner = make_learner(pool), make_owner(pool)
    had = answer(pool, learner).case
    ShadowCase.objects.update(retired_at=AT)
    bring_in(pool, owner, as_csv(row(1, subject=had.subject, body=had.body)))

    with pytest.raises(Refused) as refused:
        shadow.draw(pool=pool, actor=learner, at=AT)
    assert refused.value.code == "pool_exhausted"
