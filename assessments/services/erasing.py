"""One person's words go: evidence of labs, reasons for decisions, appeals. What was decided about them stays.

Marks, verdicts, sign-offs and their hashes are facts and keep standing. What mentors wrote is theirs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from assessments import signals
from assessments.models import Appeal, AttemptItem, CaseDecision, EvidenceFile, QuestionVersion, Submission
from assessments.services.labs import evidence
from assessments.services.labs.locks import lock_learners
from tracks.erasing import ERASED
from tracks.facts import Fact
from tracks.people import Person

_BATCH = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class Words:
    """What one person wrote and is still there."""

    submissions: QuerySet[Submission]
    cases: QuerySet[CaseDecision]
    answers: QuerySet[AttemptItem]
    appeals: QuerySet[Appeal]


@dataclass(frozen=True, kw_only=True, slots=True)
class Gone:
    """evidence: rounds of labs that were emptied; words: reasons for decisions, and for appeals."""

    evidence: int
    words: int


def words_of(person: Person) -> Words:
    files = EvidenceFile.objects.filter(submission=OuterRef("pk")).exclude(file="")
    return Words(
        submissions=Submission.objects.filter(
            ~Q(text="") | ~Q(link="") | Exists(files), enrolment__user=person
        ),
        cases=CaseDecision.objects.filter(learner=person).exclude(justification__in=("", ERASED)),
        answers=AttemptItem.objects.filter(
            attempt__user=person,
            question_version__kind=QuestionVersion.Kind.DECISION,
            response__justification__isnull=False,
        ).exclude(response__justification__in=("", ERASED)),
        appeals=Appeal.objects.filter(learner=person).exclude(reason=ERASED),
    )


@transaction.atomic
def erase_words(*, person: Person, actor: Person, at: datetime) -> Gone:
    """A second time finds nothing and announces nothing. Who may, and what is held, is asked above.

    The stored files go after the commit, by a job.
    """
    lock_learners({person.pk})
    words = words_of(person)
    submissions = list(words.submissions.select_for_update(of=("self",)).order_by("pk"))
    emptied = _empty(submissions, at)
    counts = {
        "cases": words.cases.update(justification=ERASED),
        "answers": _erase_answers(words.answers),
        "appeals": words.appeals.update(reason=ERASED),
    }
    gone = Gone(evidence=len(submissions), words=sum(counts.values()))
    if gone.evidence or gone.words:
        fact = Fact(
            kind="assessments.words_erased",
            subject=(settings.AUTH_USER_MODEL, str(person.pk)),
            at=at,
            actor_id=actor.pk,
            payload={"evidence": emptied, **counts},
        )
        signals.words_erased.send(sender=Submission, facts=[fact])
    return gone


def _empty(submissions: Sequence[Submission], at: datetime) -> list[dict[str, Any]]:
    """Nobody judged a draft, so its files go with their rows; a round keeps their hashes."""
    from assessments.tasks import delete_erased_files

    files = EvidenceFile.objects.filter(submission__in=submissions).exclude(file="")
    names = sorted(set(files.values_list("file", flat=True)))
    files.filter(submission__state=Submission.State.DRAFT).delete()
    files.update(file="", name=ERASED)
    for submission in submissions:
        submission.text = submission.link = ""
        submission.erased_at = at if submission.content_hash else None
    Submission.objects.bulk_update(submissions, ["text", "link", "erased_at"], batch_size=_BATCH)
    if names:
        delete_erased_files.delay(names)
    return [
        {"submission": str(each.pk), "evidence_hash": each.content_hash}
        for each in submissions
        if each.content_hash
    ]


def _erase_answers(answers: QuerySet[AttemptItem]) -> int:
    items = list(answers.select_for_update(of=("self",)).only("pk", "response"))
    for item in items:
        item.response = {**(item.response or {}), "justification": ERASED}
    AttemptItem.objects.bulk_update(items, ["response"], batch_size=_BATCH)
    return len(items)


def delete_files(names: Sequence[str]) -> None:
    """Those that nothing refers to any more; one that is gone already is no fault."""
    for name in names:
        evidence.delete_unused(name)
