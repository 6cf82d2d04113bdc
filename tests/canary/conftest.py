"""The world, and who walks it."""

import pytest
import time_machine
from django.db import transaction

from tests.assessments.quizzes.factories import MINUTE, NOW
from tests.canary.walking import Walker
from tests.canary.world import World, build


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    """Built once; what a test changes is undone after it, and all of it at the end."""
    moment = time_machine.travel(NOW + 5 * MINUTE, tick=False)
    with django_db_blocker.unblock(), moment, transaction.atomic():
        yield build()
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def walker(world: World) -> Walker:
    return Walker(world)
