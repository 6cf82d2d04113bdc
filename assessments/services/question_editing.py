"""Authors edit banks in the browser, or import into them: one question or many, with a fact for each."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from assessments import signals
from assessments.models import Question, QuestionBank, QuestionImage, QuestionVersion, Quiz
from assessments.question_specs import ImageSpec, QuestionSpec, check_questions
from assessments.services.question_images import put_image
from assessments.services.questions import BankChange, Edited, mark_edited, put_into
from assessments.specs import RESERVE, section_of
from tracks.errors import Refused
from tracks.facts import Fact
from tracks.people import Person

PERMISSION = "assessments.author_questions"


@transaction.atomic
def put_question(
    *, bank: QuestionBank, spec: QuestionSpec, actor: Person, at: datetime, base: int
) -> tuple[Question, bool]:
    """Add a question (base 0), or change one whose newest version has the number `base`; whether it changed.

    Raises Refused `not_author`, `taken` (a new key that is there already), `stale` (another version came in
    between), `needed` (a quiz could no longer draw); ValidationError where it could not be asked, graded or
    kept, with the field's name as code.
    """
    bank = _locked(bank, actor)
    question = bank.questions.filter(key=spec.key).first()
    newest = question.versions.first() if question else None
    if question and not base:
        raise Refused("taken", _("There is a question “%(key)s” in this bank already.") % {"key": spec.key})
    if (newest.number if newest else 0) != base:
        raise Refused(
            "stale", _("Somebody has changed this question in the meantime. Look at it again, then edit it.")
        )
    change = _put(bank, [spec], actor=actor, at=at)
    return bank.questions.get(key=spec.key), bool(change)


@transaction.atomic
def put_questions(
    *, bank: QuestionBank, questions: Sequence[QuestionSpec], actor: Person, at: datetime
) -> BankChange:
    """Add these questions, or change those whose keys are there; the bank's others stay. Idempotent.

    Raises what `put_question` raises but `taken` and `stale`.
    """
    return _put(_locked(bank, actor), questions, actor=actor, at=at)


@transaction.atomic
def retire_question(*, question: Question, actor: Person, at: datetime) -> bool:
    """No attempt that starts from now on draws it; those that did keep it. False where it was retired.

    Raises Refused `not_author`, `needed`.
    """
    return _set_retired(question, at, what="retired", actor=actor, at=at)


@transaction.atomic
def restore_question(*, question: Question, actor: Person, at: datetime) -> bool:
    """It can be drawn again, in its newest version. False where it could. Raises Refused `not_author`."""
    return _set_retired(question, None, what="restored", actor=actor, at=at)


@transaction.atomic
def add_image(*, bank: QuestionBank, content: bytes, alt: str, actor: Person, at: datetime) -> QuestionImage:
    """Keep an image for the bank's questions. Raises Refused `not_author`, and as `put_image` does."""
    return put_image(bank=_locked(bank, actor), spec=ImageSpec(alt=alt, content=content), at=at)


def _locked(bank: QuestionBank, actor: Person) -> QuestionBank:
    if not actor.has_perm(PERMISSION):
        raise Refused("not_author", _("Only authors change question banks."))
    return QuestionBank.objects.select_for_update().select_related("track").get(pk=bank.pk)


def _put(bank: QuestionBank, questions: Sequence[QuestionSpec], *, actor: Person, at: datetime) -> BankChange:
    check_questions(questions)
    quizzes = _quizzes(bank)
    _refuse_unasked(quizzes, questions)
    _refuse_same_prompts(bank, questions)
    added, changed = put_into(bank, questions, edited=Edited(by=actor, at=at), at=at)
    _refuse_needed(bank, quizzes)
    done = [("added", key) for key in added] + [("changed", key) for key in changed]
    _announce(bank, done, actor=actor, at=at)
    return BankChange(added=tuple(added), changed=tuple(changed), retired=())


def _set_retired(
    question: Question, retired_at: datetime | None, *, what: str, actor: Person, at: datetime
) -> bool:
    bank = _locked(question.bank, actor)
    current = bank.questions.get(pk=question.pk)
    if (current.retired_at is None) == (retired_at is None):
        return False
    current.retired_at = retired_at
    current.save(update_fields=["retired_at"])
    mark_edited(current, Edited(by=actor, at=at))
    if retired_at is not None:
        _refuse_needed(bank, _quizzes(bank))
    _announce(bank, [(what, current.key)], actor=actor, at=at)
    return True


def _quizzes(bank: QuestionBank) -> list[Quiz]:
    return list(Quiz.objects.live().filter(bank=bank, module__retired_at=None).order_by("pk"))


def _refuse_unasked(quizzes: Sequence[Quiz], questions: Iterable[QuestionSpec]) -> None:
    """A misspelt tag would keep a question from being asked, and nobody would notice."""
    tags = {section["tag"]: None for quiz in quizzes for section in quiz.sections if section["tag"]}
    fixed = {key for quiz in quizzes for section in quiz.sections for key in section.get("questions", ())}
    if not tags:
        return
    for spec in questions:
        if RESERVE not in spec.tags and spec.key not in fixed and section_of(spec.tags, tags) is None:
            raise ValidationError(
                _("Question “%(key)s”: no quiz draws by its tags. Give it one of %(tags)s, or “%(reserve)s”.")
                % {"key": spec.key, "tags": ", ".join(tags), "reserve": RESERVE},
                code="tags",
            )


def _refuse_same_prompts(bank: QuestionBank, questions: Iterable[QuestionSpec]) -> None:
    wanted = {" ".join(spec.prompt.split()): spec.key for spec in questions}
    rows: Any = bank.questions.live().with_latest_version()
    asked = QuestionVersion.objects.filter(pk__in=rows.values("version_id")).values_list(
        "question__key", "prompt"
    )
    for key, prompt in asked:
        same = wanted.get(" ".join(prompt.split()))
        if same is not None and same != key:
            raise ValidationError(
                _("Question “%(key)s” asks the same as “%(other)s”.") % {"key": same, "other": key},
                code="prompt",
            )


def _refuse_needed(bank: QuestionBank, quizzes: Iterable[Quiz]) -> None:
    """Learners must be able to start: every live quiz still finds what it draws."""
    rows: Any = bank.questions.live().values_list("key", "tags")
    live = dict(rows)
    for quiz in quizzes:
        fixed = [key for section in quiz.sections for key in section.get("questions", ())]
        tags = [section["tag"] for section in quiz.sections if section["tag"]]
        places = [section_of(own, tags) for key, own in live.items() if key not in fixed]
        short = next((s for s in quiz.sections if s["tag"] and places.count(s["tag"]) < s["draw"]), None)
        if short is not None:
            raise Refused(
                "needed",
                _("The quiz “%(quiz)s” draws %(draw)d questions by “%(tag)s”; only %(left)d would be left.")
                % {
                    "quiz": quiz.title,
                    "draw": short["draw"],
                    "tag": short["tag"],
                    "left": places.count(short["tag"]),
                },
            )
        if missing := [key for key in fixed if key not in live]:
            raise Refused(
                "needed",
                _("The quiz “%(quiz)s” always asks “%(key)s”.") % {"quiz": quiz.title, "key": missing[0]},
            )


def _announce(bank: QuestionBank, done: Iterable[tuple[str, str]], *, actor: Person, at: datetime) -> None:
    pairs = list(done)
    rows = Question.objects.filter(bank=bank, key__in=[key for _what, key in pairs])
    newest = {
        key: (pk, number)
        for key, pk, number in rows.order_by("versions__number").values_list("key", "pk", "versions__number")
    }
    facts = [
        Fact(
            kind=f"assessments.question_{what}",
            subject=("assessments.Question", str(newest[key][0])),
            at=at,
            actor_id=actor.pk,
            payload={
                "track": bank.track.key,
                "bank": bank.key,
                "question": key,
                "version": newest[key][1],
            },
        )
        for what, key in pairs
    ]
    if facts:
        signals.question_changed.send(sender=Question, facts=facts)
