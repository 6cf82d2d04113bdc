import pytest
from hypothesis import given
from hypothesis import strategies as st

from enablement.access.decisions.terms import found, mixes_scripts

TERMS = ["refund", "policy", "PII", "escalate"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The customer asks for a refund.", ["refund"]),
        ("REFUNDED twice", ["refund"]),
        ("Our policies allow it", ["policy"]),
        ("Please start an escalation", ["escalate"]),
        ("re\u00adfund", ["refund"]),
        ("re\u200bfund", ["refund"]),
        ("\uff52\uff45\uff46\uff55\uff4e\uff44", ["refund"]),
        ("it contains pii", ["PII"]),
        ("see refund_request and new_policy", ["refund", "policy"]),
        ("a r\u00e9fund", ["refund"]),
        ("The policyholder's funds", []),
        ("", []),
    ],
)
def test_terms_are_found_whatever_the_spelling(text, expected):
    assert found(TERMS, text) == expected


def test_a_term_of_several_words_matches_them_in_a_row():
    assert found(["personal data"], "personal and other data") == []
    assert found(["personal data"], "Personal   data!") == ["personal data"]


def test_a_term_without_letters_never_matches():
    assert found(["…", ""], "anything … at all") == []


@pytest.mark.parametrize(
    ("text", "mixed"),
    [
        ("refund", False),
        ("r\u0435fund", True),
        ("r\u200b\u0435\u200bfund", True),
        ("привет hello", False),
        ("", False),
    ],
)
def test_a_word_of_two_scripts_is_noticed(text, mixed):
    assert mixes_scripts(text) is mixed


@given(st.text(), st.text())
def test_surroundings_never_hide_a_term(before, after):
    assert "refund" in found(TERMS, f"{before} refund {after}")
