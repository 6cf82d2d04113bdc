"""What a test has committed, the next one does not see; what belongs to every database is still there."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import DatabaseError

from enablement.ledger import guards
from enablement.ledger.models import LedgerEntry
from enablement.people.models import User
from tests import emptying
from tests.ledger.factories import record_n
from tests.people.factories import UserFactory


def what_belongs_there():
    models = (ContentType, Permission, Group, Group.permissions.through)
    return {model: sorted(model.objects.values_list("pk", flat=True)) for model in models}


@pytest.mark.django_db(transaction=True)
def test_rows_go_and_what_belongs_there_comes_back():
    before = what_belongs_there()
    UserFactory(groups=["authors"], perms=["tracks.run_cohorts"])
    record_n(1)
    Group.objects.filter(name="authors").delete()
    Group.objects.filter(name="quality").update(name="Quality")
    Permission.objects.filter(codename="run_cohorts").delete()

    emptying.restore()

    assert what_belongs_there() == before
    assert all(before.values())
    assert set(Group.objects.values_list("name", flat=True)) >= {"authors", "quality"}
    assert not User.objects.exists()
    assert not LedgerEntry.objects.exists()
    assert guards.missing() == []


@pytest.mark.django_db(transaction=True)
def test_afterwards_what_is_written_once_is_guarded_and_references_have_to_hold():
    record_n(1)
    emptying.restore()
    [kept] = record_n(1)

    with pytest.raises(DatabaseError, match="refused"):
        LedgerEntry.objects.filter(pk=kept.pk).update(kind="other")
    with pytest.raises(DatabaseError, match=r"(?i)foreign key"):
        Group.permissions.through.objects.create(group_id=0, permission_id=0)
