"""Words go when their time is over or their person asks for it, unless a legal hold is over them.

The chain holds keyed hashes of them alone, so it stays whole; what was removed, when and by which rule is
recorded in it.
"""

import re
from datetime import date, datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.db.models import Exists, Q
from django.utils.translation import gettext as _

from assessments.models import Appeal, AttemptItem, CaseDecision, Submission
from assessments.services import erasing as assessments
from assessments.services.labs.locks import lock_learners
from enablement.access.models import (
    ApprovalComment,
    ApprovalRequest,
    ApprovalStep,
    Erasure,
    LegalHold,
    Microtool,
    Policy,
)
from enablement.access.services.approvals.announcing import tell
from enablement.access.services.control.rights import ensure_another
from enablement.access.signals import content_removed, legal_hold_changed
from enablement.ledger.models import LedgerContent
from enablement.people.models import User
from surveys.models import Answer
from surveys.services import erasing as surveys
from tracks.errors import Refused
from tracks.facts import Fact

Gone = LedgerContent.Gone
#: Shorter parts of a name are words of their own.
_SHORTEST_NAME = 3


@transaction.atomic
def purge(*, at: datetime) -> int:
    """Every night: what is older than the playbook's `retention_days` and under no hold; how many rows.

    A fixed number of statements. The second run of a night finds nothing, and records nothing.
    """
    policy = _locked_policy()
    if policy is None:
        return 0
    before = at - timedelta(days=policy.retention_days)
    contents = LedgerContent.objects.kept().filter(at__lt=before)
    gone = contents.filter(~_held(_CONTENTS)).empty(because=Gone.RETENTION, at=at)
    old = ApprovalRequest.objects.filter(requested_at__lt=before).exclude(state__in=ApprovalRequest.UNDECIDED)
    words = _remove_words(
        old.filter(~_held(_REQUESTS)),
        ApprovalComment.objects.filter(~_held(_COMMENTS), at__lt=before),
    )
    if gone or words:
        fact = Fact(
            kind="access.content_purged",
            subject=("access.policy", str(policy.pk)),
            at=at,
            actor_id=None,
            payload={
                "before": before,
                "retention_days": policy.retention_days,
                "policy_revision": policy.revision,
                "contents": gone,
                "words": words,
            },
        )
        content_removed.send(sender=LedgerContent, facts=[fact])
    return gone + words


@transaction.atomic
def erase(*, person: User, reason: str, actor: User, at: datetime) -> Erasure:
    """One person's words go now: prompts, outputs, what they wrote on requests, evidence of labs, reasons for
    what they showed. Reasons for what approvers decided stay, without the person's name (decision 145).

    Raises PermissionDenied; Refused `own_content`, or `held` where a legal hold is over any of it: then
    nothing is removed. ValidationError without a reason.
    """
    if not actor.has_perm("access.erase_content"):
        raise PermissionDenied(_("You may not erase content."))
    if actor == person:
        raise Refused("own_content", _("This is your own content; ask another person."))
    _locked_policy()
    # Whoever hands in or answers waits, so that nothing comes between the look at holds and the erasure.
    lock_learners({person.pk})
    contents = LedgerContent.objects.kept().of_person(person.pk)
    requests = ApprovalRequest.objects.filter(subject=person)
    comments = ApprovalComment.objects.filter(Q(author=person) | Q(request__subject=person))
    steps = ApprovalStep.objects.filter(Q(decided_by=person) | Q(subject=person))
    _ensure_not_held(contents, requests, comments, steps, *_of_the_apps_below(person))
    waiting = list(requests.filter(state__in=ApprovalRequest.UNDECIDED).exclude(purpose="", text_entry=None))
    proof = assessments.erase_words(person=person, actor=actor, at=at)
    made = Erasure(
        person=person,
        reason=reason.strip(),
        done_by=actor,
        done_at=at,
        contents=contents.empty(because=Gone.ERASURE, at=at),
        words=_remove_words(requests, comments),
        evidence=proof.evidence,
        answers=proof.words + surveys.erase_words(person=person, actor=actor, at=at),
    )
    made.full_clean()
    made.save(force_insert=True)
    fact = Fact(
        kind="access.content_erased",
        subject=("people.User", str(person.pk)),
        at=at,
        actor_id=actor.pk,
        payload={
            "erasure": str(made.pk),
            "contents": made.contents,
            "words": made.words,
            "evidence": made.evidence,
            "answers": made.answers,
            "reasons": _without_name(steps, person),
        },
    )
    content_removed.send(sender=LedgerContent, facts=[fact])
    for request in waiting:
        tell("erased", request)
    return made


@transaction.atomic
def place_hold(
    *,
    reason: str,
    review_on: date,
    actor: User,
    at: datetime,
    person: User | None = None,
    microtool: Microtool | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> LegalHold:
    """From now on nothing that it is about is removed. Raises PermissionDenied, or ValidationError."""
    _ensure_holds(actor)
    _locked_policy()
    made = LegalHold(
        reason=reason.strip(),
        person=person,
        microtool=microtool,
        since=since,
        until=until,
        review_on=review_on,
        placed_by=actor,
        placed_at=at,
    )
    made.full_clean()
    made.save(force_insert=True)
    _announce("access.hold_placed", made, actor=actor, at=at)
    return made


@transaction.atomic
def end_hold(*, hold: LegalHold, reason: str, actor: User, at: datetime) -> LegalHold:
    """Another person than who placed it ends it, and says why. Refused `same_person` or `ended`."""
    _ensure_holds(actor)
    hold = LegalHold.objects.select_for_update(of=("self",)).get(pk=hold.pk)
    if hold.ended_at is not None:
        raise Refused("ended", _("This hold has ended already."))
    ensure_another(actor, hold.placed_by, message=_("Another person than who placed it has to end it."))
    hold.ended_at, hold.ended_by, hold.end_reason = at, actor, reason.strip()
    hold.full_clean()
    hold.save(update_fields=["ended_at", "ended_by", "end_reason"])
    _announce("access.hold_ended", hold, actor=actor, at=at)
    return hold


#: By which columns a hold finds a row: whose it is, for which tool, of when. Of comments and steps both whose
#: request it is and who wrote it. Proof of skill is about every tool of its track.
Ways = tuple[tuple[str, str, str], ...]
_CONTENTS: Ways = (("person", "subject", "at"),)
_REQUESTS: Ways = (("subject", "microtool__key", "requested_at"),)
_COMMENTS: Ways = tuple((who, "request__microtool__key", "at") for who in ("request__subject", "author"))
_STEPS: Ways = tuple((who, "request__microtool__key", "decided_at") for who in ("subject", "decided_by"))
_TOOLS = "enrolment__track__microtools__key"
_WAYS: dict[type[models.Model], Ways] = {
    LedgerContent: _CONTENTS,
    ApprovalRequest: _REQUESTS,
    ApprovalComment: _COMMENTS,
    ApprovalStep: _STEPS,
    Submission: tuple(("enrolment__user", _TOOLS, when) for when in ("saved_at", "submitted_at")),
    CaseDecision: (("learner", _TOOLS, "decided_at"),),
    AttemptItem: (("attempt__user", f"attempt__{_TOOLS}", "saved_at"),),
    Appeal: (("learner", _TOOLS, "opened_at"),),
    Answer: (("response__respondent", f"response__{_TOOLS}", "response__submitted_at"),),
}


def _of_the_apps_below(person: User) -> tuple[models.QuerySet[Any], ...]:
    proof = assessments.words_of(person)
    return proof.submissions, proof.cases, proof.answers, proof.appeals, surveys.words_of(person)


def _ensure_not_held(*rows: models.QuerySet[Any]) -> None:
    """An erasure in part would be reported as done, so one held row keeps all of them."""
    if any(found.filter(_held(_WAYS[found.model])).exists() for found in rows):
        raise Refused(
            "held", _("A legal hold is over some of it. Nothing was removed; tell whoever placed the hold.")
        )


def _held(ways: Ways) -> Q:
    return Q(
        *(
            Exists(LegalHold.objects.over(person=person, microtool=microtool, at=at))
            for person, microtool, at in ways
        ),
        _connector=Q.OR,
    )


def _remove_words(
    requests: models.QuerySet[ApprovalRequest], comments: models.QuerySet[ApprovalComment]
) -> int:
    """What people wrote about these requests; how many texts. Who decided what, when and why, stays."""
    purposes = requests.exclude(purpose="").update(purpose="")
    removed, _by_model = comments.delete()
    return purposes + removed


def _without_name(steps: models.QuerySet[ApprovalStep], person: User) -> int:
    """Reasons stay, without the name and the address of whom they are about or by; in how many they stood."""
    parts = [part for part in person.name.split() if len(part) >= _SHORTEST_NAME]
    named = "|".join(re.escape(each) for each in (person.email, person.name, *parts) if each)
    changed = []
    for step in steps.exclude(comment="").select_for_update(of=("self",)).order_by("pk"):
        said = re.sub(rf"(?<!\w)(?:{named})(?!\w)", "[name]", step.comment)
        if said != step.comment:
            step.comment = said
            changed.append(step)
    ApprovalStep.objects.bulk_update(changed, ["comment"])
    return len(changed)


def _locked_policy() -> Policy | None:
    """Whoever removes and whoever holds take turns, so that a hold is over everything that is there."""
    return Policy.objects.select_for_update().first()


def _ensure_holds(actor: User) -> None:
    if not actor.has_perm("access.hold_records"):
        raise PermissionDenied(_("You may not place or end legal holds."))


def _announce(kind: str, hold: LegalHold, *, actor: User, at: datetime) -> None:
    fact = Fact(
        kind=kind,
        subject=("access.LegalHold", str(hold.pk)),
        at=at,
        actor_id=actor.pk,
        payload={
            "person": str(hold.person_id) if hold.person_id else "",
            "microtool": hold.microtool.key if hold.microtool else "",
            "since": hold.since,
            "until": hold.until,
        },
    )
    legal_hold_changed.send(sender=LegalHold, facts=[fact])
