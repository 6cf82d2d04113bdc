"""Overlays: what holds besides for some people, in decisions and before gates; they only ever tighten."""

import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from assessments.selectors.fitness import Fitness
from enablement.access import selectors
from enablement.access.models import EnrolmentStanding, Grant, Policy
from enablement.access.overlays import Overlay, Place
from enablement.access.requirements.fitness import turns
from enablement.access.services import attesting
from enablement.access.services.grants import reevaluate
from enablement.access.tightening import any_asks_for
from enablement.ledger.models import LedgerEntry
from enablement.people.services import update_person
from tests.access.conftest import NOW
from tests.access.factories import GateFactory, MicrotoolFactory, PolicyFactory
from tests.access.test_verdict import CALL, PERSON, POLICY, TOOL, ask
from tests.people.factories import ApiTokenFactory, UserFactory
from tests.tracks.factories import EnrolmentFactory

BACKEND = "django.contrib.auth.backends.ModelBackend"
APPLY = replace(
    CALL, action="apply", confidence=Decimal("0.95"), text="all is well", prompt="triage_summarize"
)
LINES = {"claims": "low", "retail": "high"}


def overlay(**asked):
    values = {"key": "strict", "title": "Strict", "reason": "Because.", "regions": frozenset({"eu-west-1"})}
    return Overlay(**(values | asked))


def told(call=APPLY, *, region="eu-west-1", line="", **asked):
    """Outcome, reason and what is required, with one overlay and a person who works there."""
    policy = replace(POLICY, overlays=(overlay(**asked),), lines_of_business=LINES)
    verdict = ask(call, person=replace(PERSON, place=Place(region, line)), policy=policy)
    return verdict.reason, [entry["reason"] for entry in verdict.required]


@pytest.mark.parametrize(
    ("place", "asked", "fits"),
    [
        (("eu-west-1", "claims"), {}, True),
        (("us-east-1", "claims"), {}, False),
        (("", "claims"), {}, True),  # Not on record: it may be there.
        (("eu-west-1", "claims"), {"lines": frozenset({"claims"})}, True),
        (("eu-west-1", "retail"), {"lines": frozenset({"claims"})}, False),
        (("eu-west-1", ""), {"lines": frozenset({"claims"})}, True),
        (("eu-west-1", "calims"), {"lines": frozenset({"claims"})}, True),  # No line that is known.
        (("eu-west-1", "claims"), {"risks": frozenset({"low"})}, True),
        (("eu-west-1", "retail"), {"risks": frozenset({"low"})}, False),
        (("eu-west-1", "other"), {"risks": frozenset({"low"})}, True),
        (("us-east-1", "claims"), {"risks": frozenset({"low"})}, False),
    ],
)
def test_it_holds_for_whom_it_names_and_for_whom_it_cannot_tell(place, asked, fits):
    assert overlay(**asked).fits(Place(*place), LINES) is fits


@pytest.mark.parametrize(
    ("asked", "call", "inside", "outside"),
    [
        (
            {"confidence_threshold": Decimal("0.96")},
            APPLY,
            ("review_required", ["confidence_below_threshold"]),
            ("granted", []),
        ),
        ({"block_on_confidence_lt": Decimal("0.96")}, APPLY, ("confidence_blocked", []), ("granted", [])),
        (
            {"yellow_zone_terms": ("well",)},
            APPLY,
            ("review_required", ["yellow_zone_term"]),
            ("granted", []),
        ),
        ({"human_in_loop": True}, APPLY, ("review_required", ["human_in_loop"]), ("granted", [])),
        (
            {"approvals": ("triage",)},
            replace(CALL, workflow_id="triage"),
            ("approval_required", ["role_needs_approval"]),
            ("granted", []),
        ),
        (
            {"approval_rule": "if contains: well => security_partner"},
            APPLY,
            ("approval_required", ["approval_rule"]),
            ("granted", []),
        ),
        (
            {"allowed_regions": frozenset({"eu-west-1"})},
            replace(APPLY, region="us-east-1"),
            ("region_not_allowed", []),
            ("granted", []),
        ),
        # The call may be in the region that is left out.
        ({"allowed_regions": frozenset({"eu-west-1"})}, APPLY, ("region_missing", []), ("granted", [])),
        (
            {"allowed_regions": frozenset({"eu-west-1"})},
            replace(APPLY, region="eu-west-1"),
            ("granted", []),
            ("granted", []),
        ),
        # Held for another track's tools only.
        ({"human_in_loop": True, "tracks": frozenset({"other"})}, APPLY, ("granted", []), ("granted", [])),
    ],
)
def test_a_decision_asks_more_of_whom_it_holds_for(asked, call, inside, outside):
    assert told(call, **asked) == inside
    assert told(call, region="us-east-1", **asked) == outside


def test_manual_review_makes_the_playbooks_terms_count():
    policy = replace(POLICY, manual_review_required=False, overlays=(overlay(manual_review_required=True),))
    call = replace(APPLY, text="a refund")
    here, there = (replace(PERSON, place=Place(region)) for region in ("eu-west-1", "us-east-1"))
    tool = replace(TOOL, approval_rule="")
    assert ask(call, person=here, policy=policy, tool=tool).required[0]["reason"] == "yellow_zone_term"
    assert ask(call, person=there, policy=policy, tool=tool).decision


def test_who_works_outside_the_allowed_regions_is_denied_in_plain_words():
    away = replace(PERSON, place=Place("ap-south-1"))
    verdict = ask(replace(CALL, region="us-east-1"), person=away)
    assert (verdict.outcome, verdict.reason) == ("deny", "person_outside_regions")
    [leaf] = verdict.unmet
    assert (leaf["type"], leaf["required"], leaf["actual"]) == (
        "region",
        "works in eu-west-1, us-east-1",
        "works in ap-south-1",
    )
    # An overlay that leaves fewer regions shuts out who works in the others, and says that it does.
    narrow = overlay(regions=frozenset(), risks=frozenset({"low"}), allowed_regions=frozenset({"us-east-1"}))
    policy = replace(POLICY, overlays=(narrow,), lines_of_business=LINES)
    here = replace(PERSON, place=Place("eu-west-1", "claims"))
    verdict = ask(replace(CALL, region="us-east-1"), person=here, policy=policy)
    assert (verdict.reason, verdict.overlays, verdict.unmet[0]["asked_by"]) == (
        "person_outside_regions",
        ("strict",),
        "Strict",
    )


SHARES = st.one_of(st.none(), st.integers(0, 100).map(lambda n: Decimal(n) / 100))
ANY_OVERLAY = st.builds(
    overlay,
    key=st.sampled_from("ab"),
    regions=st.sampled_from([frozenset(), frozenset({"eu-west-1"})]),
    allowed_regions=st.sampled_from([None, frozenset({"eu-west-1"}), frozenset({"ap-south-1"})]),
    confidence_threshold=SHARES,
    block_on_confidence_lt=SHARES,
    yellow_zone_terms=st.sampled_from([(), ("well",)]),
    human_in_loop=st.booleans(),
    manual_review_required=st.booleans(),
    approvals=st.sampled_from([(), ("triage",)]),
    approval_rule=st.sampled_from(["", "if confidence < 0.99 => security_partner"]),
)


@given(
    overlays=st.lists(ANY_OVERLAY, max_size=3),
    regions=st.tuples(
        st.sampled_from(["", "eu-west-1", "us-east-1", "ap-south-1"]),
        st.sampled_from([None, "eu-west-1", "us-east-1", "ap-south-1"]),
    ),
    confidence=st.integers(0, 100).map(lambda n: Decimal(n) / 100),
    action=st.sampled_from(["invoke", "apply"]),
    threshold=st.sampled_from([None, Decimal("0.82")]),
)
def test_no_overlay_allows_what_was_not_allowed_without_it(overlays, regions, confidence, action, threshold):
    region, asked = regions
    call = replace(APPLY, action=action, region=asked, confidence=confidence, workflow_id="triage")
    person = replace(PERSON, place=Place(region))
    tool = replace(TOOL, confidence_threshold=threshold)
    before = ask(call, person=person, tool=tool)
    after = ask(call, person=person, tool=tool, policy=replace(POLICY, overlays=tuple(overlays)))
    assert before.outcome != "deny" or after.outcome == "deny"
    assert after.outcome == "deny" or before.requirements <= after.requirements


def stored(**asked):
    values = {"key": "strict", "title": "Strict", "reason": "Because.", "regions": ["eu-west-1"]}
    return values | asked


@pytest.fixture
def world(db, switch):
    """Two people who have shown the same: one where the overlay holds, one elsewhere."""
    more = {"type": "attestation", "policy": "eu", "title": "EU rules", "statement": "I keep them."}
    PolicyFactory(overlays=[stored(conditions=[more])])
    gate = GateFactory()
    MicrotoolFactory(key="triage_summarizer", track=gate.track)
    people = [
        EnrolmentFactory(cohort__track=gate.track, user__region=region).user
        for region in ("eu-west-1", "us-east-1")
    ]
    switch.on.update(user.pk for user in people)
    reevaluate(user_ids=[user.pk for user in people], cause="tests", actor_id=None, at=NOW)
    return people


def states(people):
    return [Grant.objects.get(user=user).state for user in people]


@pytest.mark.django_db
def test_a_further_requirement_holds_the_tool_back_until_it_is_met_there(world, client):
    here, elsewhere = world
    assert states(world) == ["locked", "granted"]
    standing = EnrolmentStanding.objects.get(enrolment__user=here)
    assert (standing.met, len(standing.leaves), standing.met_count) == (False, 1, 1)
    assert [leaf["asked_by"] for leaf in standing.overlay_leaves] == ["Strict"]
    client.force_login(here, backend=BACKEND)
    page = client.get(reverse("my_tools")).content.decode()
    assert "Asked by “Strict”." in page
    assert "Because." in page
    client.force_login(elsewhere, backend=BACKEND)
    assert "Strict" not in client.get(reverse("my_tools")).content.decode()

    track = Grant.objects.get(user=here).microtool.track.key
    statement = attesting.find_statement(user=here, track=track, policy="eu")
    attesting.attest(statement=statement, sha256=statement.sha256, actor=here, at=NOW)
    assert states(world) == ["granted", "granted"]


@pytest.mark.django_db
def test_who_moves_loses_the_tool_at_that_moment_and_has_it_back_on_return(world):
    _here, mover = world
    keeper = UserFactory(perms=["people.manage_roster"])

    def move(region):
        update_person(
            user=mover, name=mover.name, groups=None, roles=None, timezone=None, region=region,
            actor=keeper, at=NOW,
        )  # fmt: skip
        return states([mover])[0]

    assert [move(region) for region in ("ap-south-1", "us-east-1", "eu-west-1")] == [
        "revoked",
        "granted",
        "revoked",
    ]
    # Somebody of whom no region is on record may be where the overlay holds.
    assert move("") == "revoked"
    entry = LedgerEntry.objects.filter(kind="people.person_updated").earliest("recorded_at")
    assert json.loads(entry.payload)["region"] == "ap-south-1"


@pytest.mark.django_db
def test_barred_by_region_a_person_has_shown_no_less(world, client):
    _here, mover = world
    mover.region = "ap-south-1"
    mover.save(update_fields=["region"])
    reevaluate(user_ids=[mover.pk], cause="tests", actor_id=None, at=NOW)
    standing = EnrolmentStanding.objects.get(enrolment__user=mover)
    assert (standing.met, states([mover])) == (True, ["revoked"])
    assert [(leaf["type"], leaf["met"]) for leaf in standing.overlay_leaves] == [("region", False)]
    client.force_login(mover, backend=BACKEND)
    page = client.get(reverse("my_tools")).content.decode()
    assert "may not be used in the region where you work" in page
    assert "Ask for emergency access" not in page


@pytest.mark.django_db
@pytest.mark.parametrize("count", [2, 12])
def test_a_cohort_is_evaluated_in_the_same_queries(world, count, django_assert_num_queries):
    track = Grant.objects.first().microtool.track
    regions = ("eu-west-1", "us-east-1", "ap-south-1", "")
    rows = [
        EnrolmentFactory(cohort__track=track, user__region=regions[n % 4], user__line_of_business="x")
        for n in range(count)
    ]
    with django_assert_num_queries(5):  # Waivers, gates, policy, places, attestations.
        selectors.standings(enrolments=rows, at=NOW)


@pytest.mark.django_db
def test_a_waiver_does_not_reach_what_an_overlay_asks(world, switch):
    from enablement.access.gates import identity
    from enablement.access.models import Waiver

    here, _elsewhere = world
    policy = Policy.objects.get()
    node = {"type": "switch"}
    policy.overlays = [stored(conditions=[node])]
    policy.save()
    switch.on.clear()
    grant = Grant.objects.get(user=here)
    proposer, approver = UserFactory(), UserFactory()
    for person in world:
        Waiver.objects.create(
            user=person,
            track=grant.microtool.track,
            requirement=identity(node),
            label="Switch",
            reason="Away.",
            ends_at=NOW + timedelta(days=5),
            proposed_by=proposer,
            proposed_at=NOW,
            approved_by=approver,
            approved_at=NOW,
        )
    reevaluate(user_ids=[user.pk for user in world], cause="tests", actor_id=None, at=NOW)
    assert states(world) == ["locked", "granted"]


@pytest.mark.django_db
def test_facts_that_only_an_overlay_asks_for_are_followed():
    fitness = {"type": "tool_fitness", "lower_bound": "0.5", "cases": 1}
    certificate = {"type": "certificate_valid", "track": "other"}
    track = GateFactory().track
    before, after = Fitness(settled=0, usable=0), Fitness(settled=100, usable=100)
    asked = []
    for conditions in ([], [fitness], [{"any_of": [certificate, fitness]}]):
        PolicyFactory()
        Policy.objects.update(overlays=[stored(conditions=conditions, tracks=[track.key])])
        turned = turns(track_key=track.key, before=before, after=after)
        elsewhere = turns(track_key="other", before=before, after=after)
        asked.append((turned, elsewhere, any_asks_for("certificate_valid")))
    assert asked == [(False, False, False), (True, False, False), (True, False, True)]


@pytest.mark.django_db
def test_a_gateway_is_told_which_overlay_and_the_record_keeps_it(world, client):
    _here, elsewhere = world
    elsewhere.region = "ap-south-1"
    elsewhere.save(update_fields=["region"])
    ApiTokenFactory(secret="gateway", scopes=["access:evaluate"])
    body = {
        "subject": {"type": "user", "id": elsewhere.email},
        "resource": {"type": "microtool", "id": "triage_summarizer"},
        "action": {"name": "invoke"},
        "context": {"region": "us-east-1"},
    }
    answer = client.post(
        "/access/v1/evaluation",
        body,
        content_type="application/json",
        headers={"Authorization": "Bearer gateway"},
    ).json()
    assert (answer["decision"], answer["context"]["reason"]) == (False, "person_outside_regions")
    assert answer["context"]["reason_user"]["en"] == (
        "The person works in a region where this tool may not be used."
    )
    Policy.objects.update(overlays=[stored(regions=["us-east-1"], approval_rule="", human_in_loop=True)])
    elsewhere.region = "us-east-1"
    elsewhere.save(update_fields=["region"])
    client.post(
        "/access/v1/evaluation",
        body,
        content_type="application/json",
        headers={"Authorization": "Bearer gateway"},
    )
    entry = LedgerEntry.objects.filter(kind="access.decided").latest("recorded_at")
    assert json.loads(entry.payload)["overlays"] == ["strict"]
