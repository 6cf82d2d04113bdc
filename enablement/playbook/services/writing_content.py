"""Writes the content of one track: lessons, labs, quizzes, surveys, pools, scenarios."""

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import datetime

from assessments.models import Quiz, ScenarioSet, ShadowPool
from assessments.services.quizzes import put_quiz, retire_quiz
from assessments.services.scenarios import put_set
from assessments.services.shadow import put_pool
from enablement.people.models import User
from enablement.playbook import gating
from enablement.playbook.content import ModuleContent, TrackContent
from enablement.playbook.schema import Overlay
from enablement.playbook.schema import Track as TrackEntry
from surveys.models import Survey
from surveys.services import put_survey
from tracks.models import Lab, Lesson, Module, Track
from tracks.services import content as tracks


def put(
    *,
    entry: TrackEntry,
    track: Track,
    modules: Mapping[str, Module],
    content: TrackContent,
    overlays: Sequence[Overlay],
    at: datetime,
) -> None:
    """Put all content of a track; nothing is retired here but a quiz that has moved to another module.

    overlays: those that hold there.
    """
    _release_moved_quizzes(track, content, at=at)
    for key, inside in content.modules.items():
        _put_module(entry, modules[key], inside, overlays, at=at)
    for survey in content.surveys:
        months = gating.shortest_months(entry, overlays, "survey", survey.key)
        put_survey(track=track, spec=dataclasses.replace(survey, valid_months=months), at=at)
    judges = [user for email in gating.qa_owners(entry) for user in _judge(email)]
    for pool in content.pools:
        put_pool(track=track, spec=pool.spec, cases=pool.cases, judges=judges, at=at)
    if content.scenarios is not None:
        put_set(track=track, spec=content.scenarios, at=at)


def retire_absent(
    *, track: Track, modules: Mapping[str, Module], content: TrackContent, at: datetime
) -> None:
    """Retire what of a track's content the playbook no longer holds. Facts about it stay."""
    for key, module in modules.items():
        inside = content.modules.get(key, ModuleContent())
        lessons = [lesson.key for lesson in inside.lessons]
        labs = [lab.key for lab in inside.labs]
        tracks.retire(queryset=Lesson.objects.live().filter(module=module).exclude(key__in=lessons), at=at)
        tracks.retire(queryset=Lab.objects.live().filter(module=module).exclude(key__in=labs), at=at)
        quizzes = Quiz.objects.live().filter(module=module).select_related("module")
        for quiz in quizzes.exclude(key=inside.quiz.key if inside.quiz else ""):
            retire_quiz(quiz=quiz, at=at)
    surveys = [survey.key for survey in content.surveys]
    pools = [pool.spec.key for pool in content.pools]
    tracks.retire(queryset=Survey.objects.live().filter(track=track).exclude(key__in=surveys), at=at)
    tracks.retire(queryset=ShadowPool.objects.live().filter(track=track).exclude(key__in=pools), at=at)
    if content.scenarios is None:
        tracks.retire(queryset=ScenarioSet.objects.live().filter(track=track), at=at)


def _put_module(
    entry: TrackEntry, module: Module, content: ModuleContent, overlays: Sequence[Overlay], *, at: datetime
) -> None:
    for lesson in content.lessons:
        tracks.put_lesson(
            module=module,
            key=lesson.key,
            title=lesson.head.title,
            kind=lesson.head.kind,
            minutes=lesson.head.minutes,
            position=lesson.position,
            body=lesson.body,
            major=lesson.head.major,
            at=at,
        )
    for lab in content.labs:
        tracks.put_lab(
            module=module,
            key=lab.key,
            title=lab.head.title,
            minutes=lab.head.minutes,
            brief=lab.brief,
            evidence=lab.head.evidence.demands(),
            rubric=[criterion.as_rubric() for criterion in lab.head.rubric],
            pass_points=lab.head.pass_points,
            position=lab.position,
            rules=lab.head.rules(),
            starter=lab.starter,
            at=at,
        )
    if content.quiz is not None:
        threshold = gating.quiz_threshold(entry, content.quiz.key, content.quiz.threshold)
        months = gating.shortest_months(entry, overlays, "quiz", content.quiz.key)
        spec = dataclasses.replace(content.quiz, threshold=threshold, valid_months=months)
        put_quiz(module=module, spec=spec, at=at)


def _release_moved_quizzes(track: Track, content: TrackContent, *, at: datetime) -> None:
    """A key names one quiz of a track, so the old place has to be free before the new one is taken."""
    places = {inside.quiz.key: module for module, inside in content.modules.items() if inside.quiz}
    rows = Quiz.objects.live().filter(module__track=track, key__in=places).select_related("module")
    for quiz in rows:
        if quiz.module.key != places[quiz.key]:
            retire_quiz(quiz=quiz, at=at)


def _judge(email: str) -> list[User]:
    """The gate's QA owner, where they are known here and in quality assurance."""
    people = User.objects.get_queryset().active().by_email(email)
    return [user for user in people if user.has_perm("assessments.judge_cases")]
