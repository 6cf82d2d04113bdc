"""A quiz's file with other questions: what did not change stays as it was written, comments and all."""

import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import DoubleQuotedScalarString, LiteralScalarString

from assessments.question_specs import QuestionSpec
from assessments.services.question_columns import digest_of
from enablement.playbook.content.formats import QuizFile
from enablement.playbook.content.questions import as_file, as_spec
from enablement.playbook.errors import SourceErrors
from enablement.playbook.faults import validated
from enablement.playbook.yaml_source import Source, load

_WIDTH = 110
_QUESTIONS = "questions"


def rewrite(text: str, *, file: str, questions: Sequence[QuestionSpec], contents: Mapping[str, bytes]) -> str:
    """The quiz's file with exactly these questions: kept in its order, new ones at the end.

    contents: the bytes of images by their SHA-256. What is written reads back as these questions.
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    text = text if text.endswith("\n") else f"{text}\n"
    source = load(text, file=file)
    wanted = {spec.key: spec for spec in questions}
    stands = {spec.key: spec for spec in _specs(source)}
    order = [key for key in stands if key in wanted] + [key for key in wanted if key not in stands]
    for quoted in (False, True):
        entries = {key: _dumped(as_file(wanted[key], contents=contents), quoted=quoted) for key in order}
        for write in (_by_entry, _whole):
            written = write(text, source, stands, {key: wanted[key] for key in order}, entries)
            if written is not None and _reads_as(written, file, [wanted[key] for key in order]):
                return written
    message = f"{file}: the edited questions cannot be written"
    raise ValueError(message)


def _specs(source: Source) -> list[QuestionSpec]:
    quiz = validated(QuizFile, source)
    return [as_spec(question, source, (_QUESTIONS, i)) for i, question in enumerate(quiz.questions)]


def same(one: QuestionSpec, other: QuestionSpec) -> bool:
    """Whether they say, and are sorted, the same."""
    return digest_of(one) == digest_of(other) and _placing(one) == _placing(other)


def _placing(spec: QuestionSpec) -> tuple[Any, ...]:
    return (spec.key, spec.tags, spec.difficulty, spec.lesson)


def _reads_as(text: str, file: str, questions: Sequence[QuestionSpec]) -> bool:
    try:
        read = _specs(load(text, file=file))
    except SourceErrors:
        return False
    return len(read) == len(questions) and all(map(same, read, questions))


def _by_entry(
    text: str,
    source: Source,
    stands: Mapping[str, QuestionSpec],
    wanted: Mapping[str, QuestionSpec],
    entries: Mapping[str, str],
) -> str | None:
    """Only what changed is written anew; None where the list is not one entry after another."""
    lines = text.splitlines(keepends=True)
    starts = [source.position((_QUESTIONS, i)) for i in range(len(stands))]
    column = starts[0].column
    if any(start.column != column or lines[start.line - 1][: column - 1].strip() != "-" for start in starts):
        return None
    ends = [start.line - 1 for start in starts[1:]] + [_end_of_list(source, starts[-1].line, len(lines))]
    written = lines[: starts[0].line - 1]
    indent = lines[starts[0].line - 1].index("-")
    for (key, old), start, end in zip(stands.items(), starts, ends, strict=True):
        if key not in wanted:
            continue
        if same(old, wanted[key]):
            written += lines[start.line - 1 : end]
        else:
            written += [_indented(entries[key], indent), *_trailing(lines[start.line - 1 : end])]
    for key in wanted:
        if key not in stands:
            written += [_indented(entries[key], indent), "\n"]
    return "".join([*written, *lines[ends[-1] :]])


def _end_of_list(source: Source, last: int, all_lines: int) -> int:
    """How many lines there are before the next key of the file."""
    after = [source.key_line((name,)) for name in source.value]
    return min((line - 1 for line in after if line > last), default=all_lines)


def _trailing(lines: Sequence[str]) -> list[str]:
    """Empty lines and comments after an entry, which belong to what follows."""
    count = 0
    while count < len(lines) and (
        not lines[-1 - count].strip() or lines[-1 - count].lstrip().startswith("#")
    ):
        count += 1
    return list(lines[len(lines) - count :])


def _whole(
    text: str,
    source: Source,
    _stands: Mapping[str, QuestionSpec],
    _wanted: Mapping[str, QuestionSpec],
    entries: Mapping[str, str],
) -> str | None:
    """The whole list anew, below everything else of the file."""
    lines = text.splitlines(keepends=True)
    first = source.key_line((_QUESTIONS,))
    end = _end_of_list(source, first, len(lines))
    rest = "".join(lines[end:])
    head = "".join(lines[: first - 1])
    return f"{head}{rest}questions:\n{''.join(_indented(entry, 2) for entry in entries.values())}"


def _indented(entry: str, indent: int) -> str:
    return "".join(
        f"{' ' * indent}{line}" if line.strip() else line for line in entry.splitlines(keepends=True)
    )


def _dumped(entry: Mapping[str, Any], *, quoted: bool) -> str:
    """One entry of a list, at the left margin."""
    yaml = YAML()
    yaml.width = _WIDTH
    yaml.indent(mapping=2, sequence=4, offset=2)
    target = io.StringIO()
    yaml.dump([_styled(entry, DoubleQuotedScalarString if quoted else _text)], target)
    return "".join(line.removeprefix("  ") for line in target.getvalue().splitlines(keepends=True))


def _text(value: str) -> str:
    return LiteralScalarString(value) if "\n" in value else value


def _styled(value: Any, style: Callable[[str], str]) -> Any:
    match value:
        case Mapping():
            return {name: _styled(part, style) for name, part in value.items()}
        case list() | tuple():
            return [_styled(part, style) for part in value]
        case str():
            return style(value)
        case _:
            return value
