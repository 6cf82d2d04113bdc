"""Programs read procedures: those that their token reaches, and with a person's name those of the person."""

import pytest
from django.urls import reverse

from enablement.access.models import SOP
from enablement.playbook import services
from tests.people.factories import ApiTokenFactory, UserFactory
from tests.playbook.conftest import NOW
from tests.playbook.test_sops import SOPS, clerk, with_sops

pytestmark = pytest.mark.django_db
BY_HAND = """\
close_day:
  title: "Close the day"
  role: ops_manager
  purpose: "Nothing is left over."
  steps:
    - key: look
      title: "Look"
      text: "Look at every queue."
"""


@pytest.fixture(autouse=True)
def in_force(db):
    services.put_in_force(bundle=with_sops(SOPS + BY_HAND), base_number=0, actor=None, at=NOW)
    ApiTokenFactory(secret="reader", scopes=["read"])
    ApiTokenFactory(secret="bound", scopes=["read"], microtools=["summariser", "other"])
    ApiTokenFactory(secret="elsewhere", scopes=["read"], microtools=["other"])
    ApiTokenFactory(secret="gateway", scopes=["access:evaluate"])


@pytest.fixture
def get(client):
    def call(path="", *, token="reader", **query):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return client.get(f"/api/v1/procedures{path}", query, headers=headers)

    return call


def keys(answer):
    assert answer.status_code == 200
    return [each["key"] for each in answer.json()["results"]]


def test_one_is_read_as_it_is_in_force(get):
    sop = SOP.objects.get(key="answer_ticket")
    answer = get("/answer_ticket").json()
    steps = answer.pop("steps")
    assert answer == {
        "key": "answer_ticket",
        "title": "Answer a ticket",
        "role": "clerk",
        "purpose": "From a ticket to an answer.",
        "begins": "A ticket arrives",
        "version": str(sop.pk),
        "sha256": sop.sha256,
        "policy_revision": 1,
        "effective_from": "2026-11-20T09:00:00Z",
        "human": f"http://127.0.0.1:8000{reverse('sop', args=['answer_ticket'])}",
    }
    assert steps[0] == {
        "number": 1,
        "key": "read",
        "title": "Read it",
        "text": "Read it **all**.",
        "prompt": None,
        "microtool": None,
        "threshold": None,
        "approver": "",
        "task": "",
    }
    assert [(step["prompt"], step["microtool"], step["threshold"]) for step in steps[1:]] == [
        ("summarise", "summariser", "0.900"),
        (None, "summariser", None),
    ]


def test_a_token_reads_what_it_reaches_and_the_rest_is_not_there(get):
    both = ["answer_ticket", "close_day"]
    found = {token: keys(get(token=token)) for token in ("reader", "bound", "elsewhere")}
    assert found == {"reader": both, "bound": ["answer_ticket"], "elsewhere": []}
    statuses = [get("/answer_ticket", token=token).status_code for token in ("bound", "elsewhere")]
    assert statuses == [200, 404]
    assert get("/close_day", token="bound").status_code == 404
    assert get("/none").status_code == 404
    assert (get(token="gateway").status_code, get(token="").status_code) == (403, 401)


def test_with_a_person_it_is_what_they_may_read_themselves(get):
    person, liaison, gone = clerk(), UserFactory(groups=["compliance"]), clerk()
    type(gone).objects.filter(pk=gone.pk).update(is_active=False)
    assert keys(get(subject=person.email)) == ["answer_ticket"]
    assert keys(get(subject=str(liaison.pk))) == ["answer_ticket", "close_day"]
    assert keys(get(subject=str(liaison.pk), role="ops_manager")) == ["close_day"]
    for nobody in (gone.email, "nobody@example.com", ""):
        assert keys(get(subject=nobody)) == []
    assert get("/close_day", subject=person.email).status_code == 404
    assert get("/answer_ticket", subject=person.email).status_code == 200


def test_what_has_ended_is_gone_and_pages_cost_the_same(get, django_assert_num_queries):
    with django_assert_num_queries(4):
        assert len(keys(get())) == 2
    with django_assert_num_queries(4):
        answer = get(limit=1).json()
    assert (answer["count"], len(answer["results"])) == (2, 1)
    services.put_in_force(bundle=with_sops(), base_number=1, actor=None, at=NOW)
    assert keys(get()) == ["answer_ticket"]
    assert get("/close_day").status_code == 404


def test_it_is_described(client):
    paths = client.get("/api/schema/?format=json").json()["paths"]
    told = {
        path: {parameter["name"] for parameter in paths[path]["get"]["parameters"]}
        for path in ("/api/v1/procedures", "/api/v1/procedures/{key}")
    }
    assert told == {
        "/api/v1/procedures": {"subject", "role", "limit", "offset"},
        "/api/v1/procedures/{key}": {"subject", "key"},
    }
