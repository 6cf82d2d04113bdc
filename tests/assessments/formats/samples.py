"""The sample files of tests/data, and short ways to read a text."""

import io
import zipfile
from pathlib import Path

from assessments import formats
from assessments.formats import Format

FOLDER = Path(__file__).parents[2] / "data" / "questions"
GIFT = (FOLDER / "shift-handover.gift").read_bytes()
MOODLE_XML = (FOLDER / "shift-handover.xml").read_bytes()
IMAGE = (FOLDER / "qti" / "images" / "limits.png").read_bytes()


def packed(files):
    """A ZIP of {name: content}."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return target.getvalue()


def package():
    folder = FOLDER / "qti"
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return packed({path.relative_to(folder).as_posix(): path.read_bytes() for path in paths})


def gift(text):
    return formats.read(text.encode(), written_as=Format.GIFT)


def only(parsed):
    """The one question of a file without faults."""
    assert parsed.faults == ()
    (question,) = parsed.questions
    return question


def by_key(parsed):
    return {question.key: question for question in parsed.questions}


def listed(parsed):
    """(line, title, whether it is left out) of each fault."""
    return [(fault.line, fault.title, fault.leaves_out) for fault in parsed.faults]
