"""Events arrive signed, at least once, with pauses; an endpoint that takes nothing is paused."""

import base64
import hashlib
import hmac
import json
from datetime import timedelta

import psycopg
import pytest
from django.db import connection, transaction

from enablement.access.models import Stop
from enablement.access.services import control
from enablement.access.services.grants import reevaluate
from enablement.jobs.models import Job
from enablement.ledger.models import LedgerEntry
from enablement.webhooks import services, signing
from enablement.webhooks.models import WebhookDelivery, WebhookEndpoint
from enablement.webhooks.services.delivering import ATTEMPTS, KEEP, PAUSES
from enablement.webhooks.services.endpoints import locked
from tests.access.conftest import NOW, warden
from tests.access.factories import GateFactory, MicrotoolFactory, PolicyFactory
from tests.tracks.factories import EnrolmentFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def enrolment(switch):
    PolicyFactory()
    track = GateFactory().track
    MicrotoolFactory(key="triage", title="Triage", track=track)
    return EnrolmentFactory(cohort__track=track)


def evaluate(*enrolments, at=NOW):
    reevaluate(user_ids=[each.user_id for each in enrolments], cause="access.nightly", actor_id=None, at=at)


def send(endpoint, at=NOW):
    return services.send_due(endpoint_id=endpoint.pk, clock=lambda: at)


def outcome(delivery):
    delivery.refresh_from_db()
    return delivery.state, delivery.attempts


def test_the_signature_is_the_one_of_the_standard():
    """The example of standardwebhooks.com's reference libraries."""
    made = signing.signature(
        base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
        message_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        timestamp=1614265330,
        body=b'{"test": 2432232314}',
    )
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_an_opened_tool_arrives_as_a_signed_cloud_event(enrolment, endpoint, receiver, switch, settings):
    switch.on.add(enrolment.user_id)
    evaluate(enrolment)
    assert send(endpoint) == 1
    [(path, headers, body)] = receiver.requests
    event = json.loads(body)
    grant = enrolment.user.grants.get()
    assert event == {
        "specversion": "1.0",
        "id": headers["webhook-id"],
        "source": settings.SITE_URL,
        "type": "enablement.access.grant_granted",
        "subject": f"grants/{grant.pk}",
        "time": "2026-11-09T09:00:00Z",
        "datacontenttype": "application/json",
        "data": {
            "subject": {"type": "user", "id": str(enrolment.user_id), "email": enrolment.user.email},
            "resource": {"type": "microtool", "id": "triage"},
            "before": "locked" if event["data"]["before"] else None,
            "after": "granted",
            "cause": "access.nightly",
            "policy_revision": 1,
            "not_after": None,
        },
    }
    assert path == "/events?key=k"
    assert headers["content-type"] == "application/cloudevents+json; charset=utf-8"
    assert headers["webhook-timestamp"] == str(int(NOW.timestamp()))
    # As a receiver computes it, from the secret that was shown.
    secret = base64.b64decode(signing.shown(endpoint.salt).removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    mac = base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{mac}"


def test_a_change_and_its_event_are_one_transaction_and_the_job_follows_the_commit(
    enrolment, endpoint, switch, django_capture_on_commit_callbacks
):
    switch.on.add(enrolment.user_id)
    with django_capture_on_commit_callbacks(execute=True):
        evaluate(enrolment)
        assert WebhookDelivery.objects.filter(type="enablement.access.grant_granted").count() == 1
    job = Job.objects.get(kind="enablement.webhooks.tasks.send_webhooks")
    assert (job.args, job.key) == ({"endpoint_id": str(endpoint.pk)}, str(endpoint.pk))


@pytest.mark.parametrize("count", [1, 12])
def test_a_cohort_costs_the_same_queries(enrolment, endpoint, count, django_assert_num_queries):
    from enablement.access.models import Grant
    from enablement.webhooks.events import of_grants
    from tracks.facts import Fact

    more = [enrolment, *EnrolmentFactory.create_batch(count - 1, cohort=enrolment.cohort)]
    evaluate(*more)
    facts = [
        Fact(
            kind="access.grant_locked",
            subject=("access.grant", str(grant.pk)),
            at=NOW,
            actor_id=None,
            payload={
                "microtool": "triage",
                "before": "",
                "after": "locked",
                "cause": "c",
                "policy_revision": 1,
            },
        )
        for grant in Grant.objects.all()
    ]
    # The endpoints, the grants with their people, the rows.
    with django_assert_num_queries(3):
        services.tell(facts, as_events=of_grants)
    WebhookEndpoint.objects.update(ended_at=NOW)
    with django_assert_num_queries(1):
        services.tell(facts, as_events=of_grants)


def test_what_happens_at_one_moment_is_told_in_its_order(enrolment, endpoint, receiver, switch):
    """A night may open a tool and suspend it: whoever keeps a list must not end with the wrong one."""
    for _night in range(4):
        switch.on.add(enrolment.user_id)
        evaluate(enrolment)
        switch.on.remove(enrolment.user_id)
        evaluate(enrolment)
    send(endpoint)
    told = [json.loads(body) for _path, _headers, body in receiver.requests]
    assert [event["data"]["after"] for event in told] == ["granted", "revoked"] * 4
    assert len({event["time"] for event in told}) == 1
    assert receiver.ids() == sorted(receiver.ids())


def test_an_endpoint_hears_of_its_tools_alone_and_of_stops_of_everything(enrolment, keeper, receiver, switch):
    mine, _secret = services.create_endpoint(
        name="other", url=receiver.url, microtools=["brief"], actor=keeper, at=NOW
    )
    switch.on.add(enrolment.user_id)
    evaluate(enrolment)
    control.stop(kind=Stop.Kind.MICROTOOL, value="triage", reason="A leak.", actor=warden(), at=NOW)
    assert not mine.deliveries.exists()
    control.stop(kind=Stop.Kind.REGION, value="eu-west-1", reason="A leak.", actor=warden(), at=NOW)
    [delivery] = mine.deliveries.all()
    assert json.loads(delivery.body)["data"] == {"resource": {"type": "region", "id": "eu-west-1"}}
    assert delivery.type == "enablement.access.stop_started"


def test_what_is_not_taken_is_sent_again_with_the_same_id_and_then_given_up(endpoint, keeper, receiver):
    delivery = services.send_test(endpoint=endpoint, actor=keeper, at=NOW)
    receiver.answers = [(500, {})] * ATTEMPTS
    at = NOW
    for number, pause in enumerate(PAUSES, start=1):
        assert send(endpoint, at) == 0
        assert outcome(delivery) == ("waiting", number)
        assert delivery.next_at == at + pause
        assert send(endpoint, at + pause - timedelta(seconds=1)) == 0
        assert len(receiver.requests) == number
        at += pause
    send(endpoint, at)
    assert outcome(delivery) == ("failed", ATTEMPTS)
    assert delivery.log.filter(status=500).count() == ATTEMPTS
    assert receiver.ids() == [str(delivery.event)] * ATTEMPTS
    endpoint.refresh_from_db()
    assert (endpoint.pause, endpoint.paused_at) == ("failing", at)
    entry = LedgerEntry.objects.get(kind="webhooks.endpoint_paused")
    assert (entry.actor_id, json.loads(entry.payload)["pause"]) == (None, "failing")


def test_one_event_that_is_not_digested_pauses_nothing(endpoint, keeper, receiver):
    bad = services.send_test(endpoint=endpoint, actor=keeper, at=NOW)
    receiver.answers = [(400, {})] * 3
    at = NOW
    for pause in PAUSES[:3]:
        send(endpoint, at)
        at += pause
    services.send_test(endpoint=endpoint, actor=keeper, at=at)
    receiver.answers = [(400, {}), (204, {})]
    assert send(endpoint, at) == 1
    for pause in PAUSES[3:]:
        at += pause
        receiver.answers = [(400, {})]
        send(endpoint, at)
    assert outcome(bad) == ("failed", ATTEMPTS)
    endpoint.refresh_from_db()
    assert endpoint.paused_at is None


def test_others_wait_where_the_other_side_is_not_well_and_its_pause_is_kept(endpoint, keeper, receiver):
    first = services.send_test(endpoint=endpoint, actor=keeper, at=NOW)
    second = services.send_test(endpoint=endpoint, actor=keeper, at=NOW + timedelta(seconds=1))
    receiver.answers = [(429, {"Retry-After": "3600"})]
    at = NOW + timedelta(seconds=2)
    send(endpoint, at)
    assert outcome(first) == ("waiting", 1)
    assert first.next_at == at + timedelta(hours=1)
    assert outcome(second) == ("waiting", 0)
    assert send(endpoint, at) == 1
    assert outcome(second) == ("delivered", 1)


def test_gone_pauses_at_once_what_happens_is_kept_and_a_test_still_goes(endpoint, keeper, receiver):
    receiver.answers = [(410, {})]
    first = services.send_test(endpoint=endpoint, actor=keeper, at=NOW)
    send(endpoint)
    endpoint.refresh_from_db()
    assert endpoint.pause == "gone"
    kept = WebhookDelivery.objects.create(
        endpoint=endpoint, event=endpoint.pk, type="t", body="{}", created_at=NOW, next_at=NOW
    )
    trial = services.send_test(endpoint=endpoint, actor=keeper, at=NOW)
    assert send(endpoint) == 1
    assert (outcome(trial), outcome(kept)) == (("delivered", 1), ("waiting", 0))
    services.resume_endpoint(endpoint=endpoint, actor=keeper, at=NOW)
    assert send(endpoint) == 2
    assert (outcome(first), outcome(kept)) == (("delivered", 2), ("delivered", 1))


def test_a_redirect_is_not_followed(endpoint, keeper, receiver):
    receiver.answers = [(302, {"Location": receiver.url})]
    delivery = services.send_test(endpoint=endpoint, actor=keeper, at=NOW)
    send(endpoint)
    assert outcome(delivery) == ("waiting", 1)
    assert len(receiver.requests) == 1
    assert delivery.log.get().status == 302


def test_for_a_day_both_secrets_sign(endpoint, keeper, receiver):
    services.rotate_secret(endpoint=endpoint, actor=keeper, at=NOW)
    for later, count in ((timedelta(hours=23), 2), (timedelta(hours=24), 1)):
        services.send_test(endpoint=endpoint, actor=keeper, at=NOW + later)
        send(endpoint, NOW + later)
        signatures = receiver.requests[-1][1]["webhook-signature"].split()
        assert len(set(signatures)) == count


def test_another_installation_has_another_secret(endpoint, settings):
    before = signing.shown(endpoint.salt)
    settings.SECRET_KEY = f"{settings.SECRET_KEY}x"
    assert signing.shown(endpoint.salt) != before


def test_a_worker_that_was_slower_changes_nothing(endpoint, keeper, receiver, monkeypatch):
    """Both have posted; what the first one noted stands."""
    from enablement.webhooks.services import delivering

    delivery = services.send_test(endpoint=endpoint, actor=keeper, at=NOW)
    post = delivering._post

    def slow(mine, *, at):
        monkeypatch.setattr(delivering, "_post", post)
        send(endpoint)
        return post(mine, at=at)

    monkeypatch.setattr(delivering, "_post", slow)
    send(endpoint)
    assert receiver.ids() == [str(delivery.event)] * 2
    assert outcome(delivery) == ("delivered", 1)


def test_once_more_by_hand_starts_the_count_anew(endpoint, keeper, receiver):
    delivery = services.send_test(endpoint=endpoint, actor=keeper, at=NOW)
    WebhookDelivery.objects.update(state="failed", attempts=ATTEMPTS, next_at=None)
    services.send_again(delivery=delivery, actor=keeper, at=NOW)
    receiver.answers = [(500, {})]
    send(endpoint)
    assert outcome(delivery) == ("waiting", ATTEMPTS + 1)
    assert delivery.next_at == NOW + PAUSES[0]


def test_what_is_due_is_woken_and_what_is_old_is_forgotten(endpoint, keeper, receiver):
    services.send_test(endpoint=endpoint, actor=keeper, at=NOW)
    assert services.wake(at=NOW - timedelta(seconds=1)) == 0
    assert services.wake(at=NOW) == 1
    send(endpoint)
    assert services.wake(at=NOW) == 0
    assert services.forget(at=NOW + KEEP) == 0
    assert services.forget(at=NOW + KEEP + timedelta(seconds=1)) == 1


def test_a_grant_that_lapses_at_another_time_is_told_and_one_that_stays_is_not(
    enrolment, endpoint, receiver, switch
):
    day = timedelta(days=1)
    switch.on.add(enrolment.user_id)
    switch.lapses = NOW + 30 * day
    evaluate(enrolment)
    evaluate(enrolment)
    for lapses in (NOW + 90 * day, NOW + 10 * day, None):
        switch.lapses = lapses
        evaluate(enrolment)
    send(endpoint)
    told = [json.loads(body) for _path, _headers, body in receiver.requests]
    assert [(each["type"].rpartition("_")[2], each["data"]["not_after"]) for each in told] == [
        ("granted", "2026-12-09T09:00:00Z"),
        ("renewed", "2027-02-07T09:00:00Z"),
        ("renewed", "2026-11-19T09:00:00Z"),
        ("renewed", None),
    ]
    assert (told[1]["data"]["before"], told[1]["data"]["after"]) == ("granted", "granted")
    entries = LedgerEntry.objects.filter(kind="access.grant_renewed").order_by("recorded_at")
    payload = json.loads(entries[0].payload)
    assert (payload["not_after_before"], payload["not_after"]) == (
        "2026-12-09T09:00:00.000000Z",
        "2027-02-07T09:00:00.000000Z",
    )
    # What closes is told as that alone.
    switch.on.clear()
    evaluate(enrolment)
    assert entries.count() == 3


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_what_happens_meanwhile_does_not_wait_for_an_endpoint_that_is_being_changed(endpoint):
    with transaction.atomic():
        locked(endpoint)
        params = connection.get_connection_params()
        names = ("dbname", "user", "password", "host", "port")
        with psycopg.connect(**{name: params[name] for name in names if name in params}) as other:
            other.execute("SET lock_timeout = '1s'")
            other.execute(
                "INSERT INTO webhooks_webhookdelivery "
                "(id, endpoint_id, event, type, body, created_at, state, attempts, attempts_before, next_at) "
                "VALUES (gen_random_uuid(), %s, gen_random_uuid(), 't', '{}', now(), 'waiting', 0, 0, now())",
                [endpoint.pk],
            )
    assert endpoint.deliveries.count() == 1
