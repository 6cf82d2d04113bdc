"""YAML is read with places, exact numbers and limits."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enablement.playbook.errors import SourceErrors
from enablement.playbook.yaml_source import MAX_NODES, decode, load


def faults(text):
    with pytest.raises(SourceErrors) as raised:
        load(text, file="f.yaml")
    return [str(error) for error in raised.value.errors]


def test_values_are_those_of_yaml_1_2_and_decimals_are_exact():
    text = 'a: 0.85\nb: [1, "2", yes, true, ~, 0x1f, 0o17, -3, .5]\nc: 1e3\nd: 2026-01-01\ne: |\n  0.5\n'
    assert load(text, file="f").value == {
        "a": Decimal("0.85"),
        "b": [1, "2", "yes", True, None, 31, 15, -3, Decimal("0.5")],
        "c": Decimal(1000),
        "d": "2026-01-01",
        "e": "0.5\n",
    }
    assert not any(isinstance(value, float) for value in load(text, file="f").value["b"])


def test_every_value_and_key_knows_its_place():
    source = load("a:\n  - b: 'x'\n    c: [1,\n      2]\n", file="f.yaml", first_line=10)
    assert str(source.error(("a", 0, "c", 1), "m")) == "f.yaml:13:7: m"
    assert str(source.key_error(("a", 0, "c"), "m", "n")) == "f.yaml:12:5: m; expected n"
    assert str(source.error(("a", 0, "missing"), "m")) == "f.yaml:11:5: m"
    assert str(source.inner_error(("a", 0, "b"), "m", line=1, column=1)) == "f.yaml:11:9: m"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "1:1: the file is empty; expected a mapping of keys to values"),
        ("a: 'x", "1:6: found unexpected end of stream; expected YAML 1.2"),
        ("a: b: c", "1:5: mapping values are not allowed here; expected YAML 1.2"),
        ("a:\n\t- b", "2:1: found character '\\t' that cannot start any token; expected YAML 1.2"),
        ("a: &x 1\nb: *x", "1:4: anchors are not allowed; expected the value without `&`"),
        ("a: *x", "1:4: aliases are not allowed; expected the value itself"),
        ("a: !!python/name:os.system x", "1:4: tags are not allowed; expected the value without `!`"),
        ("a: 1\nb: 2\na: 3", '3:1: the key "a" is there twice, first in line 1'),
        ("a: {b: {<<: 1}}", "1:9: merge keys are not allowed; expected the keys themselves"),
        ("? [a]\n: 1", "1:3: a key is a list or a mapping; expected a name"),
        ("a: 1\n---\nb: 2", "2:1: a second document begins here; expected one document"),
        ("%YAML 1.1\n---\na: 1", "2:1: the %YAML directive asks for another version; expected YAML 1.2"),
        ("a: .inf", "1:4: .inf is not a finite number; expected digits, or quotes around text"),
        ("a: 1e9999", "1:4: the number is too long; expected at most 30 digits"),
        ("a: " + "9" * 31, "1:4: the number is too long; expected at most 30 digits"),
        ("a: x\nb: \x07", "2:4: the character U+0007 is not allowed; expected printable text"),
    ],
)
def test_what_a_playbook_may_not_hold_is_refused_at_its_place(text, fault):
    assert faults(text) == [f"f.yaml:{fault}"]


@pytest.mark.parametrize("opening", ["[", "- ", "{a: "])
def test_deep_nesting_is_refused_before_it_hurts(opening):
    [fault] = faults(opening * 100_000)
    assert "nested deeper than 20 levels; expected a flatter document" in fault


def test_the_number_of_values_is_capped():
    [fault] = faults("[" + "a," * (MAX_NODES + 1) + "]")
    assert fault == f"f.yaml:1:{2 * MAX_NODES}: more than {MAX_NODES:,} values; expected a smaller document"


def test_text_that_is_not_utf_8_is_refused_at_its_byte():
    with pytest.raises(SourceErrors) as raised:
        decode("a: ü\nb: ".encode() + b"\xe4\n", file="f.yaml")
    assert str(raised.value) == "f.yaml:2:4: the byte 0xe4 is not UTF-8; expected a text file in UTF-8"


@given(st.text(max_size=200) | st.text(alphabet="[]{}-?:,&*!|>'\"#%@ \n\tab01.", max_size=60))
def test_any_text_is_read_or_refused_with_a_place_inside_it(text):
    try:
        load(text, file="f.yaml")
    except SourceErrors as errors:
        for error in errors.errors:
            assert (
                1
                <= error.line
                <= text.count("\n")
                + text.count("\r")
                + text.count("\x85")
                + text.count("\u2028")
                + text.count("\u2029")
                + 2
            )
            assert error.column >= 1
            assert "\n" not in error.message
