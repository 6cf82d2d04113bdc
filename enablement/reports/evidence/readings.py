"""Who read the record. Every reading of evidence leaves a ledger entry; here they are read in turn."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from enablement.access.audit_forms import start_of
from enablement.access.models import Microtool
from enablement.ledger.models import LedgerEntry
from enablement.ledger.models.entry import LedgerEntryQuerySet
from enablement.people.models import User
from enablement.reports.models import EvidencePack
from tracks.models import Cohort

_PACK = "reports.evidence_pack_downloaded"
KINDS: Mapping[str, Any] = {
    "access.log_read": _lazy("Decision log"),
    "access.role_audit_read": _lazy("Who could do what"),
    "access.records_read": _lazy("Retention and holds"),
    "access.packs_read": _lazy("List of evidence packs"),
    _PACK: _lazy("Evidence pack, taken away"),
}
_DOORS: Mapping[str, Any] = {"csv": _lazy("as a file"), "page": ""}
_WANTED: Mapping[str, Any] = {
    "people": _lazy("people"),
    "cohort": _lazy("cohort"),
    "microtool": _lazy("tool"),
    "outcome": _lazy("decision"),
    "reason": _lazy("reason"),
    "reported": _lazy("what became of it"),
    "since": _lazy("from"),
    "until": _lazy("until"),
    "moment": _lazy("as of"),
    "page": _lazy("page"),
}
#: A search may name thousands of people; more than this many are counted.
NAMED = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """url: what was read, where it is a single thing. wanted: what was searched for, in one line."""

    at: datetime
    reader: User | None
    what: str
    wanted: str
    url: str


def readings(
    *, reader: User | None = None, first: date | None = None, last: date | None = None
) -> LedgerEntryQuerySet:
    """The latest first; days are those of the current time zone, and both are included."""
    found = LedgerEntry.objects.filter(kind__in=KINDS).order_by("-at", "-id")
    if reader:
        found = found.filter(actor_id=reader.pk)
    if first:
        found = found.filter(at__gte=start_of(first))
    if last:
        found = found.filter(at__lt=start_of(last + timedelta(days=1)))
    return found


def lines(entries: Sequence[LedgerEntry]) -> list[Reading]:
    """In five queries, whatever was read."""
    said = {entry.pk: json.loads(entry.payload) for entry in entries}
    named = {str(pk) for payload in said.values() for pk in payload.get("people", ())[:NAMED]}
    readers = {str(entry.actor_id) for entry in entries if entry.actor_id}
    people = {str(person.pk): person for person in User.objects.filter(pk__in=named | readers)}
    cohorts = {str(pk) for payload in said.values() if (pk := payload.get("cohort"))}
    words: dict[str, str] = {pk: str(person) for pk, person in people.items()}
    words |= {str(cohort.pk): str(cohort) for cohort in Cohort.objects.filter(pk__in=cohorts)}
    words |= dict(Microtool.objects.values_list("key", "title"))
    packs = _packs(entries)
    return [
        Reading(
            at=entry.at,
            reader=people.get(str(entry.actor_id)),
            what=_what(entry, packs),
            wanted=_wanted(said[entry.pk], words),
            url=_url(entry),
        )
        for entry in entries
    ]


def _packs(entries: Iterable[LedgerEntry]) -> dict[str, str]:
    ids = [entry.subject_id for entry in entries if entry.kind == _PACK]
    found = EvidencePack.objects.select_related("person", "cohort", "microtool").filter(pk__in=ids)
    return {str(pack.pk): str(pack) for pack in found}


def _what(entry: LedgerEntry, packs: Mapping[str, str]) -> str:
    what = str(KINDS[entry.kind])
    if entry.kind == _PACK:
        return ": ".join(filter(None, (what, packs.get(entry.subject_id))))
    if _is_single(entry):
        return _("%(what)s, a single decision") % {"what": what}
    return ", ".join(filter(None, (what, str(_DOORS.get(entry.subject_id, "")))))


def _url(entry: LedgerEntry) -> str:
    return reverse("access_decision", args=[entry.subject_id]) if _is_single(entry) else ""


def _is_single(entry: LedgerEntry) -> bool:
    return entry.kind == "access.log_read" and entry.subject_id not in _DOORS


def _wanted(payload: Mapping[str, Any], words: Mapping[str, str]) -> str:
    parts = [
        f"{label}: {_value(name, payload[name], words)}"
        for name, label in _WANTED.items()
        if payload.get(name)
    ]
    if payload.get("text_hmac"):
        parts.append(_("and words, kept as a keyed hash only"))
    return "; ".join(parts)


def _value(name: str, value: Any, words: Mapping[str, str]) -> str:
    match name:
        case "people":
            known = [words[pk] for pk in value[:NAMED] if pk in words]
            more = len(value) - len(known)
            return ", ".join([*known, *([_("%(n)d more") % {"n": more}] if more else [])])
        case "since" | "until" | "moment":
            at = parse_datetime(value)
            return date_format(localtime(at), "j M Y, H:i") if at else value
    return words.get(str(value), str(value))
