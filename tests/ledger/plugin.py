"""Lets Django empty the database after a transactional test, which the ledger's guards would refuse."""

import pytest
from django.test import TransactionTestCase


@pytest.fixture(scope="session", autouse=True)
def flush_may_empty_the_ledger():
    from tests.ledger.unlocked import ledger_unlocked

    flush = TransactionTestCase._fixture_teardown

    def flush_unlocked(case):
        with ledger_unlocked():
            flush(case)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", flush_unlocked)
        yield
