"""A policy is confirmed by its very words, and a gate may ask for that."""

from datetime import datetime, timedelta

import pytest
from django.urls import reverse
from pydantic import ValidationError

from enablement.access.models import Attestation, Grant
from enablement.access.requirements.attestation import AttestationParams
from enablement.access.requirements.dates import DateParams, DateReached
from enablement.access.services.attesting import attest, find_statement
from enablement.access.services.grants import reevaluate
from enablement.ledger.models import LedgerEntry
from tests.access.conftest import NOW
from tests.access.factories import GateFactory, MicrotoolFactory, PolicyFactory
from tests.people.factories import UserFactory
from tests.tracks.factories import EnrolmentFactory
from tracks.errors import Refused

pytestmark = pytest.mark.django_db
LEAF = {"type": "attestation", "policy": "ai-use", "title": "Use of AI", "statement": "I look first."}


@pytest.fixture
def gate():
    PolicyFactory()
    return GateFactory(tree={"all_of": [LEAF]})


@pytest.fixture
def enrolment(gate):
    MicrotoolFactory(track=gate.track)
    found = EnrolmentFactory(cohort__track=gate.track)
    evaluate(found)
    return found


def evaluate(enrolment, at=NOW):
    reevaluate(user_ids=[enrolment.user_id], cause="tests", actor_id=None, at=at)


def state():
    return Grant.objects.get().state


def confirm(enrolment, at=NOW):
    found = find_statement(user=enrolment.user, track=enrolment.track.key, policy="ai-use")
    return attest(statement=found, sha256=found.sha256, actor=enrolment.user, at=at)


def test_confirming_opens_the_tool_at_once(enrolment):
    assert state() == "locked"
    made = confirm(enrolment)
    assert state() == "granted"
    assert Grant.objects.get().leaves[0]["proof"] == [f"access.attestation:{made.pk}"]
    assert LedgerEntry.objects.filter(kind="access.attested", actor_id=enrolment.user_id).exists()


def test_other_words_have_to_be_confirmed_anew(enrolment, gate):
    confirm(enrolment)
    gate.tree = {"all_of": [LEAF | {"statement": "I look first, always."}]}
    gate.save()
    evaluate(enrolment)
    assert state() == "revoked"
    confirm(enrolment)
    assert state() == "granted"


def test_it_lapses_after_its_calendar_months(enrolment, gate):
    gate.tree = {"all_of": [LEAF | {"valid_months": 12}]}
    gate.save()
    confirm(enrolment)
    due = NOW.replace(year=NOW.year + 1)
    grant = Grant.objects.get()
    assert grant.not_after == due
    assert Grant.objects.live(at=due - timedelta(seconds=1)).exists()
    assert not Grant.objects.live(at=due).exists()
    evaluate(enrolment, at=due)
    assert (state(), Grant.objects.get().leaves[0]["actual"]) == ("expired", "lapsed")
    assert Grant.objects.get().leaves[0]["lapsed"] is True


def test_everybody_for_themselves_and_for_what_they_have_read(enrolment):
    found = find_statement(user=enrolment.user, track=enrolment.track.key, policy="ai-use")
    with pytest.raises(Refused, match="for themselves"):
        attest(statement=found, sha256=found.sha256, actor=UserFactory(), at=NOW)
    with pytest.raises(Refused, match="words have changed"):
        attest(statement=found, sha256="0" * 64, actor=enrolment.user, at=NOW)
    assert not Attestation.objects.exists()


def test_the_page(client, enrolment):
    client.force_login(enrolment.user)
    url = reverse("attest", args=[enrolment.track.key, "ai-use"])
    page = client.get(url)
    assert "I look first." in page.content.decode()
    assert client.post(url, {"sha256": "stale"}).status_code == 409
    assert client.post(url, {"sha256": page.context["statement"].sha256}).url == reverse("my_path")
    assert state() == "granted"
    assert client.get(reverse("attest", args=[enrolment.track.key, "other"])).status_code == 404
    client.force_login(UserFactory())
    assert client.get(url).status_code == 404


@pytest.mark.parametrize(
    "spoiled", [{"policy": ""}, {"policy": "a b"}, {"statement": ""}, {"valid_months": 0}, {"extra": 1}]
)
def test_a_malformed_requirement_is_refused(spoiled):
    values = {key: value for key, value in LEAF.items() if key != "type"} | spoiled
    with pytest.raises(ValidationError):
        AttestationParams.model_validate(values)


@pytest.mark.parametrize("size", [2, 12])
def test_a_cohort_costs_one_query(gate, size, django_assert_num_queries):
    from enablement.access.requirements.attestation import PolicyAttested

    enrolments = EnrolmentFactory.create_batch(size, cohort__track=gate.track)
    params = AttestationParams.model_validate({k: v for k, v in LEAF.items() if k != "type"})
    with django_assert_num_queries(1):
        PolicyAttested().evaluate(track=gate.track, enrolments=enrolments, params=params, at=NOW)


class TestDate:
    @pytest.mark.parametrize(
        ("params", "at", "met", "lapses"),
        [
            ({"not_before": "2026-12-01"}, "2026-11-30T23:59:59+00:00", False, None),
            ({"not_before": "2026-12-01"}, "2026-12-01T00:00:00+00:00", True, None),
            ({"not_after": "2026-12-01"}, "2026-12-01T23:59:59+00:00", True, "2026-12-02T00:00:00+00:00"),
            ({"not_after": "2026-12-01"}, "2026-12-02T00:00:00+00:00", False, None),
            (
                {"not_before": "2026-12-01", "not_after": "2026-12-01"},
                "2026-12-01T12:00:00+00:00",
                True,
                "2026-12-02T00:00:00+00:00",
            ),
        ],
    )
    def test_days_begin_and_end_in_utc(self, params, at, met, lapses):
        enrolment = EnrolmentFactory()
        [leaf] = (
            DateReached()
            .evaluate(
                track=enrolment.track,
                enrolments=[enrolment],
                params=DateParams.model_validate(params),
                at=datetime.fromisoformat(at),
            )
            .values()
        )
        assert leaf.met is met
        assert leaf.lapses_at == (datetime.fromisoformat(lapses) if lapses else None)

    @pytest.mark.parametrize(
        "params", [{}, {"not_before": "soon"}, {"not_before": "2026-12-02", "not_after": "2026-12-01"}]
    )
    def test_a_malformed_one_is_refused(self, params):
        with pytest.raises(ValidationError):
            DateParams.model_validate(params)
