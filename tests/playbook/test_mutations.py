"""Whatever is in a file: it is applied, or refused with a place and nothing is changed. Never a traceback."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from enablement.playbook import in_force, services
from enablement.playbook.errors import SourceErrors
from enablement.playbook.reading import read
from tests.machines import examples
from tests.playbook.conftest import NOW
from tests.playbook.small import CONTENT, YAML, alone, bundle
from tracks.errors import Refused

#: Pieces that mean something in YAML, or where a value of another type is expected.
_MARKS = "  - : , # ' \" [ ] { } &a *a !!x ~ | > --- ... %YAML ? @ ` \t"
_WORDS = (
    "true 0 -1 1e9 0.5 .nan null key any_of not: clerk é \u2028 \x00 xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
)
_PHRASES = ("", " ", "  ", "\n", ": ", "- ", "all_of: []", "type: quiz", "threshold: 2", "%YAML 1.1\n---\n")
PIECES = st.sampled_from([*_MARKS.split(" "), *_WORDS.split(" "), *_PHRASES])


@st.composite
def mutated(draw, text):
    """The text with up to three pieces cut out and others put in."""
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(text)))
        length = draw(st.integers(0, 12))
        text = text[:start] + draw(PIECES) + text[start + length :]
    return text


@given(mutated(YAML))
def test_a_mutated_playbook_is_read_or_refused_with_a_place(text):
    try:
        read(alone(text), in_force=None)
    except SourceErrors as errors:
        check_places(errors, {"small.yaml": text})


@given(
    st.sampled_from(sorted(CONTENT)).flatmap(lambda name: st.tuples(st.just(name), mutated(CONTENT[name])))
)
def test_a_mutated_content_file_is_read_or_refused_with_a_place(change):
    name, text = change
    try:
        read(bundle(**{name: text}), in_force=None)
    except SourceErrors as errors:
        check_places(errors, others() | {f"content/{name}": text, "small.yaml": YAML})


@pytest.mark.django_db
@settings(max_examples=examples(25), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(mutated(YAML))
def test_a_mutated_playbook_plans_as_it_applies_or_changes_nothing(text):
    given_bundle = bundle(text)
    before, number = in_force.snapshot(), services.current_number()
    try:
        planned = services.plan(bundle=given_bundle, at=NOW)
        assert in_force.snapshot() == before
        applied = services.put_in_force(bundle=given_bundle, base_number=number, actor=None, at=NOW)
    except (SourceErrors, Refused):
        assert in_force.snapshot() == before
        assert services.current_number() == number
    else:
        assert applied.plan == planned
        assert services.export(at=NOW).yaml == text


def others():
    return {f"content/{name}": text for name, text in CONTENT.items()}


def check_places(errors, files):
    assert errors.errors
    for error in errors.errors:
        lines = len(files[error.file].splitlines()) if error.file in files else 1
        assert 1 <= error.line <= lines + 2
        assert error.column >= 1
        assert "\n" not in str(error)
