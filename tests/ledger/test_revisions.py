from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from enablement.ledger import selectors
from enablement.ledger.canonical import sha256
from enablement.ledger.models import PolicyRevision
from tests.ledger.factories import AT, add_revision
from tracks.errors import Refused

pytestmark = pytest.mark.django_db


def test_revisions_are_numbered_and_hashed():
    first = add_revision("one")
    second = add_revision("two", base_number=1)
    assert (first.number, first.base_number, first.sha256) == (1, None, sha256("one"))
    assert (second.number, second.base_number, second.sha256) == (2, 1, sha256("two"))


@pytest.mark.parametrize("base", [None, 1, 3])
def test_a_stale_plan_is_refused(base):
    add_revision("one")
    add_revision("two", base_number=1)
    with pytest.raises(Refused) as refusal:
        add_revision("three", base_number=base)
    assert refusal.value.code == "stale_base"
    assert PolicyRevision.objects.count() == 2


def test_which_one_was_in_force():
    assert selectors.current_revision() is None
    assert selectors.revision_at(AT) is None
    first = add_revision("one", at=AT)
    second = add_revision("two", base_number=1, at=AT + timedelta(days=2))
    assert selectors.current_revision() == second
    assert selectors.revision(1) == first
    assert selectors.revision(3) is None
    assert selectors.revision_at(AT - timedelta(seconds=1)) is None
    assert selectors.revision_at(AT + timedelta(days=1)) == first
    assert selectors.revision_at(AT + timedelta(days=2)) == second


@pytest.mark.parametrize(("number", "base"), [(0, None), (2, 2), (2, 3)])
def test_numbers_rise(number, base):
    with pytest.raises(IntegrityError), transaction.atomic():
        PolicyRevision.objects.create(number=number, base_number=base, document="", sha256="", applied_at=AT)
