import pytest

from tracks.templatetags.marks import icon, state_mark

WORDS = {
    "met": "Met",
    "at-risk": "At risk",
    "not-met": "Not met",
    "waiting": "Waiting",
    "not-started": "Not started",
}


@pytest.mark.parametrize("state", WORDS)
def test_a_mark_says_its_state_in_a_word_and_by_its_class(state):
    mark = state_mark(state)
    assert f"state-{state} state-compact" in mark
    assert f'<span class="visually-hidden">{WORDS[state]}</span>' in mark


def test_the_word_is_escaped_and_replaces_the_states_own():
    mark = state_mark("waiting", "under <way>")
    assert "under &lt;way&gt;" in mark
    assert "Waiting" not in mark


def test_an_icon_is_decoration_and_its_name_is_escaped():
    assert 'class="icon icon-small" aria-hidden="true"' in icon("arrow-right", "small")
    assert "#arrow-right" in icon("arrow-right")
    assert "#&quot;&gt;" in icon('">')
