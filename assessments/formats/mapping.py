"""From the neutral form to our questions: what fits, what changes, what is left out, and under which key."""

import re
from collections.abc import Iterator, Sequence
from hashlib import sha256

from django.utils.text import slugify
from django.utils.translation import gettext as _

from assessments.formats.kinds import build
from assessments.formats.parsed import Fault, Item, Parsed, Source, Unmappable, Weight, in_order
from assessments.question_checks import problems_of
from assessments.question_specs import MAX_KEY, QuestionSpec, is_slug

_HASH = 10
_LONGEST_SLUG = MAX_KEY - _HASH - 1
_LONGEST_TAG = 60
_LOOKED_AT = 2_000
#: The roots of Moodle's category paths; they say where a file came from, not what a question is about.
_ROOTS = frozenset({"$course$", "$system$", "$module$", "$coursecat$", "$cat1$", "$cat2$", "$cat3$", "top"})


def mapped(source: Source, *, silent: frozenset[str]) -> Parsed:
    """Our questions of a file. A question that asks what an earlier one asks is left out."""
    questions: dict[str, QuestionSpec] = {}
    asked: dict[str, int] = {}
    faults = list(source.faults)
    for item in source.items:
        try:
            spec, lost = build(item, key=_key(item, questions), tags=tags_of(item.tags))
            prompt = " ".join(spec.prompt.split())
            _check(spec, asked.get(prompt))
        except Unmappable as error:
            faults.append(_left_out(item, error))
            continue
        questions[spec.key] = spec
        asked[prompt] = item.line
        faults += _changed(item, lost)
    return Parsed(questions=tuple(questions.values()), faults=in_order(faults), silent=silent)


def tags_of(names: Sequence[str]) -> tuple[str, ...]:
    """Each level of a category is a tag of its own, so that quizzes can draw from any of them."""
    levels = [level for name in names for level in re.split(r"(?<!/)/(?!/)", name)]
    tags = [_slug(level.replace("//", "/"), _LONGEST_TAG) for level in levels if level.strip() not in _ROOTS]
    return tuple(dict.fromkeys(tag for tag in tags if tag))


def _key(item: Item, taken: dict[str, QuestionSpec]) -> str:
    """The file's own identifier, else the title, else from what is asked: always the same for a file."""
    digest = _hash(f"{item.kind}\n{item.prompt.raw}")
    own = item.key if is_slug(item.key) and len(item.key) <= _LONGEST_SLUG else ""
    name = own or _slug(item.key, _LONGEST_SLUG) or _slug(item.title, _LONGEST_SLUG)
    if not name:
        return f"q-{digest}"
    return f"{name}-{digest}" if name in taken else name


def _slug(text: str, longest: int) -> str:
    """As an address has it; a text without any Latin letter or digit is told apart by its hash."""
    slug = slugify(text)
    if not slug and text.strip():
        return f"x-{_hash(text)}"
    return slug if len(slug) <= longest else f"{slug[: longest - _HASH - 1].rstrip('-')}-{_hash(slug)}"


def _hash(text: str) -> str:
    return sha256(text.strip().encode(errors="surrogatepass")).hexdigest()[:_HASH]


def _check(spec: QuestionSpec, same: int | None) -> None:
    """Raises Unmappable with all that keeps the question from being asked here.

    same: the line of a question that asks the same.
    """
    if same is not None:
        raise Unmappable(
            _("It asks the same as the question on line %(line)s.") % {"line": same},
            _("Take one of them out, or word them apart."),
        )
    problems = [text for _field, text in problems_of(spec)]
    if problems:
        sentences = (text[:1].upper() + text[1:] for text in dict.fromkeys(problems))
        raise Unmappable(" ".join(sentences), _("Mend it in the file."))


def _left_out(item: Item, error: Unmappable) -> Fault:
    return Fault(
        line=error.line or item.line,
        column=error.column,
        file=item.file,
        title=shown_title(item),
        what=error.what,
        mend=error.mend,
    )


def _changed(item: Item, lost: Sequence[str]) -> Iterator[Fault]:
    for what in dict.fromkeys(lost):
        yield Fault(
            line=item.line,
            file=item.file,
            title=shown_title(item),
            what=_("Lost: %(what)s.") % {"what": what},
            mend=_("The rest of the question is imported."),
            weight=Weight.CHANGED,
        )


def shown_title(item: Item) -> str:
    text = item.title or re.sub(r"<[^<>]*>", " ", item.prompt.raw[:_LOOKED_AT])
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST_TAG else f"{text[:_LONGEST_TAG]}…"
