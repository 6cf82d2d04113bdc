"""What can be stopped, and what a stop is called."""

import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from django.utils.translation import gettext as _

from enablement.access.models import Microtool, Policy, Stop
from enablement.ledger.models import LedgerEntry
from enablement.people.models import ApiToken, User

#: Decisions, the latest, in which models are looked for.
_LOOKED_AT = 1_000


@dataclass(frozen=True, slots=True)
class NamedStop:
    """`title`: in words, with the tool's own. may_end, may_review: what the person who looks may do."""

    stop: Stop
    title: str
    may_end: bool
    may_review: bool


def known_regions() -> list[str]:
    """Those of the playbook in force and of live tokens; where two differ in case only, the playbook's."""
    policy = Policy.objects.first()
    of_tokens = ApiToken.objects.live().values_list("regions", flat=True)
    names = [*(policy.regions if policy else ()), *(region for regions in of_tokens for region in regions)]
    known: dict[str, str] = {}
    for name in names:
        known.setdefault(name.casefold(), name)
    return sorted(known.values())


def known_models() -> list[str]:
    """Models that the latest calls named."""
    latest = LedgerEntry.objects.filter(kind="access.decided").order_by("-at")
    found: set[str] = set()
    for payload in latest.values_list("payload", flat=True)[:_LOOKED_AT]:
        # What was altered beyond reading names nothing, and must not keep anybody from stopping.
        with suppress(ValueError):
            said = json.loads(payload)
            found |= {said[name] for name in ("model", "model_version") if said.get(name)}
    return sorted(found)


def named(stops: Iterable[Stop], *, actor: User) -> list[NamedStop]:
    """Each with its title, for this person. One query."""
    titles = dict(Microtool.objects.values_list("key", "title"))
    return [
        NamedStop(
            stop,
            title_of(stop, titles),
            may_end=stop.may_end(actor),
            may_review=stop.may_review(actor),
        )
        for stop in stops
    ]


def title_of(stop: Stop, titles: dict[str, str] | None = None) -> str:
    """What a stop is called: the tool's title, the region, the model."""
    if stop.kind == Stop.Kind.MICROTOOL:
        if titles is None:
            titles = dict(Microtool.objects.filter(key=stop.value).values_list("key", "title"))
        return titles.get(stop.value) or stop.value
    words = {Stop.Kind.MODEL: _("Model %(name)s"), Stop.Kind.REGION: _("Region %(name)s")}
    return words[Stop.Kind(stop.kind)] % {"name": stop.value}
