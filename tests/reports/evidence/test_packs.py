"""Evidence packs: made by a job, taken away on record, checked offline; whatever is changed is found."""

import csv
import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from pypdf import PdfReader

from enablement.access.decisions.verdict import Call
from enablement.access.models import ApprovalRequest, ApprovalStep, Ruling
from enablement.access.services.decisions import Caller, decide_call
from enablement.access.services.grants import reevaluate
from enablement.access.services.outcomes import Said, report_outcome
from enablement.jobs.models import JobState
from enablement.ledger import packs, signing
from enablement.ledger.models import LedgerEntry
from enablement.reports.evidence import services
from enablement.reports.models import EvidencePack
from tests.access.conftest import NOW, Switch
from tests.access.factories import GateFactory, MicrotoolFactory, PolicyFactory
from tests.certificates.factories import CertificateFactory
from tests.jobs.conftest import run
from tests.ledger.factories import add_revision
from tests.people.factories import ApiTokenFactory, UserFactory
from tests.tracks.factories import EnrolmentFactory, RoleFactory

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def liaison():
    return UserFactory(name="Lena Liaison", groups=["compliance"])


@pytest.fixture
def world(monkeypatch):
    """Amara's tool is open, Ben's is not; both call on the 9th, Amara on the 10th as well."""
    from enablement.access import registry

    switch = Switch()
    monkeypatch.setitem(registry._registry, "switch", switch)
    add_revision(document="roles: [frontline]", at=NOW - DAY)
    PolicyFactory()
    tool = MicrotoolFactory(key="triage", title="Triage", track=GateFactory().track)
    amara = EnrolmentFactory(cohort__track=tool.track, user__name="Amara Okafor")
    ben = EnrolmentFactory(cohort=amara.cohort, user__name="Ben Sørensen")
    CertificateFactory(enrolment=amara)
    switch.on.add(amara.user_id)
    reevaluate(user_ids=[amara.user_id, ben.user_id], cause="tests", actor_id=None, at=NOW)
    gateway = Caller.of_token(ApiTokenFactory(name="gateway"))
    for person, at in ((amara.user, NOW), (ben.user, NOW), (amara.user, NOW + DAY)):
        call = Call(subject=person.email, microtool="triage", action="invoke", region="eu-west-1")
        decide_call(call=call, caller=gateway, at=at)
    return amara, ben, tool


def ask(liaison, **scope):
    days = {"first_day": NOW.date(), "last_day": NOW.date()}
    return services.request_pack(purpose="Audit 2026", actor=liaison, at=NOW, **{**days, **scope})


@pytest.fixture
def made(world, liaison):
    """Amara's pack for the 9th."""
    pack = ask(liaison, person=world[0].user)
    assert run(pack.job).state == JobState.DONE
    pack.refresh_from_db()
    return pack


def contents(pack):
    """Every file of a pack by its name in the bag."""
    with zipfile.ZipFile(pack.file.path) as archive:
        return {name.split("/", 1)[1]: archive.read(name) for name in archive.namelist()}


def rows(table):
    return list(csv.DictReader(io.StringIO(table.decode("utf-8-sig"))))


def test_a_pack_holds_its_matter_and_nothing_else(made, world):
    files = contents(made)
    said = json.loads(files["data/request.json"])
    assert (said["purpose"], said["requested_by"]["name"], said["decisions"]) == (
        "Audit 2026",
        "Lena Liaison",
        1,
    )
    assert [(row["Person"], row["Outcome"]) for row in rows(files["data/decisions.csv"])] == [
        ("Amara Okafor", "allow")
    ]
    assert [row["Person"] for row in rows(files["data/who-could-do-what.csv"])] == ["Amara Okafor"]
    assert [one["person_name"] for one in json.loads(files["data/certificates.json"])] == ["Amara Okafor"]
    assert files["data/policy/revision-1.txt"] == b"roles: [frontline]"
    entries = [json.loads(line) for line in files["data/ledger/entries.jsonl"].splitlines()]
    assert {one["entry"]["kind"] for one in entries} == {
        "access.decided",
        "access.grant_granted",
        "reports.evidence_pack_requested",
    }
    assert "Ben" not in files["data/decisions.csv"].decode()
    assert (made.decisions, made.entries) == (1, 3)


def test_a_pack_says_what_became_of_its_decisions_corrections_and_late_reports_too(world, liaison):
    allowed = LedgerEntry.objects.filter(kind="access.decided", payload__contains='"allow"').order_by("at")
    token = ApiTokenFactory(name="triage-tool")
    for entry, outcome in ((allowed[0], "used"), (allowed[0], "overturned"), (allowed[1], "edited")):
        said = Said(outcome=outcome, minutes=5)
        report_outcome(decision=entry.pk, said=said, token=token, at=NOW + 30 * DAY)
    pack = ask(liaison, person=world[0].user)
    assert run(pack.job).state == JobState.DONE
    pack.refresh_from_db()
    files = contents(pack)
    told = [(one["number"], one["outcome"], one["token"]) for one in json.loads(files["data/outcomes.json"])]
    assert told == [(1, "used", "triage-tool"), (2, "overturned", "triage-tool")]
    [line] = rows(files["data/decisions.csv"])
    assert (line["Reported outcome"], line["Minutes claimed"]) == ("overturned", "5")
    entries = [json.loads(line)["entry"]["kind"] for line in files["data/ledger/entries.jsonl"].splitlines()]
    assert entries.count("access.outcome_reported") == 2
    text = " ".join(PdfReader(io.BytesIO(files["data/summary.pdf"])).pages[0].extract_text().split())
    assert "What became of them, as reported Overturned 1 By the latest report" in text


@pytest.mark.parametrize(
    ("scope", "decisions"),
    [
        ({}, 2),
        ({"last_day": (NOW + DAY).date()}, 3),
        ({"first_day": (NOW - DAY).date(), "last_day": (NOW - DAY).date()}, 0),
        ({"cohort": True}, 2),
        ({"microtool": True}, 2),
        ({"microtool": "other"}, 0),
    ],
)
def test_every_way_to_narrow_a_pack(world, liaison, scope, decisions):
    amara, _ben, tool = world
    if scope.get("cohort"):
        scope = {"cohort": amara.cohort}
    elif scope.get("microtool") == "other":
        scope = {"microtool": MicrotoolFactory()}
    elif scope.get("microtool"):
        scope = {"microtool": tool}
    pack = ask(liaison, **scope)
    run(pack.job)
    pack.refresh_from_db()
    assert pack.decisions == decisions
    assert packs.verify_pack(Path(pack.file.path)).entries == pack.entries


def test_the_summary_says_what_was_asked_and_how_to_check(made):
    pdf = PdfReader(io.BytesIO(contents(made)["data/summary.pdf"]))
    text = " ".join(" ".join(page.extract_text().split()) for page in pdf.pages)
    for words in (
        "Amara Okafor",
        "Asked for by Lena Liaison",
        "Audit 2026",
        "ledger verify --pack",
        "Allowed",
    ):
        assert words in text


def test_the_summary_lists_requests_with_who_decided_and_rulings_with_their_line(world, liaison):
    amara, _ben, tool = world
    RoleFactory(key="ops_manager", title="Managers of operations")
    Ruling.objects.create(
        role=tool.track.role,
        workflow="sorting",
        line="yellow_zone",
        text="Sort tickets by urgency",
        reason="A wrong order costs hours",
        approvers=["manager_approve"],
        policy_revision=1,
        effective_from=NOW - DAY,
    )
    change = ApprovalRequest.objects.create(
        kind="change",
        subject=amara.user,
        action="apply",
        requirements=["change"],
        policy_revision=1,
        requested_at=NOW,
        due_at=NOW + DAY,
        expires_at=NOW + DAY,
    )
    ApprovalStep.objects.create(
        request=change,
        subject=amara.user,
        number=1,
        kind="approval",
        approver="ops_manager",
        decision="approved",
        decided_by=UserFactory(name="Otto Manager"),
        decided_at=NOW,
    )
    pack = ask(liaison, person=amara.user)
    run(pack.job)
    pack.refresh_from_db()
    pdf = PdfReader(io.BytesIO(contents(pack)["data/summary.pdf"]))
    text = " ".join(" ".join(page.extract_text().split()) for page in pdf.pages)
    for words in (
        "change of the playbook",
        "Otto Manager",
        "Rulings in force: 1",
        "Yellow zone: 1",
        "Sort tickets by urgency",
        "Managers of operations",
    ):
        assert words in text
    assert "None" not in text


def test_bagits_own_validator_accepts_it(made, tmp_path):
    with zipfile.ZipFile(made.file.path) as archive:
        archive.extractall(tmp_path)
    folder = next(tmp_path.iterdir())
    done = subprocess.run(
        [sys.executable, "-m", "bagit", "--validate", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, "is valid" in done.stderr) == (0, True)
    (folder / "data" / "decisions.csv").write_bytes(b"x")
    done = subprocess.run(
        [sys.executable, "-m", "bagit", "--validate", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1


def test_the_command_checks_it_without_a_database(made, tmp_path):
    """In a process of its own, whose database does not exist."""
    own = shutil.copy(made.file.path, tmp_path / "pack.zip")
    env = {**os.environ, "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none", "ENABLEMENT_MODE": "local"}
    command = [sys.executable, str(ROOT / "manage.py"), "ledger", "verify", "--pack", str(own)]
    done = subprocess.run(command, capture_output=True, text=True, env=env, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert (
        f"is sound: {len(contents(made))} files, 3 ledger entries held by 1 signed checkpoints."
        in done.stdout
    )


def verify(path, key=""):
    try:
        return packs.verify_pack(path, key=key)
    except packs.BadPack as error:
        return str(error)


def rewrite(made, path, changes):
    """The pack with files changed (None: left out)."""
    with zipfile.ZipFile(made.file.path) as archive, zipfile.ZipFile(path, "w") as new:
        top = archive.namelist()[0].split("/", 1)[0]
        for name in archive.namelist():
            inside = name.split("/", 1)[1]
            data = changes.get(inside, archive.read(name))
            if data is not None:
                new.writestr(name, data)
        for inside in changes.keys() - contents(made).keys():
            new.writestr(f"{top}/{inside}", changes[inside])
    return path


def test_one_changed_byte_of_any_file_is_found(made, tmp_path):
    files = contents(made)
    assert len(files) == 18
    for name, data in files.items():
        at = len(data) // 2
        changed = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        found = verify(rewrite(made, tmp_path / "changed.zip", {name: changed}))
        assert isinstance(found, str), name
        missing = verify(rewrite(made, tmp_path / "less.zip", {name: None}))
        assert isinstance(missing, str), name
    assert "is not in manifest" in verify(rewrite(made, tmp_path / "more.zip", {"data/new.txt": b"x"}))


def rehashed(made, changes):
    """What a forger does who knows BagIt but has not our key: both manifests are made to fit again."""
    import hashlib

    files = {**contents(made), **changes}

    def manifest(names):
        return "".join(
            f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(names)
        ).encode()

    files[packs.MANIFEST] = manifest(name for name in files if name.startswith("data/"))
    tags = [name for name in files if not name.startswith("data/") and name != packs.TAG_MANIFEST]
    files[packs.TAG_MANIFEST] = manifest(tags)
    return files


def test_a_forged_file_with_manifests_that_fit_is_found(made, tmp_path):
    files = rehashed(made, {"data/decisions.csv": b"Nothing happened"})
    found = verify(rewrite(made, tmp_path / "forged.zip", files))
    assert found == "signature.json: the signature does not fit the manifest"


ENTRY = "data/ledger/entries.jsonl"


def test_forged_entries_are_found_even_by_who_signs_with_our_key(made, tmp_path):
    """Somebody inside: the chain and the proofs tell, whoever signed the file."""
    lines = [json.loads(line) for line in contents(made)[ENTRY].splitlines()]

    def forged(changed):
        files = rehashed(made, {ENTRY: b"".join(json.dumps(line).encode() + b"\n" for line in changed)})
        text = packs.statement(manifest=files[packs.MANIFEST], bag_info=files[packs.BAG_INFO])
        files[packs.SIGNATURE] = json.dumps({"signature": signing.sign(text)}).encode()
        files = rehashed(made, files)
        return verify(rewrite(made, tmp_path / "forged.zip", files))

    def changed(**change):
        return [*lines[:1], {**lines[1], **change}, *lines[2:]]

    assert forged(lines).entries == 3
    own = lines[1]["entry"]
    assert "the entry was altered" in forged(changed(entry={**own, "payload": "{}"}))
    assert "the link was altered" in forged(changed(linked_at="2026-11-09T09:00:00.000001Z"))
    assert "the link was altered" in forged(changed(previous="0" * 64))
    assert "out of order" in forged(lines[::-1])
    proof = lines[1]["proof"]
    assert "does not hold it" in forged(changed(proof=[*proof[:-1], "0" * 64]))
    assert "cannot be read" in forged(changed(checkpoint=99))
    assert "cannot be read" in forged(changed(entry={"id": "x"}))


def test_the_key_can_be_demanded(made, tmp_path):
    path = Path(made.file.path)
    report = verify(path)
    assert verify(path, report.key) == verify(path, signing.public_key()) == report
    assert verify(path, "0" * 64) == "the pack was signed with another key than the one that was given"


@pytest.mark.parametrize(
    ("names", "says"),
    [
        (["a/x", "b/y"], "one folder"),
        (["a/../../x"], "one folder"),
        (["a/x"], "is missing"),
        ([], "one folder"),
    ],
)
def test_what_is_no_pack_is_said(tmp_path, names, says, capsys):
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, b"x")
    assert says in verify(path)
    with pytest.raises(SystemExit) as ended:
        call_command("ledger", "verify", "--pack", str(path))
    assert (ended.value.code, "is no sound evidence pack" in capsys.readouterr().err) == (1, True)
    assert "cannot be read" in verify(tmp_path / "nowhere.zip")
    path.write_bytes(b"no zip")
    assert "cannot be read" in verify(path)


def test_asking_making_and_taking_are_on_record(made, liaison, client):
    client.force_login(liaison)
    response = client.get(reverse("evidence_pack_file", args=[made.pk]))
    assert b"".join(response.streaming_content)[:2] == b"PK"
    entries = LedgerEntry.objects.filter(subject_id=str(made.pk)).order_by("recorded_at")
    assert [(one.kind, one.actor_id) for one in entries] == [
        ("reports.evidence_pack_requested", liaison.pk),
        ("reports.evidence_pack_made", None),
        ("reports.evidence_pack_downloaded", liaison.pk),
    ]
    assert [json.loads(one.payload).get("sha256") for one in entries] == [None, made.sha256, made.sha256]
    assert "Audit" not in "".join(entries.values_list("payload", flat=True))


def test_a_second_attempt_changes_nothing(world, liaison):
    pack = ask(liaison)
    first, second = (services.build(pack_id=pack.pk, at=NOW) for _twice in range(2))
    assert first() == second() == services.build(pack_id=pack.pk, at=NOW)() == {"url": "/evidence-packs/"}
    assert LedgerEntry.objects.filter(kind="reports.evidence_pack_made").count() == 1


def test_the_page_asks_and_shows(client, liaison, world):
    client.force_login(liaison)
    page = reverse("evidence_packs")
    assert "No pack yet" in client.get(page).content.decode()
    days = {"first_day": "2026-11-09", "last_day": "2026-11-09"}
    response = client.post(page, {**days, "purpose": "Audit", "person": world[0].user.email.upper()})
    pack = EvidencePack.objects.get()
    assert (response.status_code, response.url) == (302, pack.job.get_absolute_url())
    assert "Being made" in client.get(page).content.decode()
    assert client.get(reverse("evidence_pack_file", args=[pack.pk])).status_code == 404
    run(pack.job)
    shown = client.get(page).content.decode()
    assert reverse("evidence_pack_file", args=[pack.pk]) in shown
    assert "up to place" in shown


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"purpose": " "}, "This field is required"),
        ({"last_day": "2026-11-08"}, "before the first day"),
        ({"first_day": "2099-01-01", "last_day": "2099-01-01"}, "still to come"),
        ({"person": "nobody@example.com"}, "Nobody here has this address"),
        ({"person": True, "cohort": True}, "Choose a person or a cohort"),
    ],
)
def test_what_cannot_be_made_is_refused_in_words(client, liaison, world, change, says):
    client.force_login(liaison)
    if change.get("cohort"):
        change = {"person": world[0].user.email, "cohort": world[0].cohort_id}
    known = {"purpose": "Audit", "first_day": "2026-11-09", "last_day": "2026-11-09"}
    response = client.post(reverse("evidence_packs"), {**known, **change})
    assert (response.status_code, says in response.content.decode()) == (422, True)
    assert not EvidencePack.objects.exists()


def test_only_who_reads_evidence(client, made, world):
    outsider = world[0].user
    client.force_login(outsider)
    assert client.get(reverse("evidence_packs")).status_code == 403
    assert client.get(reverse("evidence_pack_file", args=[made.pk])).status_code == 403
    with pytest.raises(PermissionDenied):
        ask(outsider)
    assert list(EvidencePack.objects.visible_to(outsider)) == []


def test_without_a_purpose_there_is_no_pack(liaison):
    with pytest.raises(ValidationError):
        services.request_pack(purpose=" ", first_day=NOW.date(), last_day=NOW.date(), actor=liaison, at=NOW)


@pytest.mark.parametrize(
    ("constraint", "changes"),
    [
        ("evidence_pack_says_what_for", {"purpose": ""}),
        ("evidence_pack_days_in_order", {"last_day": (NOW - DAY).date()}),
        ("evidence_pack_finished_with_its_file", {"sha256": ""}),
    ],
)
def test_no_row_contradicts_itself(made, constraint, changes):
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        EvidencePack.objects.filter(pk=made.pk).update(**changes)


def test_a_person_and_a_cohort_are_not_one_matter(made, world):
    with pytest.raises(IntegrityError, match="evidence_pack_of_a_person_or_a_cohort"), transaction.atomic():
        EvidencePack.objects.filter(pk=made.pk).update(cohort=world[0].cohort)
    assert connection.in_atomic_block
