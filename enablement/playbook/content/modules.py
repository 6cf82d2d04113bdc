"""The files of a module's folder: lessons, labs and the quiz."""

import re
from collections.abc import Iterator, Mapping

from django.core.exceptions import ValidationError

from assessments.question_specs import QuestionSpec
from assessments.specs import QuizSpec, SectionSpec
from enablement.playbook.bundle import refused
from enablement.playbook.checks import twice
from enablement.playbook.content.formats import LessonHead, QuizFile
from enablement.playbook.content.labs import MAX_STARTER_FILES, STARTER, check_starter, read_lab
from enablement.playbook.content.model import LabContent, LessonContent, ModuleContent
from enablement.playbook.content.questions import as_spec
from enablement.playbook.errors import SourceError, SourceErrors
from enablement.playbook.faults import Collector, validated
from enablement.playbook.yaml_source import Path, Source, load

LESSON = re.compile(r"(?P<number>[0-9]{2,3})-(?P<key>[A-Za-z0-9_-]{1,100})\.md\Z")
LAB = re.compile(r"lab-(?P<key>[A-Za-z0-9_-]{1,100})\.md\Z")
QUIZ = "quiz.yaml"
_FRONT_MATTER = re.compile(r"---[ \t]*\n(?P<head>.*?)^---[ \t]*\n(?P<body>.*)", re.DOTALL | re.MULTILINE)


def read_module(files: Mapping[str, str], *, folder: str, faults: Collector) -> ModuleContent:
    """`files` by name within `folder`; faults are collected, and what has one is left out of the result."""
    lessons: dict[str, LessonContent] = {}
    labs: list[LabContent] = []
    quiz: QuizSpec | None = None
    starter = _starter(files, folder=folder, faults=faults)
    for name, text in sorted(files.items()):
        file = f"{folder}/{name}"
        with faults:
            if match := LESSON.match(name):
                lesson = _lesson(text, file=file, key=match["key"], position=int(match["number"]))
                if lesson.key in lessons:
                    raise refused(file, f"the lesson {lesson.key} is there twice", "another name")
                lessons[lesson.key] = lesson
            elif match := LAB.match(name):
                head, brief = _markdown(text, file=file)
                own = starter.get(match["key"], {})
                labs.append(read_lab(head, brief, key=match["key"], position=len(labs), starter=own))
            elif STARTER.match(name):
                continue
            elif name == QUIZ:
                quiz = _quiz(load(text, file=file))
            else:
                raise refused(file, "unknown file", "NN-<key>.md, lab-<key>.md or quiz.yaml")
    return ModuleContent(lessons=tuple(lessons.values()), labs=tuple(labs), quiz=quiz)


def _starter(files: Mapping[str, str], *, folder: str, faults: Collector) -> dict[str, dict[str, str]]:
    """The files that labs start from: by the lab's key, then by name."""
    found: dict[str, dict[str, str]] = {}
    for name, text in sorted(files.items()):
        if match := STARTER.match(name):
            file = f"{folder}/{name}"
            with faults:
                if f"lab-{match['key']}.md" not in files:
                    raise refused(file, "there is no such lab beside it", f"a file lab-{match['key']}.md")
                check_starter(match["name"], text, file=file)
                own = found.setdefault(match["key"], {})
                own[match["name"]] = text
                if len(own) > MAX_STARTER_FILES:
                    raise refused(file, "the lab starts from too many files", f"at most {MAX_STARTER_FILES}")
    return found


def _markdown(text: str, *, file: str) -> tuple[Source, str]:
    """Front matter and body."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    match = _FRONT_MATTER.match(text if text.endswith("\n") else f"{text}\n")
    if match is None:
        raise refused(file, "the front matter is missing", "`---`, keys, `---`, then the text")
    body = match["body"].strip()
    if not body:
        line = text.count("\n", 0, match.start("body")) + 1
        fault = SourceError(file=file, line=line, column=1, message="the text is empty", expected="Markdown")
        raise SourceErrors([fault])
    return load(match["head"], file=file, first_line=2), body


def _lesson(text: str, *, file: str, key: str, position: int) -> LessonContent:
    source, body = _markdown(text, file=file)
    return LessonContent(key=key, position=position, head=validated(LessonHead, source), body=body)


def _quiz(source: Source) -> QuizSpec:
    quiz = validated(QuizFile, source)
    faults = [
        *twice(source, _paths(quiz, "questions", "key"), "the question"),
        *twice(source, ((path, tag) for path, tag in _paths(quiz, "sections", "tag") if tag), "the section"),
    ]
    questions = []
    for i, question in enumerate(quiz.questions):
        try:
            asked = as_spec(question, source, ("questions", i))
        except SourceErrors as error:
            faults += error.errors
        else:
            questions.append(asked)
    if faults:
        raise SourceErrors(faults)
    spec = _quiz_spec(quiz, tuple(questions))
    try:
        spec.check()
    except ValidationError as error:
        raise SourceErrors(source.error(("sections",), message) for message in error.messages) from error
    return spec


def _paths(quiz: QuizFile, part: str, name: str) -> Iterator[tuple[Path, str]]:
    for i, entry in enumerate(getattr(quiz, part)):
        yield (part, i, name), getattr(entry, name)


def _quiz_spec(quiz: QuizFile, questions: tuple[QuestionSpec, ...]) -> QuizSpec:
    return QuizSpec(
        key=quiz.key,
        title=quiz.title,
        intro=quiz.intro,
        threshold=quiz.threshold,
        time_limit_min=quiz.time_limit_min,
        max_attempts=quiz.max_attempts,
        cooldown_hours=quiz.cooldown_hours,
        feedback=quiz.feedback,
        opens_at=quiz.opens_at,
        closes_at=quiz.closes_at,
        page_size=quiz.page_size,
        shuffle_questions=quiz.shuffle_questions,
        shuffle_options=quiz.shuffle_options,
        sections=tuple(
            SectionSpec(
                title=section.title, tag=section.tag, draw=section.draw, questions=tuple(section.questions)
            )
            for section in quiz.sections
        ),
        questions=questions,
    )
