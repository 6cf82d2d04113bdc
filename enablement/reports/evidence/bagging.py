"""A pack on disk: BagIt (RFC 8493), signed, in a ZIP that any tool opens."""

import csv
import hashlib
import json
import shutil
import zipfile
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

from enablement.access import role_audit
from enablement.access.audit_tables import decision_rows, role_rows
from enablement.access.models import ApprovalRequest, OutcomeReport, Ruling
from enablement.certificates.models import Certificate
from enablement.ledger import packs, proofs, signing
from enablement.ledger.canonical import canonical
from enablement.ledger.models import PolicyRevision
from enablement.reports.evidence.collecting import Matter
from enablement.reports.evidence.printing import print_summary
from tracks.csv_files import BOM, safe


def write(matter: Matter, *, folder: Path, at: datetime) -> Path:
    """The ZIP, made in `folder`."""
    bag = folder / f"evidence-{matter.pack.pk}"
    data = bag / "data"
    (data / "ledger").mkdir(parents=True)
    (data / "policy").mkdir()
    checkpoints = proofs.checkpoints_of(matter.positions)
    _lines(data / "ledger" / "entries.jsonl", proofs.proven(matter.positions, checkpoints))
    signed = ({**one.fields(), "signature": one.signature} for one in checkpoints)
    _lines(data / "ledger" / "checkpoints.jsonl", signed)
    current, *former = signing.trusted_keys()
    _json(data / "ledger" / "keys.json", {"algorithm": "Ed25519", "public_key": current, "former": former})
    _table(data / "decisions.csv", decision_rows(matter.wanted))
    audited = role_audit.audit(
        at=min(matter.pack.until, at), people=matter.wanted.people, microtool=matter.wanted.microtool
    )
    _table(data / "who-could-do-what.csv", role_rows(audited))
    _json(data / "outcomes.json", [_report(one) for one in matter.reports])
    _json(data / "approvals.json", [_approval(one) for one in matter.approvals])
    _json(data / "rulings.json", [_ruling(one) for one in matter.rulings])
    _json(data / "certificates.json", [_certificate(one) for one in matter.certificates])
    _json(data / "policy" / "revisions.json", [_revision(one) for one in matter.revisions])
    for revision in matter.revisions:
        (data / "policy" / f"revision-{revision.number}.txt").write_text(revision.document)
    _json(data / "request.json", request(matter, at=at))
    (data / "summary.pdf").write_bytes(print_summary(matter, checkpoint=checkpoints[-1], at=at))
    _close(bag, matter, at=at)
    return _zip(bag)


def _close(bag: Path, matter: Matter, *, at: datetime) -> None:
    """What RFC 8493 asks for, and our signature over it; the tag manifest covers the signature too.

    Not by the library `bagit`, which changes the working directory of the whole process: two threads of a
    worker would write into one another's bags. The tests have it check every bag.
    """
    pack = matter.pack
    payload = [file for file in (bag / "data").rglob("*") if file.is_file()]
    info = {
        "Bagging-Date": f"{at:%Y-%m-%d}",
        "Contact-Name": str(pack.requested_by),
        "External-Description": " ".join(pack.purpose.split()),
        "External-Identifier": str(pack.pk),
        "Payload-Oxum": f"{sum(file.stat().st_size for file in payload)}.{len(payload)}",
    }
    (bag / "bagit.txt").write_text("BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n")
    (bag / packs.BAG_INFO).write_text("".join(f"{name}: {value}\n" for name, value in info.items()))
    (bag / packs.MANIFEST).write_text(_manifest(bag, payload))
    text = packs.statement(
        manifest=(bag / packs.MANIFEST).read_bytes(), bag_info=(bag / packs.BAG_INFO).read_bytes()
    )
    signature = {"statement": text, "signature": signing.sign(text), "public_key": signing.public_key()}
    _json(bag / packs.SIGNATURE, signature)
    (bag / packs.TAG_MANIFEST).write_text(_manifest(bag, [file for file in bag.iterdir() if file.is_file()]))


def _manifest(bag: Path, files: Iterable[Path]) -> str:
    lines = []
    for path in sorted(files):
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        lines.append(f"{digest}  {path.relative_to(bag).as_posix()}\n")
    return "".join(lines)


def _zip(bag: Path) -> Path:
    path = bag.with_suffix(".zip")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(bag.rglob("*")):
            if file.is_file():
                archive.write(file, file.relative_to(bag.parent))
    shutil.rmtree(bag)
    return path


def request(matter: Matter, *, at: datetime) -> dict[str, Any]:
    """Who asked, when, what for, and what was looked for."""
    pack = matter.pack
    return {
        "pack": pack.pk,
        "requested_by": {"name": pack.requested_by.name, "email": pack.requested_by.email},
        "requested_at": pack.created_at,
        "purpose": pack.purpose,
        "made_at": at,
        "person": {"name": pack.person.name, "email": pack.person.email} if pack.person else None,
        "cohort": pack.cohort.name if pack.cohort else None,
        "microtool": pack.microtool.key if pack.microtool else None,
        "first_day": pack.first_day,
        "last_day": pack.last_day,
        "zone": pack.zone,
        "decisions": matter.decisions,
        "ledger_entries": len(matter.positions),
    }


def _approval(one: ApprovalRequest) -> dict[str, Any]:
    return {
        "id": one.pk,
        "kind": one.kind,
        "subject": one.subject.email,
        "microtool": one.microtool.key if one.microtool else None,
        "action": one.action,
        "prompt": one.prompt,
        "workflow_id": one.workflow_id,
        "input_sha256": one.input_sha256,
        "purpose": one.purpose,
        "settles": one.requirements,
        "policy_revision": one.policy_revision,
        "state": one.state,
        "asked_by": one.token.name if one.token else one.subject.email,
        "requested_at": one.requested_at,
        "settled_at": one.settled_at,
        "used_by_decision": one.spent_decision,
        "steps": [
            {
                "approver": step.approver,
                "decision": step.decision,
                "decided_by": step.decided_by.email if step.decided_by else None,
                "decided_at": step.decided_at,
                "comment": step.comment,
            }
            for step in one.steps.all()
        ],
        "comments": [
            {"by": comment.author.email, "at": comment.at, "text": comment.text}
            for comment in one.comments.all()
        ],
    }


def _report(one: OutcomeReport) -> dict[str, Any]:
    names = ("id", "decision", "number", "outcome", "minutes_claimed", "reported_at", "corrected_at")
    return {**{name: getattr(one, name) for name in names}, "token": one.token.name}


def _ruling(one: Ruling) -> dict[str, Any]:
    names = ("workflow", "line", "text", "reason", "prompt", "approval_rule", "approvers", "policy_revision")
    times = {"effective_from": one.effective_from, "effective_until": one.effective_until}
    threshold = one.confidence_threshold
    return {
        "id": one.pk,
        "role": one.role.key,
        "confidence_threshold": threshold,
        **{name: getattr(one, name) for name in names},
        **times,
    }


def _certificate(one: Certificate) -> dict[str, Any]:
    names = ("public_id", "person_name", "track_title", "requirements", "policy_revision", "sha256")
    times = ("issued_at", "expires_at", "revoked_at", "revoked_reason", "superseded_at")
    return {name: getattr(one, name) for name in (*names, *times)}


def _revision(one: PolicyRevision) -> dict[str, Any]:
    names = ("number", "sha256", "note", "base_number", "applied_at")
    return {name: getattr(one, name) for name in names}


def _json(path: Path, data: object) -> None:
    text = json.dumps(data, cls=DjangoJSONEncoder, ensure_ascii=False, indent=2, sort_keys=True)
    path.write_text(text + "\n")


def _lines(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    with path.open("w") as file:
        file.writelines(canonical(row) + "\n" for row in rows)


def _table(path: Path, rows: Iterable[Iterable[object]]) -> None:
    with path.open("w", newline="") as file:
        file.write(BOM)
        csv.writer(file).writerows([safe(cell) for cell in row] for row in rows)
