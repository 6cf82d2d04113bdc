from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enablement.access.decisions.approval_rule import ApprovalRuleError, parse

SEED = "if confidence < 0.9 or contains: refund, escalation => manager_approve"


@pytest.mark.parametrize(
    ("confidence", "text", "matches"),
    [
        ("0.89", "a late parcel", True),
        ("0.9", "a late parcel", False),
        ("0.95", "she wants to escalate", True),
        ("0.95", "two refunds", True),
        ("0.95", "", False),
    ],
)
def test_the_customers_rule_parses_as_it_is(confidence, text, matches):
    rule = parse(SEED)
    assert rule.approver == "manager_approve"
    assert rule.matches(Decimal(confidence), text) is matches


def test_and_binds_stronger_than_or_and_brackets_bind_strongest():
    loose = parse("if confidence < 0.5 or confidence > 0.9 and contains: refund => lead")
    tight = parse("if (confidence < 0.5 or confidence > 0.9) and contains: refund => lead")
    assert loose.matches(Decimal("0.4"), "") is True
    assert tight.matches(Decimal("0.4"), "") is False
    assert tight.matches(Decimal("0.4"), "refund") is True


@pytest.mark.parametrize(
    ("source", "line", "column"),
    [
        ("if confidence <> 0.9 => x", 1, 16),
        ("if confidence < 0.9", 1, 17),
        ("when it is late => x", 1, 1),
        ("if contains: => x", 1, 14),
        ("if confidence < 0.9\n or => x", 2, 5),
        ("", 1, 1),
        ("__import__('os').system('true')", 1, 1),
    ],
)
def test_an_error_says_where(source, line, column):
    with pytest.raises(ApprovalRuleError) as caught:
        parse(source)
    assert (caught.value.line, caught.value.column) == (line, column)
    assert "manager_approve" in str(caught.value)


@given(st.text(max_size=60))
def test_any_other_text_is_refused_in_words(source):
    with suppress(ApprovalRuleError):
        assert parse(source).approver
