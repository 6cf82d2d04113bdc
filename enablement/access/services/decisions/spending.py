"""What people have settled, as one call or batch may use it: looked up once, locked, and spent once.

Calls that name nothing never come here, so they cost no query more.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Self
from uuid import UUID

from django.db import IntegrityError, models
from django.db.models import Case, Value, When

from enablement.access.decisions.fingerprint import fingerprint
from enablement.access.decisions.verdict import Call, Person, Requirement, Verdict, requirement
from enablement.access.models import ApprovalRequest
from enablement.access.models.approval import Kind

State = ApprovalRequest.State
OF_CALLS = (Kind.APPROVAL, Kind.REVIEW)
#: For so long the same token and X-Request-ID get the answer of the call that used an approval again.
REPLAY = timedelta(hours=24)
UNKNOWN, NOT_THIS_CALL = "approval_unknown", "approval_not_for_this_call"
WAITING, REJECTED, WITHDRAWN = "approval_waiting", "approval_rejected", "approval_withdrawn"
EXPIRED, SPENT = "approval_expired", "approval_spent"


@dataclass(frozen=True, kw_only=True, slots=True)
class Offer:
    """One id that a call names: `refused` says why it settles nothing, "" where it does.

    `id` is None where it is none of ours. `decision` is the one that it was used for, where this call is
    that one again.
    """

    id: UUID | None
    refused: str = ""
    covers: frozenset[Requirement] = frozenset()
    decision: UUID | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Settlement:
    """A verdict with what people have settled. `used`: what has to be spent for it; `repeats`: the decision
    that already was made for this very call.
    """

    verdict: Verdict
    offers: tuple[Offer, ...] = ()
    used: tuple[UUID, ...] = ()
    repeats: UUID | None = None


@dataclass(kw_only=True)
class Purse:
    """The requests that a call or a batch names; what is taken from it is gone for the rest of the batch."""

    rows: dict[UUID, ApprovalRequest] = field(default_factory=dict)
    taken: dict[UUID, str] = field(default_factory=dict)

    @classmethod
    def of(cls, calls: Iterable[Call], *, lock: bool = True) -> Self:
        """One query, or none. `lock` keeps the rows for this transaction, in one order."""
        ids = {pk for call in calls for name in call.approvals if (pk := _as_uuid(name)) is not None}
        if not ids:
            return cls()
        rows = ApprovalRequest.objects.filter(pk__in=ids, kind__in=OF_CALLS).order_by("pk")
        return cls(rows={row.pk: row for row in (rows.select_for_update() if lock else rows)})

    def settle(
        self, verdict: Verdict, *, call: Call, person: Person | None, token: str, key: str, at: datetime
    ) -> Settlement:
        """`verdict` is what the rules say without anybody; a deny stays one, and then nothing is used."""
        if not call.approvals or not verdict.required:
            return Settlement(verdict=verdict)
        offers = self._offers(call, person, token=token, key=key, at=at)
        settlement = _settlement(verdict, offers)
        if settlement.repeats is None and any(offer.decision for offer in offers):
            # Part of it was used before, but for another answer: what is used is used.
            offers = [Offer(id=o.id, refused=SPENT) if o.decision else o for o in offers]
            settlement = _settlement(verdict, offers)
        self.taken |= dict.fromkeys(settlement.used, key)
        return settlement

    def _offers(
        self, call: Call, person: Person | None, *, token: str, key: str, at: datetime
    ) -> list[Offer]:
        said = fingerprint(call)
        return [
            self._offer(self.rows.get(pk) if pk else None, said, person, token=token, key=key, at=at)
            for pk in dict.fromkeys(_as_uuid(name) for name in call.approvals)
        ]

    def _offer(
        self,
        row: ApprovalRequest | None,
        said: str | None,
        person: Person | None,
        *,
        token: str,
        key: str,
        at: datetime,
    ) -> Offer:
        if row is None:
            return Offer(id=None, refused=UNKNOWN)
        if person is None or row.subject_id != person.id or row.input_sha256 != said:
            return Offer(id=row.pk, refused=NOT_THIS_CALL)
        covers = frozenset(requirement(entry) for entry in row.requirements)
        if _repeats(row, token=token, key=key, at=at):
            return Offer(id=row.pk, covers=covers, decision=row.spent_decision)
        refused = SPENT if row.pk in self.taken else _refusal(row, at=at)
        return Offer(id=row.pk, refused=refused, covers=frozenset() if refused else covers)


def _refusal(row: ApprovalRequest, *, at: datetime) -> str:
    reason = {
        State.PENDING: WAITING,
        State.ESCALATED: WAITING,
        State.REJECTED: REJECTED,
        State.CANCELLED: WITHDRAWN,
        State.OUTRUN: WITHDRAWN,
        State.EXPIRED: EXPIRED,
        State.SPENT: SPENT,
        State.APPROVED: "",
    }[State(row.state)]
    # The job that lets requests expire may be late; the clock is not.
    return EXPIRED if reason in {"", WAITING} and row.expires_at <= at else reason


def _repeats(row: ApprovalRequest, *, token: str, key: str, at: datetime) -> bool:
    return (
        row.state == State.SPENT
        and bool(token and key)
        and (str(row.spent_token_id), row.spent_key) == (token, key)
        and row.spent_at is not None
        and at < row.spent_at + REPLAY
    )


def _settlement(verdict: Verdict, offers: Sequence[Offer]) -> Settlement:
    covered = frozenset[Requirement]().union(*(offer.covers for offer in offers))
    settled = verdict.settled(covered)
    if not settled.decision:
        return Settlement(verdict=_explained(settled, offers), offers=tuple(offers))
    needed = [offer for offer in offers if offer.id and offer.covers & verdict.requirements]
    decisions = {offer.decision for offer in needed}
    if decisions == {None}:
        return Settlement(
            verdict=settled, offers=tuple(offers), used=tuple(offer.id for offer in needed if offer.id)
        )
    repeats = decisions.pop() if len(decisions) == 1 else None
    return Settlement(verdict=settled, offers=tuple(offers), repeats=repeats)


def _explained(verdict: Verdict, offers: Sequence[Offer]) -> Verdict:
    """Why what was named did not help, where something was."""
    refused = next((offer.refused for offer in offers if offer.refused), "")
    if not refused:
        return verdict
    return replace(verdict, reason=refused)


def spend(used: Sequence[tuple[Settlement, UUID, str]], *, token: str, at: datetime) -> None:
    """Marks what these decisions used, in one conditional UPDATE; `used`: settlement, decision, key.

    Raises IntegrityError where something was no longer there to be spent; then no decision was made either.
    """
    of = [(pk, decision, key) for settlement, decision, key in used for pk in settlement.used]
    if not of:
        return
    ids, keys = models.UUIDField(), models.CharField()
    spent = ApprovalRequest.objects.filter(
        pk__in=[pk for pk, _decision, _key in of], state=State.APPROVED, expires_at__gt=at
    ).update(
        state=State.SPENT,
        spent_at=at,
        spent_token_id=UUID(token) if token else None,
        spent_decision=Case(*(When(pk=pk, then=Value(decision, ids)) for pk, decision, _key in of)),
        spent_key=Case(*(When(pk=pk, then=Value(key, keys)) for pk, _decision, key in of)),
    )
    if spent != len(of):
        raise IntegrityError("an approval was spent by another call")


def _as_uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
