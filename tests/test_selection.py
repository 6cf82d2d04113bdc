"""Which tests the second database is given."""

import pytest

from tests.conftest import uses_database


def test_what_asks_for_no_database_is_not_given_one(request: pytest.FixtureRequest) -> None:
    assert not uses_database(request.node)


def test_a_fixture_that_asks_for_it_is_enough(request: pytest.FixtureRequest, db: None) -> None:
    assert uses_database(request.node)


def test_so_is_a_fixture_that_rests_on_it(request: pytest.FixtureRequest, child_env: dict[str, str]) -> None:
    assert uses_database(request.node)


@pytest.mark.django_db
def test_so_is_the_marker(request: pytest.FixtureRequest) -> None:
    assert uses_database(request.node)
