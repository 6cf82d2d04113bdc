"""What a requirement says about one person."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _


@dataclass(frozen=True, kw_only=True, slots=True)
class Leaf:
    """One requirement, evaluated for one person.

    met: True, False, or None where it cannot be established (unknown type, missing data): None denies,
    also under `not`. begun: something is there already. failed: it was tried, and did not suffice.
    opens_at: from when it may be tried again, where that is later.
    required, actual, next_step: words for people. done, total: how far it is, where it can be counted.
    link: path of the page for the next step. proof: the facts it rests on, as `model:primary key`.
    closed: nothing that the person does can meet it. pending: nobody can say yet, which is no failure.
    asked_by: the overlay that asks; "" for the gate itself.
    asked_as: which of that overlay's requirements it is, the same for everybody.
    lapses_at: when the proof stops counting. short: its name where there is little room; the label where
    there is none. renews: it is met, and may be shown anew now, before it lapses. lapsed: it was met once.
    """

    type: str
    label: str
    met: bool | None
    required: str
    actual: str
    begun: bool = False
    failed: bool = False
    opens_at: datetime | None = None
    done: int | None = None
    total: int | None = None
    short: str = ""
    next_step: str = ""
    link: str = ""
    proof: tuple[str, ...] = field(default=())
    lapses_at: datetime | None = None
    asked_by: str = ""
    asked_as: str = ""
    closed: bool = False
    pending: bool = False
    renews: bool = False
    lapsed: bool = False

    @property
    def state(self) -> str:
        """One of the five states that pages show."""
        if self.met:
            return "met"
        if (self.met is None and not self.pending) or self.failed or self.closed:
            return "not-met"
        return "waiting" if self.begun else "not-started"

    def as_json(self) -> dict[str, Any]:
        return {
            "type": self.type,
            "label": self.label,
            "short": self.short or self.label,
            "done": self.done,
            "total": self.total,
            "met": self.met,
            "state": self.state,
            "word": _("Failed") if self.failed and not self.met else "",
            "opens_at": self.opens_at.isoformat() if self.opens_at else None,
            "required": self.required,
            "actual": self.actual,
            "next_step": self.next_step,
            "link": self.link,
            "proof": list(self.proof),
            **({"asked_by": self.asked_by} if self.asked_by else {}),
            **({"renews_by": self.lapses_at.isoformat()} if self.renews and self.lapses_at else {}),
            **({"lapsed": True} if self.lapsed else {}),
        }


def unknown(type_: str, *, label: str, why: str) -> Leaf:
    """A requirement that cannot be established: it denies and says why."""
    return Leaf(type=type_, label=label, met=None, required=label, actual=why, next_step=why)


def marks(demanded: Iterable[Leaf]) -> str:
    """Which requirements of overlays these are and which are met, " eu.0.0=1 region=0": one text for all who
    stand alike before overlays, so that a cohort can be counted by it.
    """
    return "".join(f" {leaf.asked_as}={int(leaf.met is True)}" for leaf in demanded)


def marked(text: str) -> list[tuple[str, bool]]:
    """What `marks` wrote: which requirement, and whether it is met."""
    pairs = (each.rpartition("=") for each in text.split())
    return [(key, met == "1") for key, _equals, met in pairs]
