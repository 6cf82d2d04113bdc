"""The certification scenario of AuthZEN 1.0 (basic, batch, search, discovery), with our actions and tools.

Alice may invoke the tool and use its output; Bob may invoke it, and everything of his goes by a person's
eyes; Carol has shown nothing. What a caller says in `properties` is accepted and never listened to, so the
scenario's levels that rest on properties are turned around here: they must change nothing.
"""

import json

import pytest

from enablement.access.api.evaluation import MAX_EVALUATIONS
from enablement.access.models import Grant
from enablement.access.services.control import suspend
from enablement.access.services.grants import reevaluate
from enablement.ledger.models import LedgerEntry
from tests.access.conftest import NOW, warden
from tests.access.factories import GateFactory, MicrotoolFactory, PolicyFactory, RoleProfileFactory
from tests.people.factories import ApiTokenFactory
from tests.standing import lay_down
from tests.tracks.factories import EnrolmentFactory, RoleAssignmentFactory, RoleFactory

pytestmark = pytest.mark.django_db
READ, WRITE = {"name": "invoke"}, {"name": "apply"}
SURE = {"confidence": 0.99, "text": "The parcel arrives on Monday."}


def user(name):
    return {"type": "user", "id": f"{name}@demo.example"}


def tool(name):
    return {"type": "microtool", "id": name}


@pytest.fixture
def people(switch):
    found = lay_down("authzen", lambda: _people(switch))
    switch.on.update({found["alice"].pk, found["bob"].pk})
    return found


def _people(switch):
    PolicyFactory()
    track = GateFactory().track
    MicrotoolFactory(key="record-1", track=track, confidence_threshold="0.8")
    MicrotoolFactory(key="record-2", confidence_threshold="0.8")
    found = {}
    for name, looked_at in (("alice", False), ("bob", True), ("carol", False)):
        role = track.role if name == "alice" else RoleFactory(key=f"{name}s-role")
        RoleProfileFactory(role=role, human_in_loop=looked_at)
        enrolment = EnrolmentFactory(cohort__track=track, user__email=f"{name}@demo.example")
        RoleAssignmentFactory(user=enrolment.user, role=role)
        found[name] = enrolment.user
    switch.on.update({found["alice"].pk, found["bob"].pk})
    reevaluate(user_ids=[person.pk for person in found.values()], cause="tests", actor_id=None, at=NOW)
    return found


@pytest.fixture
def ask(client, people):
    ApiTokenFactory(secret="gateway", scopes=["access:evaluate"])

    def post(door, content, content_type="application/json", **headers):
        body = content if isinstance(content, str | bytes) else json.dumps(content)
        headers = {"Authorization": "Bearer gateway", **headers}
        return client.post(f"/access/v1/{door}", body, content_type=content_type, headers=headers)

    return post


def decisions(response):
    assert response.status_code == 200, response.content
    return [answer["decision"] for answer in response.json()["evaluations"]]


class TestBasic:
    @pytest.mark.parametrize(
        ("name", "action", "expected"),
        [("alice", READ, True), ("alice", WRITE, True), ("bob", READ, True), ("bob", WRITE, False)],
    )
    def test_the_fixtures_decisions(self, ask, name, action, expected):
        body = {"subject": user(name), "action": action, "resource": tool("record-1"), "context": SURE}
        for _repeated in range(2):
            assert ask("evaluation", body).json()["decision"] is expected

    @pytest.mark.parametrize("name", ["alice", "carol"])
    def test_properties_and_unknown_fields_change_nothing(self, ask, name):
        body = {
            "subject": user(name) | {"properties": {"role": "admin", "groups": ["everyone"]}},
            "action": READ | {"properties": {"soft": True}},
            "resource": tool("record-1") | {"properties": {"status": "active", "owner": name}},
            "context": {"time": "2025-06-27T18:03-07:00", "ip": "192.168.1.1"},
            "futureField": {"nested": True},
        }
        assert ask("evaluation", body).json()["decision"] is (name == "alice")

    @pytest.mark.parametrize("missing", ["subject", "action", "resource"])
    def test_a_missing_entity_is_400(self, ask, missing):
        body = {"subject": user("alice"), "action": READ, "resource": tool("record-1")}
        del body[missing]
        assert ask("evaluation", body).status_code == 400

    @pytest.mark.parametrize(
        ("entity", "value"),
        [
            ("subject", {"id": "alice"}),
            ("subject", {"type": "user"}),
            ("subject", "alice"),
            ("action", {}),
            ("action", {"name": 123}),
            ("resource", {"id": "record-1"}),
            ("resource", {"type": "microtool"}),
            ("context", "now"),
        ],
    )
    @pytest.mark.parametrize("door", ["evaluation", "evaluations"])
    def test_a_malformed_entity_is_400(self, ask, door, entity, value):
        body = {"subject": user("alice"), "action": READ, "resource": tool("record-1")}
        assert ask(door, body | {entity: value}).status_code == 400

    @pytest.mark.parametrize("door", ["evaluation", "evaluations", "search/subject"])
    def test_what_is_not_json_is_400(self, ask, door):
        body = json.dumps({"subject": user("alice"), "action": READ, "resource": tool("record-1")})
        assert ask(door, body, content_type="text/plain").status_code == 400
        assert ask(door, "").status_code == 400
        assert ask(door, "{").status_code == 400

    @pytest.mark.parametrize(
        ("subject", "resource", "reason"),
        [
            (user("alice") | {"type": "robot"}, tool("record-1"), "unknown_subject"),
            (user("alice"), {"type": "file", "id": "record-1"}, "unknown_microtool"),
        ],
    )
    def test_another_type_is_unknown_and_denied(self, ask, subject, resource, reason):
        answer = ask("evaluation", {"subject": subject, "action": READ, "resource": resource}).json()
        assert (answer["decision"], answer["context"]["reason"]) == (False, reason)


class TestBatch:
    def test_defaults_and_order(self, ask):
        body = {
            "subject": user("bob"),
            "resource": tool("record-1"),
            "context": SURE,
            "evaluations": [{"action": READ}, {"action": WRITE}, {"action": WRITE, "subject": user("alice")}],
        }
        assert decisions(ask("evaluations", body)) == [True, False, True]

    def test_an_evaluations_own_context_replaces_the_default_whole(self, ask):
        body = {
            "subject": user("alice"),
            "action": WRITE,
            "resource": tool("record-1"),
            "context": SURE,
            "evaluations": [{}, {"context": {"confidence": 0.99}}, {"context": SURE | {"confidence": 0.1}}],
        }
        answers = ask("evaluations", body).json()["evaluations"]
        reasons = [answer["context"]["reason"] for answer in answers]
        assert reasons == ["granted", "text_missing", "confidence_blocked"]

    def test_without_evaluations_it_is_a_single_one(self, ask):
        body = {"subject": user("alice"), "action": READ, "resource": tool("record-1")}
        for evaluations in ({}, {"evaluations": []}):
            assert ask("evaluations", body | evaluations).json()["decision"] is True

    def test_a_malformed_one_is_closed_and_says_what_is_wrong(self, ask):
        body = {
            "subject": user("alice"),
            "resource": tool("record-1"),
            "evaluations": [{"action": READ}, {}, {"action": READ, "subject": {"type": "user"}}, 5],
        }
        response = ask("evaluations", body)
        assert decisions(response) == [True, False, False, False]
        errors = [answer["context"].get("error") for answer in response.json()["evaluations"]]
        assert errors[1] == {"status": 400, "message": "action: This field is required."}
        assert errors[2] == {"status": 400, "message": "subject.id: This field is required."}
        assert errors[3]["status"] == 400
        assert LedgerEntry.objects.filter(kind="access.decided").count() == 1

    @pytest.mark.parametrize(
        ("semantic", "expected"),
        [
            ("execute_all", [True, False, True]),
            ("deny_on_first_deny", [True, False]),
            ("permit_on_first_permit", [True]),
        ],
    )
    def test_semantics_decide_and_record_only_what_they_answer(self, ask, semantic, expected):
        body = {
            "subject": user("alice"),
            "action": READ,
            "options": {"evaluations_semantic": semantic},
            "evaluations": [{"resource": tool(name)} for name in ("record-1", "record-2", "record-1")],
        }
        assert decisions(ask("evaluations", body)) == expected
        assert LedgerEntry.objects.filter(kind="access.decided").count() == len(expected)

    @pytest.mark.parametrize(
        ("semantic", "expected"), [("deny_on_first_deny", [False]), ("permit_on_first_permit", [False, True])]
    )
    def test_a_malformed_one_counts_as_a_deny(self, ask, semantic, expected):
        body = {
            "subject": user("alice"),
            "resource": tool("record-1"),
            "options": {"evaluations_semantic": semantic},
            "evaluations": [{}, {"action": READ}],
        }
        assert decisions(ask("evaluations", body)) == expected

    @pytest.mark.parametrize(
        "spoiled",
        [
            {"options": {"evaluations_semantic": "any"}},
            {"options": []},
            {"evaluations": {"subject": {}}},
            {"evaluations": [{}] * (MAX_EVALUATIONS + 1)},
        ],
    )
    def test_a_malformed_batch_is_400_and_decides_nothing(self, ask, spoiled):
        body = {"subject": user("alice"), "action": READ, "resource": tool("record-1"), "evaluations": [{}]}
        assert ask("evaluations", body | spoiled).status_code == 400
        assert not LedgerEntry.objects.filter(kind="access.decided").exists()

    @pytest.mark.parametrize("size", [2, 60])
    def test_a_batch_costs_the_same_queries_whatever_its_size(self, ask, size, django_assert_num_queries):
        names = ("alice", "bob", "carol", "nobody")
        evaluations = [
            {"subject": user(names[n % 4]), "resource": tool(f"record-{n % 3}")} for n in range(size)
        ]
        ask("evaluations", {"action": READ, "evaluations": evaluations})  # the day's first use is noted
        with django_assert_num_queries(7):  # token, people, tools, prompts, insert, and a test's savepoint
            ask("evaluations", {"action": READ, "context": {"prompt": "p"}, "evaluations": evaluations})

    def test_single_and_batch_agree(self, ask, people):
        external = people["bob"]
        external.external_id = "idp-7"
        external.save()
        ids = ["ALICE@demo.example", str(people["carol"].pk), "idp-7", "nobody", " ", str(external.pk)]
        bodies = [
            {"subject": {"type": "user", "id": id_}, "action": action, "resource": tool(key), "context": SURE}
            for id_ in ids
            for action in (READ, WRITE, {"name": "delete"})
            for key in ("record-1", "record-2", "record-3")
        ]
        single = [ask("evaluation", body) for body in bodies]
        batch = ask("evaluations", {"evaluations": bodies}).json()["evaluations"]
        for one, many in zip(single, batch, strict=True):
            if one.status_code == 400:
                assert many["context"]["reason"] == "malformed"
            else:
                one.json()["context"].pop("id")
                assert without_id(many) == without_id(one.json())


def without_id(answer):
    return answer | {"context": {k: v for k, v in answer["context"].items() if k != "id"}}


class TestSearch:
    def found(self, response):
        assert response.status_code == 200, response.content
        body = response.json()
        assert body["page"]["count"] == len(body["results"])
        return body["results"]

    def test_subjects(self, ask, people):
        body = {"subject": {"type": "user"}, "action": READ, "resource": tool("record-1")}
        expected = sorted([people["alice"], people["bob"]], key=lambda person: person.pk)
        assert self.found(ask("search/subject", body)) == [
            {"type": "user", "id": str(person.pk)} for person in expected
        ]
        body |= {"action": WRITE, "context": SURE}
        assert self.found(ask("search/subject", body)) == [{"type": "user", "id": str(people["alice"].pk)}]

    def test_an_id_is_ignored_and_a_missing_type_is_400(self, ask):
        body = {"subject": user("carol"), "action": READ, "resource": tool("record-1")}
        assert len(self.found(ask("search/subject", body))) == 2
        assert ask("search/subject", body | {"subject": {}}).status_code == 400

    def test_resources(self, ask):
        body = {"subject": user("alice"), "action": READ, "resource": {"type": "microtool"}}
        assert self.found(ask("search/resource", body)) == [tool("record-1")]
        assert self.found(ask("search/resource", body | {"subject": user("carol")})) == []

    def test_actions(self, ask):
        body = {"subject": user("alice"), "resource": tool("record-1"), "context": SURE}
        assert self.found(ask("search/action", body)) == [{"name": "invoke"}, {"name": "apply"}]
        assert self.found(ask("search/action", body | {"subject": user("bob")})) == [{"name": "invoke"}]
        assert self.found(ask("search/action", body | {"subject": user("carol")})) == []

    @pytest.mark.parametrize(
        ("door", "body"),
        [
            ("search/subject", {"subject": {"type": "robot"}, "action": READ, "resource": tool("record-1")}),
            ("search/resource", {"subject": user("alice"), "action": READ, "resource": {"type": "file"}}),
            ("search/subject", {"subject": {"type": "user"}, "action": READ, "resource": tool("nothing")}),
        ],
    )
    def test_of_another_type_nothing_is_found(self, ask, door, body):
        assert self.found(ask(door, body)) == []

    def test_what_is_found_is_allowed_by_evaluation_and_nothing_else(self, ask, people):
        suspend(grant=Grant.objects.get(user=people["bob"]), reason="Rework", actor=warden(), at=NOW)
        body = {"subject": {"type": "user"}, "action": READ, "resource": tool("record-1")}
        found = {entity["id"] for entity in self.found(ask("search/subject", body))}
        for person in people.values():
            one = body | {"subject": {"type": "user", "id": str(person.pk)}}
            assert ask("evaluation", one).json()["decision"] is (str(person.pk) in found)

    def test_pages(self, ask, people):
        body = {"subject": {"type": "user"}, "action": READ, "resource": tool("record-1")}
        first = ask("search/subject", body | {"page": {"limit": 1}}).json()
        token = first["page"]["next_token"]
        assert (len(first["results"]), bool(token)) == (1, True)
        second = ask("search/subject", body | {"page": {"token": token}}).json()
        assert (len(second["results"]), second["page"]["next_token"]) == (1, "")
        assert first["results"] != second["results"]
        for spoiled in (
            body | {"page": {"token": token + "x"}},
            body | {"page": {"token": token, "limit": 2}},
            body | {"page": {"token": token}, "action": WRITE},
            body | {"page": {"limit": 0}},
            body | {"page": {"limit": -1}},
        ):
            assert ask("search/subject", spoiled).status_code == 400

    def test_a_search_is_recorded_without_whom_it_found(self, ask, people):
        ask("search/subject", {"subject": {"type": "user"}, "action": READ, "resource": tool("record-1")})
        [entry] = LedgerEntry.objects.filter(kind="access.searched")
        assert json.loads(entry.payload)["found"] == 2
        assert str(people["alice"].pk) not in entry.payload


class TestDiscovery:
    def test_the_metadata_names_every_door(self, client):
        response = client.get("/.well-known/authzen-configuration")
        assert (response.status_code, response.headers["Content-Type"]) == (200, "application/json")
        body = response.json()
        assert body["policy_decision_point"] == "http://127.0.0.1:8000"
        doors = [value for key, value in body.items() if key.endswith("_endpoint")]
        assert len(doors) == 5
        for door in doors:
            path = door.removeprefix(body["policy_decision_point"])
            assert client.post(path, "{}", content_type="application/json").status_code == 401

    def test_only_with_a_token_of_the_scope(self, client, people):
        ApiTokenFactory(secret="reader", scopes=["read"])
        for door in ("evaluations", "search/subject", "search/resource", "search/action"):
            headers = {"Authorization": "Bearer reader"}
            answer = client.post(f"/access/v1/{door}", "{}", content_type="application/json", headers=headers)
            assert answer.status_code == 403


@pytest.mark.parametrize("door", ["evaluation", "evaluations", "search/action"])
def test_the_requests_id_comes_back(ask, door):
    body = {"subject": user("alice"), "action": READ, "resource": tool("record-1")}
    assert ask(door, body, **{"X-Request-ID": "abc-1"}).headers["X-Request-ID"] == "abc-1"
    assert ask(door, "{", **{"X-Request-ID": "abc-2"}).headers["X-Request-ID"] == "abc-2"
    assert ask(door, body).headers["Cache-Control"] == "no-store"
