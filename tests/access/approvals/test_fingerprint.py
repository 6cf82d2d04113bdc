"""What an approval is bound to."""

import hashlib
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enablement.access.decisions.fingerprint import fingerprint
from enablement.access.decisions.verdict import Call

CALL = Call(subject="a@example.com", microtool="triage", action="apply", confidence=Decimal("0.9"), text="Hi")


def test_it_is_the_sha256_of_the_canonical_input():
    canonical = (
        '{"action":"apply","confidence":"0.9","microtool":"triage",'
        '"prompt":null,"text":"Hi","workflow_id":null}'
    )
    assert fingerprint(CALL) == hashlib.sha256(canonical.encode()).hexdigest()


@pytest.mark.parametrize(
    "same",
    [
        {"confidence": Decimal("0.900")},
        {"subject": "b@example.com"},
        {"region": "eu-west-1", "model": "m", "model_version": "2"},
        {"approvals": ("x",)},
    ],
)
def test_what_does_not_change_it(same):
    assert fingerprint(replace(CALL, **same)) == fingerprint(CALL)


TEXTS = st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
CALLS = st.builds(
    Call,
    subject=st.just("a@example.com"),
    microtool=st.sampled_from(["triage", "brief"]),
    action=st.sampled_from(["invoke", "apply"]),
    prompt=TEXTS,
    workflow_id=TEXTS,
    text=TEXTS,
    confidence=st.none() | st.decimals(0, 1, places=3),
)


@given(one=CALLS, other=CALLS)
def test_two_calls_have_one_fingerprint_only_where_they_say_the_same(one, other):
    assert (fingerprint(one) == fingerprint(other)) == (one == other)


def test_half_a_character_has_no_fingerprint():
    assert fingerprint(replace(CALL, text="\ud800")) is None
