# ruff: noqa: E501  (a fault is one line, as it is shown)
"""Content files are read with the playbook they belong to; every fault has its file, line and column."""

import dataclasses
import json

import pytest

from enablement.playbook.errors import SourceErrors
from enablement.playbook.reading import read
from tests.playbook import small
from tests.playbook.small import LAB, LESSON, QUIZ, ROLES, SURVEY, bundle, changed

QUIZ_FILE = "clerk_t1/next-steps/quiz.yaml"
LAB_FILE = "clerk_t1/first-steps/lab-try-it.md"
LESSON_FILE = "clerk_t1/first-steps/01-where-to-begin.md"
SURVEY_FILE = "clerk_t1/survey-ready.yaml"
POOL_FILE = "clerk_t1/shadow-summariser.yaml"
CASES_FILE = "clerk_t1/shadow-summariser.jsonl"

POOL = """\
title: Blind
instructions: Decide.
microtool: summariser
tool_version: "1"
model_version: m-1
decisions: {automate: a, review: b, avoid: c, escalate: d}
"""


def case(number, **changes):
    values = {
        "key": f"C-{number:03}",
        "category": "billing",
        "complexity": "low",
        "yellow_zone": number < 20,
        "channel": "mail",
        "subject": "Help",
        "body": f"Ticket {number}",
        "output": "Summary",
        "confidence": "0.91",
        "decision": "automate",
        "usable": True,
        "reason": "Routine.",
    }
    return json.dumps(values | changes)


CASES = "\n".join(case(number) for number in range(150)) + "\n"


def faults(**files):
    with pytest.raises(SourceErrors) as raised:
        read(bundle(**files), in_force=None)
    return [str(error) for error in raised.value.errors]


def test_all_kinds_of_files_are_read():
    reading = read(bundle(**{POOL_FILE: POOL, CASES_FILE: CASES}), in_force=None)
    track = reading.content.tracks["clerk_t1"]
    first, following = track.modules["first-steps"], track.modules["next-steps"]
    [lesson] = first.lessons
    assert (lesson.key, lesson.position, lesson.head.kind) == ("where-to-begin", 1, "text")
    assert lesson.body == "## Begin\n\nRead the ticket first."
    assert [lab.key for lab in first.labs] == ["try-it"]
    assert [question.answer for question in following.quiz.questions] == [None, 3, False]
    assert [survey.key for survey in track.surveys] == ["ready"]
    [pool] = track.pools
    assert (pool.spec.sample_size, len(pool.cases)) == (50, 150)
    assert reading.content.roles["clerk"].rubric()["avoid"][0]["key"] == "refunds"


@pytest.mark.parametrize(
    ("name", "text", "fault"),
    [
        (QUIZ_FILE, changed(", correct: true", "", QUIZ), "14:7: Question “first”: exactly one option must be correct; 0 are."),
        (QUIZ_FILE, changed("{text: The draft}", "{text: The draft, correct: true}", QUIZ), "14:7: Question “first”: exactly one option must be correct; 2 are."),
        (QUIZ_FILE, changed('answer: "3"', "answer: three", QUIZ), '20:13: "three" is not a number; expected a number'),
        (QUIZ_FILE, changed('    answer: "3"\n', "", QUIZ), "16:5: Question “second”: its answer must be a number with at most 12 digits and 8 decimals."),
        (QUIZ_FILE, changed("answer: false", "answer: 0", QUIZ), "25:13: the answer does not fit the question; expected true or false"),
        (QUIZ_FILE, changed("key: second", "key: first", QUIZ), '16:10: the question "first" is there twice, first in line 8'),
        (QUIZ_FILE, changed('"0.80"', '"1.5"', QUIZ), "4:12: 1.5 is not a share; expected a number from 0 to 1 with at most 3 decimals"),
        (QUIZ_FILE, changed('"0.80"', "0", QUIZ), "4:12: 0 is no threshold; expected a number above 0 and at most 1"),
        (QUIZ_FILE, changed("draw: 2", "draw: 4", QUIZ), "6:3: Quiz “check”: section “basics” draws 4 of 3 questions."),
        (QUIZ_FILE, changed("lesson: where-to-begin", "lesson: nowhere", QUIZ), '11:13: the track has no lesson "nowhere"; expected the key of a lesson'),
        (QUIZ_FILE, changed("kind: numeric", "kind: number", QUIZ), '17:11: "number" does not fit; expected single, multiple, true_false, numeric, short_text, matching, ordering or decision'),
        (LAB_FILE, changed("pass_points: 2", "pass_points: 3", LAB), "5:14: The lab needs 3 points to pass; expected 1 to 2, the most that the rubric gives."),
        (LAB_FILE, changed("text: required", "text: none", LAB), "4:11: The lab accepts no evidence; expected text, link or file."),
        (LAB_FILE, changed("{points: 2", "{points: 0", LAB), "7:3: The levels of criterion “care” must ascend in points."),
        (LAB_FILE, LAB.split("---")[2], "1:1: the front matter is missing; expected `---`, keys, `---`, then the text"),
        (LESSON_FILE, changed("minutes: 5", "minutes: five", LESSON), '3:10: "five" does not fit; expected a whole number'),
        (LESSON_FILE, changed("minutes: 5", "minutes: [", LESSON), "4:1: expected the node content, but found '<stream end>'; expected YAML 1.2"),
        (LESSON_FILE, "---\ntitle: T\nminutes: 5\n---\n\n", "5:1: the text is empty; expected Markdown"),
        (SURVEY_FILE, changed("anonymous: false", "anonymous: true", SURVEY), "2:12: anonymous surveys cannot be asked yet: every answer here carries its person's name; expected anonymous: false"),
        (SURVEY_FILE, changed("kind: likert", "kind: choice", SURVEY), "4:5: the item prepared: it needs at least two options."),
        ("roles.yaml", changed("prompt: summarise", "prompt: other", ROLES), '5:32: the role clerk does not hold the prompt "other"'),
        ("roles.yaml", changed("avoid:", "avoids:", ROLES), '6:3: unknown key "avoids"; expected one of title, description, automate, yellow_zone, avoid'),
        ("clerk_t1/track.yaml", "title: T\n", '1:1: the key "summary" is missing; expected summary: …'),
        ("notes.txt", "x", "1:1: unknown file; expected roles.yaml, prompts.yaml, sops.yaml or a track's folder"),
        ("clerk_t1/notes.txt", "x", "1:1: unknown file; expected track.yaml, survey-<key>.yaml, shadow-<key>.yaml and .jsonl, scenarios.yaml with scenarios-<name>.yaml, and a folder for each module"),
        ("clerk_t1/first-steps/notes.md", "x", "1:1: unknown file; expected NN-<key>.md, lab-<key>.md or quiz.yaml"),
        ("clerk_t1/first-steps/02-where-to-begin.md", LESSON, "1:1: the lesson where-to-begin is there twice; expected another name"),
    ],
)  # fmt: skip
def test_a_fault_is_shown_in_its_file_at_its_place(name, text, fault):
    assert faults(**{name: text}) == [f"content/{name}:{fault}"]


def test_a_folder_that_names_no_module_is_an_error():
    assert faults(**{"clerk_t1/first-step/01-a.md": LESSON}) == [
        "content/clerk_t1/first-step:1:1: the track has no such module; expected one of first-steps, next-steps"
    ]


def test_content_of_a_track_or_role_that_the_playbook_lacks_is_left_out():
    reading = read(bundle(**{"other_t1/track.yaml": "nonsense: 1"}), in_force=None)
    assert reading.content.left_out == ("content/other_t1: the playbook has no such track",)
    assert "other_t1" not in reading.content.tracks
    without = changed("    - name: ops_manager\n", "")
    roles = ROLES + "ops_manager:\n  title: T\n  description: D\n"
    reading = read(bundle(without, **{"roles.yaml": roles}), in_force=None)
    assert "content/roles.yaml: the playbook has no role ops_manager" in reading.notes


def test_shadow_cases_are_checked_line_by_line():
    lines = CASES.splitlines()
    lines[3] = case(3, decision="maybe")
    lines[4] = lines[4][:-1]
    lines[5] = case(0)
    lines[6] = case(6, confidence="1.5")
    lines[7] = "[" * 100_000
    found = faults(**{POOL_FILE: POOL, CASES_FILE: "\n".join(lines)})
    column = lines[3].index('"maybe"') + 1
    assert (
        found[0]
        == f'content/{CASES_FILE}:4:{column}: "maybe" does not fit; expected automate, review, avoid or escalate'
    )
    assert found[1].startswith(f"content/{CASES_FILE}:5:{len(lines[4]) + 1}: not JSON: ")
    assert found[2] == f'content/{CASES_FILE}:6:9: the case "C-000" is there twice, first in line 1'
    assert found[3].endswith(
        "the case C-006: its confidence must be between 0 and 1, with at most four decimals."
    )
    assert (
        found[4]
        == f"content/{CASES_FILE}:8:1: not JSON that can be used: nested too deeply; expected one object"
    )


def test_a_pool_needs_its_cases_its_tool_and_enough_of_them():
    assert faults(**{POOL_FILE: POOL}) == [
        f"content/{POOL_FILE}:1:1: shadow-summariser.jsonl is missing beside it; expected both files"
    ]
    other = changed("microtool: summariser", "microtool: other", POOL)
    assert faults(**{POOL_FILE: other, CASES_FILE: CASES}) == [
        f'content/{POOL_FILE}:3:12: the track has no tool "other"; expected one of summariser'
    ]
    [fault] = faults(**{POOL_FILE: POOL, CASES_FILE: case(1)})
    assert fault.startswith(
        f"content/{POOL_FILE}:1:1: Pool “summariser”: it has 1 case and needs at least 150."
    )


def test_conditions_name_what_the_content_holds():
    with pytest.raises(SourceErrors) as raised:
        read(bundle(changed("survey: ready", "survey: readiness")), in_force=None)
    assert str(raised.value) == 'small.yaml:28:17: the track has no survey "readiness"; expected one of ready'
    second = {"clerk_t1/first-steps/quiz.yaml": changed("key: check", "key: other", QUIZ)}
    text = changed("- type: modules_completed", "- type: quiz\n        threshold: 0.8")
    with pytest.raises(SourceErrors) as raised:
        read(bundle(text, **second), in_force=None)
    assert str(raised.value) == (
        "small.yaml:26:9: the track has 2 quizzes; expected a key `quiz` with one of other, check"
    )


def test_faults_of_several_files_come_together():
    found = faults(**{SURVEY_FILE: "title: T\n", LESSON_FILE: "", "x": ""})
    assert [fault.split(":")[0] for fault in found] == [
        f"content/{LESSON_FILE}",
        f"content/{SURVEY_FILE}",
        "content/x",
    ]


def test_windows_line_ends_and_a_byte_order_mark_are_read():
    reading = read(
        bundle(
            "\ufeff" + small.YAML.replace("\n", "\r\n"),
            **{LESSON_FILE: "\ufeff" + LESSON.replace("\n", "\r\n")},
        ),
        in_force=None,
    )
    [lesson] = reading.content.tracks["clerk_t1"].modules["first-steps"].lessons
    assert lesson.body == "## Begin\n\nRead the ticket first."


SHEET = "clerk_t1/first-steps/lab-try-it/sheet.csv"
NEW_HEAD = """\
evidence: {text: required, file: optional, file_types: [csv, pdf], min_files: 1, max_files: 2}
observed_cases: 3
second_marker: {tolerance: 1, counts: first}
countersigned: true
review_days: 5
"""


def lab_with(head, old="evidence: {text: required}\n"):
    return {LAB_FILE: changed(old, head, LAB)}


def test_a_lab_with_everything_is_read():
    files = lab_with(NEW_HEAD) | {SHEET: "a,b\n"}
    reading = read(bundle(**files), in_force=None)
    (lab,) = reading.content.tracks["clerk_t1"].modules["first-steps"].labs

    assert dataclasses.asdict(lab.head.rules()) == {
        "file_types": ["csv", "pdf"],
        "min_files": 1,
        "max_files": 2,
        "observed_cases": 3,
        "second_marker": True,
        "tolerance": 1,
        "settle": "first",
        "countersigned": True,
        "review_days": 5,
    }
    assert lab.starter == {"sheet.csv": "a,b\n"}
    assert lab.head.evidence.demands() == {"text": "required", "link": "none", "file": "optional"}


@pytest.mark.parametrize(
    ("head", "fault"),
    [
        (
            "evidence: {text: required, file_types: [exe]}\n",
            '4:41: "exe" does not fit; expected csv, docx, jpeg, jpg, md, pdf, png, txt or xlsx',
        ),
        ("evidence: {text: required, max_files: 6}\n", "4:39: 6 does not fit; expected at most 5"),
        (
            "evidence: {text: required, min_files: 3, max_files: 2}\n",
            "4:11: 3 to 2 files: expected 1 to 5, the smaller number first.",
        ),
        (
            "evidence: {text: required}\nobserved_cases: many\n",
            '5:17: "many" does not fit; expected a whole number',
        ),
        (
            "evidence: {text: required}\nsecond_marker: {tolerance: -1}\n",
            "5:28: -1 does not fit; expected at least 0",
        ),
        (
            "evidence: {text: required}\nsecond_marker: {whose: first}\n",
            '5:17: unknown key "whose"; expected one of tolerance, counts',
        ),
        ("evidence: {text: required}\ncountersigned: 1\n", "5:16: 1 does not fit; expected true or false"),
        ("evidence: {text: required}\nreview_days: 0\n", "5:14: 0 does not fit; expected at least 1"),
    ],
)
def test_new_keys_of_labs_are_checked_at_their_place(head, fault):
    assert faults(**lab_with(head)) == [f"content/{LAB_FILE}:{fault}"]


@pytest.mark.parametrize(
    ("name", "text", "fault"),
    [
        ("lab-try-it/tool.exe", "x", "a file to start from is of another type; expected csv, md, txt"),
        ("lab-other/sheet.csv", "x", "there is no such lab beside it; expected a file lab-other.md"),
        ("lab-try-it/sheet.csv", "x" * 200_001, "the file has 200,001 bytes; expected at most 200,000"),
        ("lab-try-it/deep/sheet.csv", "x", "unknown file; expected NN-<key>.md, lab-<key>.md or quiz.yaml"),
    ],
)
def test_starter_files_are_small_texts_of_a_lab(name, text, fault):
    file = f"clerk_t1/first-steps/{name}"
    assert faults(**{file: text}) == [f"content/{file}:1:1: {fault}"]


def test_a_lab_without_a_rubric_has_no_points():
    rubric = LAB[LAB.index("rubric:") : LAB.index("---", 5)]
    without = {LAB_FILE: LAB.replace(rubric, "").replace("pass_points: 2\n", "")}
    (lab,) = read(bundle(**without), in_force=None).content.tracks["clerk_t1"].modules["first-steps"].labs
    assert (lab.head.rubric, lab.head.pass_points) == ([], None)

    (fault,) = faults(**{LAB_FILE: LAB.replace(rubric, "")})
    assert "Without a rubric there are no points to pass" in fault
    (fault,) = faults(**{LAB_FILE: LAB.replace("pass_points: 2\n", "")})
    assert "The lab has a rubric; expected the points to pass." in fault
    marked_twice = without[LAB_FILE].replace("evidence:", "second_marker: {}\nevidence:")
    (fault,) = faults(**{LAB_FILE: marked_twice})
    assert "A second marker needs a rubric to mark by." in fault
