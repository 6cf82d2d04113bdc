"""What the tables hold of playbooks, as comparable values.

Read before and after applying, the difference is the plan. A constant number of queries, whatever the number
of people, lessons or questions.
"""

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from django.db.models import OuterRef, QuerySet, Subquery
from guardian.models import UserObjectPermission

from assessments.models import (
    Question,
    QuestionVersion,
    Quiz,
    Scenario,
    ScenarioSet,
    ShadowCase,
    ShadowPool,
)
from enablement.access.models import Gate, Microtool, Policy, Prompt, PromptVersion, RoleProfile
from enablement.access.rework import rule_of
from enablement.playbook import gating
from enablement.playbook.bundle import Bundle
from enablement.playbook.in_force_policy import policy
from enablement.playbook.in_force_sops import sops
from enablement.playbook.phrases import gate_phrases
from enablement.playbook.plan import Condition, Entries, Item, Lines, Rubric, Text
from enablement.playbook.schema import PlaybookFile
from enablement.playbook.yaml_source import load
from surveys.models import Item as SurveyItem
from surveys.models import Survey
from tracks.models import Lab, Lesson, LessonVersion, Module, Role, StarterFile, Track
from tracks.rubric import LabRules

Found: TypeAlias = Iterator[tuple[Item, Mapping[str, Any]]]

_LAB_RULES = [each.name for each in dataclasses.fields(LabRules)]
#: Sections of a playbook that are kept in its revision and that no table holds.
KEPT_SECTIONS = ("version", "observability", "approvals", "communication", "adoption_reporting")


def snapshot() -> dict[Item, Mapping[str, Any]]:
    """Everything live that a playbook puts, by kind and name."""
    readers: tuple[Callable[[], Found], ...] = (
        _roles,
        _prompts,
        _tracks,
        _modules,
        _lessons,
        _labs,
        _quizzes,
        _surveys,
        _pools,
        _judges,
        _scenarios,
        _microtools,
        _gates,
        sops,
        policy,
    )
    return {item: values for reader in readers for item, values in reader()}


def sections(bundle: Bundle | None) -> dict[Item, Mapping[str, Any]]:
    """What a bundle that has been checked says in sections that only its revision keeps."""
    if bundle is None:
        return {}
    playbook = PlaybookFile.model_validate(load(bundle.yaml, file=bundle.file).value)
    kept = playbook.model_dump(mode="json", include=set(KEPT_SECTIONS))
    kept["regions"] = playbook.regions.model_dump(exclude={"allowed"})
    return {
        Item("section", name): dict(_flat(value)) if isinstance(value, dict) else {"value": value}
        for name, value in kept.items()
        if value is not None
    }


def _flat(value: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, inner in value.items():
        if isinstance(inner, dict):
            yield from _flat(inner, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", inner


def _roles() -> Found:
    profiles = {profile.role_id: profile for profile in RoleProfile.objects.all()}
    for role in Role.objects.live():
        profile = profiles.get(role.pk, RoleProfile())
        rubric = {
            f"{line}/{activity['key']}": activity
            for line, activities in profile.rubric.items()
            for activity in activities
        }
        yield (
            Item("role", role.key),
            {
                "title": role.title,
                "description": Text(role.description),
                "prompts": profile.prompts,
                "approvals": profile.approvals,
                "human_in_loop": profile.human_in_loop,
                "rubric": Rubric(rubric),
            },
        )


def _prompts() -> Found:
    approved = {version.prompt_id: version for version in PromptVersion.objects.approved()}
    roles = dict(Role.objects.values_list("pk", "key"))
    for pk, key, tool in Prompt.objects.filter(retired_at=None).values_list("pk", "key", "microtool__key"):
        version = approved.get(pk)
        words: dict[str, Any] = {}
        if version is not None:
            words = {
                "title": version.title,
                "owner": roles[version.owner_role_id] if version.owner_role_id else None,
                "model_hint": version.model_hint,
                "variables": Entries(version.variables),
                "text": Text(version.text),
            }
        yield Item("prompt", key), {"tool": tool} | words


def _tracks() -> Found:
    for track in Track.objects.live().select_related("role"):
        yield (
            Item("track", track.key),
            {
                "role": track.role.key,
                "title": track.title,
                "summary": Text(track.summary),
                "kpis": track.kpis,
                "due_days": track.due_days,
                "place": track.position,
            },
        )


def _in_live_track(rows: QuerySet[Any], path: str = "track") -> QuerySet[Any]:
    return rows.filter(**{"retired_at": None, f"{path}__retired_at": None})


def _in_live_module(rows: QuerySet[Any]) -> QuerySet[Any]:
    rows = _in_live_track(rows, "module__track").filter(module__retired_at=None)
    return rows.select_related("module__track")


def _inside(module: Module, key: str) -> str:
    return f"{module.track.key}/{module.key}/{key}"


def _modules() -> Found:
    for module in _in_live_track(Module.objects.select_related("track")):
        yield (
            Item("module", f"{module.track.key}/{module.key}"),
            {
                "title": module.title,
                "duration_min": module.duration_min,
                "outcomes": module.outcomes,
                "place": module.position,
            },
        )


def _lessons() -> Found:
    newest = LessonVersion.objects.filter(lesson=OuterRef("pk")).order_by("-major", "-patch")
    rows = _in_live_module(Lesson.objects.all()).annotate(
        major=Subquery(newest.values("major")[:1]),
        patch=Subquery(newest.values("patch")[:1]),
    )
    for lesson in rows:
        yield (
            Item("lesson", _inside(lesson.module, lesson.key)),
            {
                "title": lesson.title,
                "kind": lesson.kind,
                "minutes": lesson.minutes,
                "place": lesson.position,
                "text": f"{lesson.major}.{lesson.patch}",
            },
        )


def _labs() -> Found:
    starter: dict[int, dict[str, str]] = {}
    for lab_id, name, sha256 in StarterFile.objects.live().values_list("lab_id", "name", "sha256"):
        starter.setdefault(lab_id, {})[name] = sha256
    for lab in _in_live_module(Lab.objects.all()):
        yield (
            Item("lab", _inside(lab.module, lab.key)),
            {
                "title": lab.title,
                "minutes": lab.minutes,
                "brief": Text(lab.brief),
                **{f"evidence.{kind}": demand for kind, demand in lab.evidence.items()},
                "rubric": Entries({criterion["key"]: criterion for criterion in lab.rubric}),
                "pass_points": lab.pass_points,
                "starter files": Entries(starter.get(lab.pk, {})),
                **{name: getattr(lab, name) for name in _LAB_RULES},
                "place": lab.position,
            },
        )


def _quizzes() -> Found:
    newest = QuestionVersion.objects.filter(question=OuterRef("pk")).order_by("-number")
    questions: dict[int, dict[str, Any]] = {}
    rows = Question.objects.live().annotate(sha256=Subquery(newest.values("sha256")[:1]))
    for bank, key, *values in rows.values_list(
        "bank_id", "key", "sha256", "tags", "difficulty", "lesson_key"
    ):
        questions.setdefault(bank, {})[key] = values
    for quiz in _in_live_module(Quiz.objects.all()):
        yield (
            Item("quiz", _inside(quiz.module, quiz.key)),
            {
                "title": quiz.title,
                "intro": Text(quiz.intro),
                "threshold": quiz.threshold,
                "time_limit_min": quiz.time_limit_min,
                "max_attempts": quiz.max_attempts,
                "cooldown_hours": quiz.cooldown_hours,
                "feedback": quiz.feedback,
                "opens_at": quiz.opens_at,
                "closes_at": quiz.closes_at,
                "page_size": quiz.page_size,
                "shuffle_questions": quiz.shuffle_questions,
                "shuffle_options": quiz.shuffle_options,
                "sections": Entries(
                    {section["tag"] or section["title"]: section for section in quiz.sections}
                ),
                "questions": Entries(questions.get(quiz.bank_id, {})),
            },
        )


def _surveys() -> Found:
    items: dict[int, dict[str, Any]] = {}
    columns = [
        field.name
        for field in SurveyItem._meta.concrete_fields  # noqa: SLF001 - Django's documented interface
        if field.name not in {"id", "survey", "key", "retired_at"}
    ]
    for survey_id, key, *values in SurveyItem.objects.live().values_list("survey_id", "key", *columns):
        items.setdefault(survey_id, {})[key] = values
    for survey in _in_live_track(Survey.objects.select_related("track")):
        yield (
            Item("survey", f"{survey.track.key}/{survey.key}"),
            {
                "title": survey.title,
                "intro": Text(survey.intro),
                "items": Entries(items.get(survey.pk, {})),
            },
        )


def _pools() -> Found:
    cases: dict[Any, dict[str, str]] = {}
    of_playbook = ShadowCase.objects.live().filter(origin=ShadowCase.Origin.PLAYBOOK)
    for pool_id, key, sha256 in of_playbook.values_list("pool_id", "key", "sha256"):
        cases.setdefault(pool_id, {})[key] = sha256
    for pool in _in_live_track(ShadowPool.objects.select_related("track")):
        yield (
            Item("shadow pool", f"{pool.track.key}/{pool.key}"),
            {
                "title": pool.title,
                "instructions": Text(pool.instructions),
                "decisions": Entries(pool.decisions),
                "tool": pool.microtool_key,
                "tool_version": pool.tool_version,
                "model_version": pool.model_version,
                "sample_size": pool.sample_size,
                "cases": Entries(cases.get(pool.pk, {})),
            },
        )


def _judges() -> Found:
    pools = {
        str(pool.pk): f"{pool.track.key}/{pool.key}"
        for pool in _in_live_track(ShadowPool.objects.select_related("track"))
    }
    held = UserObjectPermission.objects.filter(permission__codename="judge_pool", object_pk__in=pools)
    for pool_id, email in held.values_list("object_pk", "user__email"):
        yield Item("judge", f"{pools[pool_id]} {email}"), {}


def _scenarios() -> Found:
    held: dict[Any, dict[str, str]] = {}
    for set_id, key, sha256 in Scenario.objects.live().values_list("scenario_set_id", "key", "sha256"):
        held.setdefault(set_id, {})[key] = sha256
    for each in _in_live_track(ScenarioSet.objects.select_related("track")):
        yield (
            Item("scenarios", each.track.key),
            {
                "title": each.title,
                "intro": Text(each.intro),
                "size": each.size,
                "capstone.right": each.pass_right,
                "capstone.named": each.pass_named,
                "categories": Entries(each.categories),
                "scenarios": Entries(held.get(each.pk, {})),
            },
        )


def _microtools() -> Found:
    for tool in Microtool.objects.live().select_related("track"):
        yield (
            Item("microtool", tool.key),
            {
                "title": tool.title,
                "product": tool.product,
                "track": tool.track.key if tool.track else None,
                "confidence_threshold": tool.confidence_threshold,
                "approval_rule": tool.approval_rule,
                "manual_grant": tool.manual_grant,
                "rework_rule": rule_of(tool),
            },
        )


def _gates() -> Found:
    for gate in Gate.objects.filter(track__retired_at=None).select_related("track"):
        yield (
            Item("gate", gate.track.key),
            {
                "needs": Lines(map(Condition, gating.conditions(gate.tree), gate_phrases(gate.tree))),
                "binds holders at once": gate.immediate,
            },
        )


def gates() -> dict[str, Mapping[str, Any]]:
    """Gates of live tracks as trees, by track; what overlays ask, by `overlay:` and key. Two queries."""
    rows = Gate.objects.filter(track__retired_at=None).select_related("track")
    stored = Policy.objects.first()
    overlays = stored.overlays if stored else []
    return {gate.track.key: gate.tree for gate in rows} | {
        f"overlay:{each['key']}": {"all_of": each["conditions"]} for each in overlays
    }
