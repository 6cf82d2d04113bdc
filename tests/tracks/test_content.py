"""Content is put idempotently, versioned, and retired instead of deleted."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from tests.tracks.factories import RUBRIC, START, LabFactory, LessonFactory, ModuleFactory, TrackFactory
from tracks.models import Component, Lab, Lesson, LessonVersion, Module, Role, Track
from tracks.services import content

LATER = START + timedelta(days=1)
pytestmark = pytest.mark.django_db


def put_lesson(module, **changes):
    values = {
        "module": module,
        "key": "where-the-line-runs",
        "title": "Where the line runs",
        "kind": "text",
        "minutes": 8,
        "position": 0,
        "body": "First text.",
        "at": START,
    }
    return content.put_lesson(**{**values, **changes})


def put_lab(module, **changes):
    values = {
        "module": module,
        "key": "draw-the-line",
        "title": "Draw the line",
        "minutes": 30,
        "brief": "Ten workflows.",
        "evidence": {"text": "required"},
        "rubric": RUBRIC,
        "pass_points": 4,
        "position": 0,
        "at": START,
    }
    return content.put_lab(**{**values, **changes})


def test_role_track_and_module_are_made_then_left_then_mended():
    role, made = content.put_role(key="frontline", title="Front line", description="", at=START)
    assert (made, content.put_role(key="frontline", title="Front line", description="", at=START)) == (
        True,
        (role, False),
    )
    assert content.put_role(key="frontline", title="Front line operations", description="", at=START) == (
        role,
        True,
    )
    assert Role.objects.get().title == "Front line operations"

    track_values = {
        "key": "frontline_ops_t1",
        "role": role,
        "title": "Front line",
        "summary": "",
        "kpis": ["first response time"],
        "due_days": 14,
        "position": 0,
        "at": START,
    }
    track, made = content.put_track(**track_values)
    assert (made, content.put_track(**track_values)) == (True, (track, False))
    assert content.put_track(**{**track_values, "due_days": 21}) == (track, True)

    module_values = {
        "track": track,
        "key": "basics",
        "title": "Basics",
        "duration_min": 45,
        "outcomes": ["Tell one from the other."],
        "position": 0,
        "at": START,
    }
    module, made = content.put_module(**module_values)
    assert (made, content.put_module(**module_values)) == (True, (module, False))
    assert content.put_module(**{**module_values, "outcomes": []}) == (module, True)
    assert (Track.objects.count(), Module.objects.count()) == (1, 1)


def test_putting_what_was_retired_brings_it_back():
    role, _made = content.put_role(key="frontline", title="Front line", description="", at=START)
    assert content.retire(queryset=Role.objects.all(), at=START) == 1
    assert content.retire(queryset=Role.objects.all(), at=LATER) == 0
    assert Role.objects.get().retired_at == START
    assert content.put_role(key="frontline", title="Front line", description="", at=LATER) == (role, True)
    assert Role.objects.live().count() == 1


def test_the_same_text_makes_no_version():
    module = ModuleFactory()
    lesson, made = put_lesson(module)
    assert (made, put_lesson(module, at=LATER)) == (True, (lesson, False))
    [version] = LessonVersion.objects.all()
    assert (version.major, version.patch, version.published_at) == (1, 0, START)
    assert version.sha256 == "f72604e383d10b5d9ab667b29c6c45cff3a8aff9cdda6e54af957e9aa21c647c"


def test_another_text_is_a_patch_and_a_higher_major_a_new_version():
    module = ModuleFactory()
    put_lesson(module)
    assert put_lesson(module, body="Mended.", at=LATER)[1] is True
    assert put_lesson(module, body="Mended.", major=2, at=LATER)[1] is True
    assert put_lesson(module, body="Mended.", major=2, at=LATER)[1] is False
    numbers = LessonVersion.objects.order_by("pk").values_list("major", "patch")
    assert list(numbers) == [(1, 0), (1, 1), (2, 0)]
    with pytest.raises(ValidationError, match="already at version 2"):
        put_lesson(module, body="Older.", major=1, at=LATER)


def test_patches_reach_everyone_and_majors_only_later_enrolments():
    module = ModuleFactory()
    lesson, _made = put_lesson(module)
    put_lesson(module, body="Second.", major=2, at=LATER)

    def text(at):
        return LessonVersion.objects.pinned(lesson=lesson, at=at).first().body

    assert (text(START), text(LATER)) == ("First text.", "Second.")
    LessonVersion.objects.create(
        lesson=lesson, major=1, patch=1, body="First, mended.", sha256="0" * 64, published_at=LATER
    )
    assert text(START) == "First, mended."
    assert text(START - timedelta(days=9)) == "First, mended."


def test_a_lesson_and_a_lab_are_needed_by_their_module():
    module = ModuleFactory()
    put_lesson(module)
    lab, made = put_lab(module)
    assert (made, put_lab(module)) == (True, (lab, False))
    needed = Component.objects.filter(module=module).values_list("kind", "key", "retired_at")
    assert list(needed) == [("lessons", "lessons", None), ("lab", "draw-the-line", None)]
    assert lab.max_points == 5


def test_retiring_labs_and_lessons_retires_what_needed_them():
    lesson, lab = LessonFactory(), LabFactory()
    assert content.retire(queryset=Lesson.objects.all(), at=LATER) == 1
    assert content.retire(queryset=Lab.objects.all(), at=LATER) == 1
    assert set(Component.objects.values_list("module", "retired_at")) == {
        (lesson.module_id, LATER),
        (lab.module_id, LATER),
    }


def test_a_component_is_required_retired_and_required_again():
    module = ModuleFactory()
    args = {"module": module, "kind": "quiz", "key": "check"}
    component, made = content.require_component(**args, title="Check", at=START)
    assert made is True
    assert content.require_component(**args, title="Check", at=LATER) == (component, False)
    assert content.retire_component(**args, at=LATER) == (component, True)
    assert content.retire_component(**args, at=LATER) == (component, False)
    assert content.require_component(**args, title="Check", at=LATER) == (component, True)
    assert content.retire_component(module=module, kind="quiz", key="nonsense", at=LATER) == (None, False)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rubric": []}, "Without a rubric"),
        ({"rubric": [RUBRIC[0], RUBRIC[0]]}, "occurs twice"),
        ({"rubric": [{**RUBRIC[0], "levels": RUBRIC[0]["levels"][:1]}]}, "at least two levels"),
        ({"rubric": [{**RUBRIC[0], "levels": RUBRIC[0]["levels"][::-1]}]}, "must ascend"),
        ({"rubric": [{**RUBRIC[0], "minimum": 4}]}, "Nobody can reach the minimum"),
        ({"pass_points": 6}, "needs 6 points to pass; expected 1 to 5"),
        ({"pass_points": 0}, "needs 0 points to pass; expected 1 to 5"),
        ({"evidence": {}}, "accepts no evidence"),
        ({"evidence": {"text": "none"}}, "accepts no evidence"),
        ({"evidence": {"video": "required"}}, "“video” is unknown"),
        ({"evidence": {"text": "wanted"}}, "“text” is “wanted”"),
    ],
)
def test_a_lab_that_cannot_work_is_refused(changes, message):
    with pytest.raises(ValidationError, match=message):
        put_lab(ModuleFactory(), **changes)
    assert not Lab.objects.exists()


def test_the_database_keeps_keys_unique_and_points_positive():
    module, lab = ModuleFactory(), LabFactory()
    for make in (
        lambda: TrackFactory(key=module.track.key),
        lambda: ModuleFactory(track=module.track, key=module.key),
        lambda: LabFactory(module=lab.module, key=lab.key),
        lambda: Lab.objects.update(pass_points=0),
        lambda: LessonVersion.objects.create(
            lesson=LessonFactory(), major=0, patch=0, body="", sha256="", published_at=START
        ),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            make()
