"""Question files: what importing one would do to a bank, doing it, and handing a bank out as a file."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from assessments import formats
from assessments.formats import Format
from assessments.formats.parsed import Fault, Form, Parsed, Text, in_order
from assessments.formats.text import as_words
from assessments.models import QuestionBank, QuestionImage, QuestionUpload, QuestionVersion, Quiz
from assessments.question_specs import ImageSpec, QuestionSpec
from assessments.services.question_columns import columns_of, digest_of, spec_of
from assessments.services.question_editing import PERMISSION, put_questions
from assessments.services.question_images import content_of
from assessments.specs import RESERVE, section_of
from tracks import markdown
from tracks.errors import Refused
from tracks.models import Track
from tracks.people import Person

_PROSE = ("prompt", "explanation", "why_right", "why_wrong")


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """A question that the bank has in another form; `fields` says where they differ."""

    spec: QuestionSpec
    fields: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportPlan:
    """What importing would do. reserved: keys of new questions that no quiz draws by their tags."""

    added: tuple[QuestionSpec, ...]
    changed: tuple[Change, ...]
    unchanged: tuple[str, ...]
    reserved: tuple[str, ...]
    faults: tuple[Fault, ...]

    @property
    def questions(self) -> tuple[QuestionSpec, ...]:
        return (*self.added, *(change.spec for change in self.changed))

    @property
    def left_out(self) -> tuple[Fault, ...]:
        return tuple(fault for fault in self.faults if fault.leaves_out)

    @property
    def altered(self) -> tuple[Fault, ...]:
        return tuple(fault for fault in self.faults if not fault.leaves_out)

    @property
    def digest(self) -> str:
        """Of everything that an author agrees to."""
        said = [
            *(f"+{spec.key} {digest_of(spec)} {spec.tags}" for spec in self.added),
            *(f"~{change.spec.key} {digest_of(change.spec)} {change.spec.tags}" for change in self.changed),
            *map(str, self.faults),
        ]
        return hashlib.sha256("\n".join(said).encode(errors="replace")).hexdigest()


def plan_import(*, bank: QuestionBank | None, parsed: Parsed, tag: str = "") -> ImportPlan:
    """bank: None where it would be made. tag: given to every question of the file beside its own tags."""
    known = _live_specs(bank) if bank else {}
    asked = {_squeezed(spec.prompt): spec.key for spec in known.values()}
    draws = _draws(bank) if bank else None
    added, changed, unchanged, reserved, faults = [], [], [], [], list(parsed.faults)
    for found in parsed.questions:
        spec = replace(found, tags=tuple(dict.fromkeys((*found.tags, *((tag,) if tag else ())))))
        same = asked.get(_squeezed(spec.prompt))
        if same is not None and same != spec.key:
            faults.append(_asked_already(spec, same))
        elif spec.key in known:
            spec = _merged(spec, known[spec.key], parsed.silent)
            if fields := _differences(spec, known[spec.key]):
                changed.append(Change(spec=spec, fields=fields))
            else:
                unchanged.append(spec.key)
        else:
            if draws is not None and not draws.drawn(spec):
                spec = replace(spec, tags=(*spec.tags, RESERVE))
                reserved.append(spec.key)
            added.append(spec)
    return ImportPlan(
        added=tuple(added),
        changed=tuple(changed),
        unchanged=tuple(unchanged),
        reserved=tuple(reserved),
        faults=in_order(faults),
    )


@transaction.atomic
def import_questions(
    *,
    track: Track,
    key: str,
    parsed: Parsed,
    accept_losses: bool,
    actor: Person,
    at: datetime,
    tag: str = "",
    seen: str | None = None,
) -> ImportPlan:
    """Put the file's questions into the bank, all or none; its other questions stay. Idempotent.

    accept_losses: the author agrees that what cannot be mapped is left out or changed.
    seen: the digest of the plan that they agreed to.
    Raises Refused `not_author`, `losses`, `stale`, and what `put_questions` raises.
    """
    if not actor.has_perm(PERMISSION):
        raise Refused("not_author", _("Only authors change question banks."))
    bank, _created = QuestionBank.objects.get_or_create(track=track, key=key)
    bank = QuestionBank.objects.select_for_update().select_related("track").get(pk=bank.pk)
    plan = plan_import(bank=bank, parsed=parsed, tag=tag)
    if seen is not None and seen != plan.digest:
        raise Refused(
            "stale", _("The bank has changed since you saw the plan. Look at it again, then agree.")
        )
    if plan.faults and not accept_losses:
        raise Refused("losses", _("Something in the file cannot be mapped, and nobody has agreed to that."))
    if plan.questions:
        put_questions(bank=bank, questions=plan.questions, actor=actor, at=at)
    return plan


def export_bank(*, bank: QuestionBank, written_as: Format) -> formats.Written:
    """The bank's live questions in this format, and what it does not hold."""
    images: dict[str, QuestionImage] = {image.sha256: image for image in bank.images.all()}

    def picture(spec: ImageSpec) -> bytes:
        return content_of(images[spec.digest])

    return formats.write(_live_specs(bank).values(), written_as=written_as, picture=picture)


@transaction.atomic
def keep_upload(
    *, bank: QuestionBank, name: str, data: bytes, tag: str, actor: Person, at: datetime
) -> QuestionUpload:
    """Keep a file until its author agrees; one that they sent before is dropped.

    Raises Refused `not_author`, and Unreadable where nothing of it can be read.
    """
    if not actor.has_perm(PERMISSION):
        raise Refused("not_author", _("Only authors change question banks."))
    found = formats.recognised(data)
    formats.read(data, written_as=found)
    values = {"bank": bank, "name": name, "format": found.value, "tag": tag, "data": data, "uploaded_at": at}
    QuestionUpload.objects.filter(uploaded_by=actor).delete()
    return QuestionUpload.objects.create(uploaded_by=actor, **values)


def read_upload(upload: QuestionUpload) -> Parsed:
    return formats.read(bytes(upload.data), written_as=Format(upload.format))


def plan_of(upload: QuestionUpload) -> ImportPlan:
    return plan_import(bank=upload.bank, parsed=read_upload(upload), tag=upload.tag)


@transaction.atomic
def import_upload(*, upload: QuestionUpload, seen: str, actor: Person, at: datetime) -> ImportPlan:
    """Import what its author has agreed to, and drop the file. Raises what `import_questions` raises."""
    plan = import_questions(
        track=upload.bank.track,
        key=upload.bank.key,
        parsed=read_upload(upload),
        accept_losses=True,
        actor=actor,
        at=at,
        tag=upload.tag,
        seen=seen,
    )
    upload.delete()
    return plan


def prompt_words(spec: QuestionSpec) -> str:
    """A prompt as a line of a list shows it."""
    return as_words(Text(spec.prompt, Form.MARKDOWN)).text


@dataclass(frozen=True, slots=True)
class _Draws:
    """What the quizzes of a bank ask: by tag, and by key."""

    tags: frozenset[str]
    fixed: frozenset[str]

    def drawn(self, spec: QuestionSpec) -> bool:
        return RESERVE in spec.tags or spec.key in self.fixed or section_of(spec.tags, self.tags) is not None


def _draws(bank: QuestionBank) -> _Draws | None:
    """None where no quiz draws from the bank by a tag: then no tag is wrong."""
    quizzes = Quiz.objects.live().filter(bank=bank, module__retired_at=None)
    sections: list[dict[str, Any]] = [section for quiz in quizzes for section in quiz.sections]
    tags = frozenset(section["tag"] for section in sections if section["tag"])
    fixed = frozenset(key for section in sections for key in section.get("questions", ()))
    return _Draws(tags, fixed) if tags else None


def _live_specs(bank: QuestionBank) -> dict[str, QuestionSpec]:
    """The newest version of each live question by key. Two queries."""
    questions: Sequence[Any] = list(bank.questions.live().with_latest_version())
    versions = QuestionVersion.objects.in_bulk([question.version_id for question in questions])
    return {question.key: spec_of(question, versions[question.version_id]) for question in questions}


def _merged(spec: QuestionSpec, known: QuestionSpec, silent: Iterable[str]) -> QuestionSpec:
    """The file's question with what the bank knows and the file cannot say; tags are only added."""
    held = {tag.casefold() for tag in known.tags}
    kept: dict[str, Any] = {"tags": (*known.tags, *(tag for tag in spec.tags if tag.casefold() not in held))}
    if spec.kind == known.kind:
        kept |= {name: getattr(known, name) for name in silent}
    # Texts that look the same are the same: the bank's way to write them stays.
    kept |= {
        name: getattr(known, name)
        for name in _PROSE
        if _shown(getattr(known, name)) == _shown(getattr(spec, name))
    }
    return replace(spec, **kept)


def _differences(spec: QuestionSpec, known: QuestionSpec) -> tuple[str, ...]:
    """The fields that would change; empty where importing would change nothing."""
    wanted, held = columns_of(spec), columns_of(known)
    wanted |= wanted.pop("details")
    held |= held.pop("details")
    fields = {name for name in wanted.keys() | held.keys() if wanted.get(name) != held.get(name)}
    for name in ("tags", "difficulty", "lesson"):
        if getattr(spec, name) != getattr(known, name):
            fields.add(name)
    if _pictures(spec) != _pictures(known):
        fields.add("images")
    return tuple(sorted(fields))


def _pictures(spec: QuestionSpec) -> list[tuple[str, str]]:
    return [(image.digest, image.alt.strip()) for image in spec.images]


def _asked_already(spec: QuestionSpec, key: str) -> Fault:
    return Fault(
        line=0,
        title=spec.key,
        what=_("The bank asks this already, as “%(key)s”.") % {"key": key},
        mend=_("Give it that name in the file to change the question there."),
    )


def _shown(text: str) -> str:
    return _squeezed(markdown.render(text)) if text.strip() else ""


def _squeezed(text: str) -> str:
    return " ".join(text.split())
