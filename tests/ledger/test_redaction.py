"""What is taken out of words before they are stored, and what stays."""

import pytest

from enablement.ledger.checks import names_can_be_found
from enablement.ledger.redaction import Redacted, redact, redact_all

FOUND = {
    "email": [
        "max.mustermann+tag@example.co.uk",
        "o'brien@example.com",
        "m\u00fcller@m\u00fcnchen.example",
        "\uff4d\uff41\uff58@example.com",
        "max\u200b@exam\u00adple.com",
    ],
    "iban": [
        "DE89 3704 0044 0532 0130 00",
        "de89370400440532013000",
        "GB82-WEST-1234-5698-7654-32",
        "NO9386011117947",
        "MT84MALT011000012345MTLCAST001S",
    ],
    "card": [
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        "5555555555554444",
        "378282246310005",
        "4111\u00a01111\u00a01111\u00a01111",
        "\u0664\u0661\u0661\u0661 \u0661\u0661\u0661\u0661 \u0661\u0661\u0661\u0661 \u0661\u0661\u0661\u0661",
    ],
    "national_id": [
        "36574261809",
        "123-45-6789",
        "2 95 10 99 126 111 93",
        "756.9217.0769.85",
        "RCCMNL83S18D969H",
        "54362315K",
        "131052-308T",
        "15108695088",
        "44051401359",
        "390.533.447-05",
        "AB 12 34 56 C",
        "85.07.30-033.28",
    ],
    "phone": [
        "+49 30 901820",
        "+1 (415) 555-2671",
        "(415) 555-2671",
        "020 7946 0958",
        "030/901820",
        "0049 30 901820",
        "+44\u201120\u20117946\u20110958",
    ],
}


@pytest.mark.parametrize(("kind", "value"), [(kind, value) for kind in FOUND for value in FOUND[kind]])
def test_it_goes_and_is_counted_and_the_words_around_it_stay(kind, value):
    for before, after in (("", ""), ("Please use ", " from now on."), ("(", ")"), ("it is ", ", thanks")):
        redacted = redact(f"{before}{value}{after}")
        assert (redacted.text, redacted.found) == (f"{before}[{kind}]{after}", {kind: 1})


@pytest.mark.parametrize(
    "text",
    [
        "Order 4111 1111 1111 1112 has 3 items",
        "IBAN DE88 3704 0044 0532 0130 00 does not check",
        "36574261890 is no tax number",
        "Ticket 4155552671 and invoice 123456789",
        "from 2026-11-30 05:45 to 01.12.2026 17:30",
        "2026-09",
        "summarizer-small 2026-09, call it 2025-12.",
        "gpt-4o-2024-08-06, claude-3-5-sonnet-20241022, 10.12.114.17",
        "123e4567-e89b-12d3-a456-426614174000",
        "0.95 of 1,234,567.89 is 1172839.50",
        "Max Mustermann wrote @home",
    ],
)
def test_what_is_no_such_number_stays(text):
    assert redact(text) == Redacted(text=text)


@pytest.mark.parametrize(
    ("said", "unsaid", "kind"),
    [
        ("BSN 111222333", "Case 111222333", "national_id"),
        ("My SIN is 123-456-782", "Item 123-456-782", "national_id"),
        ("NHS number 943 476 5870", "Job 9434765870", "national_id"),
        ("call me: 4155552671", "number of boxes 4155552671", "phone"),
    ],
)
def test_what_many_numbers_look_like_needs_a_word_before_it(said, unsaid, kind):
    assert redact(said).found == {kind: 1}
    assert redact(unsaid).found == {}


def test_several_kinds_in_one_text_and_in_several():
    text = "max@example.com, +49 30 901820 or +49 30 901821; DE89370400440532013000."
    assert redact(text).text == "[email], [phone] or [phone]; [iban]."
    both, found = redact_all({"a": text, "b": "eve@example.com"})
    assert (both["b"], found) == ("[email]", {"email": 2, "phone": 2, "iban": 1})


def test_it_is_done_once_also_where_it_is_done_twice():
    once = redact("max@example.com 4111 1111 1111 1111")
    assert redact(once.text) == Redacted(text=once.text)


@pytest.mark.parametrize(
    ("hard", "found"),
    [
        ("a" * 20_000, {}),
        ("a@" * 10_000, {}),
        ("a.b-" * 5_000 + "@", {}),
        ("x@" + "a-" * 9_000, {}),
        ("1" * 20_000, {}),
        ("((((+" * 4_000 + "123456", {}),
        ("DE89 " * 4_000, {}),
        ("123-45-6789 " * 1_600, {"national_id": 1_600}),
        ("0171 2345678, " * 1_400, {"phone": 1_400}),
    ],
)
def test_the_longest_texts_that_a_call_may_have(hard, found):
    assert redact(hard).found == found


def test_after_very_many_telephone_numbers_the_rest_goes_unseen():
    assert redact("12 345 678, " * 300).found == {"phone": 100}


def test_names_are_looked_for_only_where_that_is_chosen_and_can_be_done(settings):
    assert names_can_be_found() == []
    for chosen, absent in (("en", "LANGUAGE:MODEL"), ("en:en_core_web_lg", "presidio_analyzer")):
        settings.REDACTION_NAMES = chosen
        [error] = names_can_be_found()
        assert (error.id, absent in error.msg) == ("ledger.E002", True)
        with pytest.raises(ImportError, match=absent):
            redact("Max Mustermann called")
    assert redact("triage_summary", prose=False).text == "triage_summary"
