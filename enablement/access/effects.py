"""What a change that is only tried out would do to people's tools (see `assessments.consequences`)."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from enablement.access.models import Grant, Microtool
from enablement.access.signals import gate_lost, gate_met, grant_changed
from tracks.facts import Fact

_OPEN = frozenset({Grant.State.GRANTED.value, Grant.State.ELIGIBLE.value})


@contextmanager
def watch() -> Iterator[list[str]]:
    """Collects what grants and gates announce, and says it when the block is left."""
    facts: list[Fact] = []
    said: list[str] = []

    def listen(*, facts: Sequence[Fact], _kept: list[Fact] = facts, **_signal: Any) -> None:
        _kept.extend(facts)

    signals = (grant_changed, gate_met, gate_lost)
    for signal in signals:
        signal.connect(listen)
    try:
        yield said
    finally:
        for signal in signals:
            signal.disconnect(listen)
    said += _sentences(facts)


def _sentences(facts: Sequence[Fact]) -> list[str]:
    opened: Counter[str] = Counter()
    closed: Counter[str] = Counter()
    gates: Counter[str] = Counter()
    for fact in facts:
        if "microtool" not in fact.payload:
            gates[fact.kind] += 1
        elif fact.payload["after"] in _OPEN:
            opened[fact.payload["microtool"]] += 1
        elif fact.payload["before"] in _OPEN:
            closed[fact.payload["microtool"]] += 1
    titles = dict(Microtool.objects.filter(key__in=[*opened, *closed]).values_list("key", "title"))
    said = [_opens(titles[key], count) for key, count in sorted(opened.items())]
    said += [_closes(titles[key], count) for key, count in sorted(closed.items())]
    if met := gates["access.gate_met"]:
        said.append(
            ngettext("%(n)d person completes the track.", "%(n)d people complete the track.", met)
            % {"n": met}
        )
    if lost := gates["access.gate_lost"]:
        said.append(
            ngettext(
                "%(n)d person no longer has the whole track; a certificate stands until it is revoked.",
                "%(n)d people no longer have the whole track; certificates stand until they are revoked.",
                lost,
            )
            % {"n": lost}
        )
    return said or [_("Nobody gains or loses access at once.")]


def _opens(tool: str, count: int) -> str:
    words = ngettext("%(tool)s opens for %(n)d person.", "%(tool)s opens for %(n)d people.", count)
    return words % {"tool": tool, "n": count}


def _closes(tool: str, count: int) -> str:
    words = ngettext("%(tool)s closes for %(n)d person.", "%(tool)s closes for %(n)d people.", count)
    return words % {"tool": tool, "n": count}
