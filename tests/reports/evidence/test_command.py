"""`manage.py evidence pack`."""

import pytest
from django.core.management import CommandError, call_command

from enablement.ledger import packs
from enablement.ledger.models import LedgerEntry
from enablement.reports.models import EvidencePack
from tests.jobs.conftest import run
from tests.people.factories import UserFactory

pytestmark = pytest.mark.django_db


def pack(path, **options):
    known = {
        "purpose": "Audit",
        "from": "2026-11-09",
        "to": "2026-11-09",
        "as": "lena@example.com",
        **options,
    }
    call_command("evidence", "pack", str(path), *[f"--{name}={value}" for name, value in known.items()])


@pytest.fixture(autouse=True)
def lena(db):
    return UserFactory(email="lena@example.com", groups=["legal"])


def test_it_writes_a_sound_pack_once(tmp_path, lena, capsys):
    path = tmp_path / "pack.zip"
    pack(path)
    assert capsys.readouterr().out == f"{path}: 0 decisions, 1 ledger entries\n"
    assert packs.verify_pack(path).entries == 1
    made = EvidencePack.objects.get()
    run(made.job)
    kinds = LedgerEntry.objects.filter(subject_id=str(made.pk)).order_by("recorded_at")
    assert list(kinds.values_list("kind", flat=True)) == [
        "reports.evidence_pack_requested",
        "reports.evidence_pack_made",
        "reports.evidence_pack_downloaded",
    ]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"as": "nobody@example.com"}, "Nobody here has the address nobody@example.com."),
        ({"as": "charlie@example.com"}, "charlie@example.com may not read the ledger."),
        ({"person": "nobody@example.com"}, "Nobody here has the address"),
        ({"microtool": "x"}, "There is no tool x."),
        ({"purpose": " "}, "This field cannot be blank."),
        ({"to": "2026-11-08"}, "The last day is before the first one."),
    ],
)
def test_what_cannot_be_made_is_one_line(tmp_path, options, says):
    UserFactory(email="charlie@example.com")
    with pytest.raises(CommandError) as refused:
        pack(tmp_path / "pack.zip", **options)
    assert (says in str(refused.value), refused.value.returncode) == (True, 2)
    assert not (tmp_path / "pack.zip").exists()
