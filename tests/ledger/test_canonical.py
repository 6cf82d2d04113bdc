import enum
import json
import uuid
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enablement.ledger.canonical import canonical, moment

texts = st.text(st.characters(exclude_categories=["Cs"]))
scalars = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | texts
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4)
)


@given(values)
def test_what_was_written_can_be_read_and_written_again_to_the_same_bytes(value):
    text = canonical(value)
    assert json.loads(text) == value
    assert canonical(json.loads(text)) == text


@given(st.dictionaries(texts, scalars, min_size=2))
def test_the_order_of_keys_does_not_matter(payload):
    assert canonical(dict(reversed(payload.items()))) == canonical(payload)


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_decimals_keep_every_digit(number):
    assert Decimal(json.loads(canonical(number))) == number


@given(st.datetimes(timezones=st.timezones()))
def test_the_same_moment_gives_the_same_text_in_every_zone(at):
    if at.year in (1, 9999):
        return
    assert moment(at) == moment(at.astimezone(UTC))


class Colour(enum.Enum):
    RED = "red"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": 1, "a": [True, None]}, '{"a":[true,null],"b":1}'),
        (Decimal("0.850"), '"0.850"'),
        (datetime(2026, 3, 2, 10, 30, tzinfo=timezone(timedelta(hours=1))), '"2026-03-02T09:30:00.000000Z"'),
        (date(2026, 3, 2), '"2026-03-02"'),
        (uuid.UUID(int=5), '"00000000-0000-0000-0000-000000000005"'),
        (Colour.RED, '"red"'),
        ({"b", "a"}, '["a","b"]'),
        ("\u20ac\u0007\n", '"€\\u0007\\n"'),
        # RFC 8785, 3.2.3: sorted by UTF-16 code units.
        ({"\U0001f600": 1, "\ufb33": 2, "\u20ac": 3, "1": 4}, '{"1":4,"€":3,"\U0001f600":1,"\ufb33":2}'),
    ],
)
def test_forms(value, text):
    assert canonical(value) == text


@pytest.mark.parametrize(
    "value",
    [0.1, {"share": 1.0}, float("nan"), b"bytes", object(), {1: "a"}, [{"deep": 2.5}]],
)
def test_what_has_no_single_form_is_refused(value):
    with pytest.raises(TypeError):
        canonical(value)


@pytest.mark.parametrize("value", [2**53, -(2**53), "\ud800", datetime(2026, 3, 2)])  # noqa: DTZ001
def test_values_out_of_range_are_refused(value):
    with pytest.raises(ValueError):
        canonical(value)
