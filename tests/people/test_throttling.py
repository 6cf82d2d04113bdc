"""Calls a minute: atomic, shared through Redis, and by process while Redis does not answer."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.test import override_settings
from limits import RateLimitItemPerMinute

from enablement.people.api.throttling import Counter, counter, shared_storage
from tests.people.factories import ApiTokenFactory

DOOR = "/access/v1/evaluation"


@pytest.fixture(autouse=True)
def fresh_counter():
    counter.cache_clear()
    yield
    counter.cache_clear()


def hits(count, key, *, counters):
    """How many of `count` hits at once, spread over these counters, are within 20 a minute."""
    item = RateLimitItemPerMinute(20)
    with ThreadPoolExecutor(8) as pool:
        answers = pool.map(lambda n: counters[n % len(counters)].hit(item, key)[0], range(count))
        return sum(answers)


def test_at_once_in_one_process():
    assert hits(60, "one", counters=[Counter(None)]) == 20


@pytest.mark.needs("redis-server")
def test_at_once_from_two_processes_with_one_redis(redis_url):
    counters = [Counter(shared_storage(redis_url)) for _process in range(2)]
    assert hits(60, "two", counters=counters) == 20


def test_a_redis_that_does_not_answer_refuses_nobody():
    gone = Counter(shared_storage("redis://127.0.0.1:1"))
    assert hits(60, "gone", counters=[gone]) == 20


@pytest.mark.django_db
def test_beyond_its_limit_a_token_hears_when_to_come_back(client):
    ApiTokenFactory(secret="few", scopes=["access:evaluate"], calls_per_minute=2)
    ApiTokenFactory(secret="many", scopes=["access:evaluate"])

    def call(secret):
        headers = {"Authorization": f"Bearer {secret}"}
        return client.post(DOOR, "{}", content_type="application/json", headers=headers)

    assert [call("few").status_code for _call in range(3)] == [400, 400, 429]
    refused = call("few")
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert refused.json()["code"] == "throttled"
    assert call("many").status_code == 400


@pytest.mark.django_db
@override_settings(CALLS_PER_MINUTE=1)
def test_the_installations_limit_holds_for_who_has_none(client):
    ApiTokenFactory(secret="any", scopes=["access:evaluate"])
    headers = {"Authorization": "Bearer any"}
    answers = [
        client.post(DOOR, "{}", content_type="application/json", headers=headers) for _call in range(2)
    ]
    assert [answer.status_code for answer in answers] == [400, 429]
