"""A lab's file, and the folder of files that it starts from."""

import re
from collections.abc import Mapping

from django.core.exceptions import ValidationError

from enablement.playbook.bundle import refused
from enablement.playbook.content.formats import LabHead
from enablement.playbook.content.model import LabContent
from enablement.playbook.errors import SourceErrors
from enablement.playbook.faults import validated
from enablement.playbook.yaml_source import Source
from tracks.rubric import PLAIN, LabRules, validate_lab

STARTER = re.compile(r"lab-(?P<key>[A-Za-z0-9_-]{1,100})/(?P<name>[A-Za-z0-9][A-Za-z0-9 ._-]{0,99})\Z")
STARTER_TYPES = ("csv", "md", "txt")
MAX_STARTER_BYTES = 200_000
MAX_STARTER_FILES = 10
#: Used to try one part of a lab at a time, so that a fault is shown where it stands.
_SOUND = {"text": "required"}


def read_lab(
    source: Source, brief: str, *, key: str, position: int, starter: Mapping[str, str]
) -> LabContent:
    """`source`: the front matter. starter: texts by name. Raises SourceErrors."""
    head = validated(LabHead, source)
    rubric = [criterion.as_rubric() for criterion in head.rubric]
    points = 1 if rubric else None
    handing_in = LabRules(
        file_types=head.evidence.file_types,
        min_files=head.evidence.min_files,
        max_files=head.evidence.max_files,
        observed_cases=head.observed_cases,
    )
    marking = LabRules(second_marker=head.second_marker is not None)
    trials = (
        ("rubric", _SOUND, points, PLAIN),
        ("evidence", head.evidence.demands(), points, handing_in),
        ("second_marker", _SOUND, points, marking),
        ("rubric" if head.pass_points is None else "pass_points", _SOUND, head.pass_points, PLAIN),
    )
    for part, evidence, pass_points, rules in trials:
        try:
            validate_lab(evidence=evidence, rubric=rubric, pass_points=pass_points, rules=rules)
        except ValidationError as error:
            raise SourceErrors(source.error((part,), message) for message in error.messages) from error
    return LabContent(key=key, position=position, head=head, brief=brief, starter=dict(starter))


def check_starter(name: str, text: str, *, file: str) -> None:
    """A starter file is a small text: it travels inside the playbook. Raises SourceErrors."""
    types = ", ".join(STARTER_TYPES)
    if name.rpartition(".")[2].lower() not in STARTER_TYPES:
        raise refused(file, "a file to start from is of another type", types)
    if (size := len(text.encode())) > MAX_STARTER_BYTES:
        raise refused(file, f"the file has {size:,} bytes", f"at most {MAX_STARTER_BYTES:,}")
