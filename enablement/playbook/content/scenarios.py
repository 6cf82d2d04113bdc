"""`scenarios.yaml` and `scenarios-<name>.yaml`: a track's exception cases and their decision matrix."""

from collections.abc import Collection, Mapping

from django.core.exceptions import ValidationError

from assessments.scenario_specs import (
    CategorySpec,
    CriterionSpec,
    Fact,
    MatrixRow,
    ScenarioSpec,
    SetSpec,
    check_set,
)
from enablement.playbook.checks import twice
from enablement.playbook.content.formats import ScenarioFile, ScenarioSetFile, ScenariosFile
from enablement.playbook.errors import SourceError, SourceErrors, show
from enablement.playbook.faults import Collector, validated
from enablement.playbook.yaml_source import Source


def read_scenarios(head: Source, parts: Mapping[str, Source], *, lessons: Collection[str]) -> SetSpec:
    """`parts`: the files of scenarios, by name. `lessons`: keys of the track's lessons.

    Raises SourceErrors with all faults of these files.
    """
    faults = Collector()
    found: list[ScenarioSpec] = []
    first: dict[str, str] = {}
    for name, source in sorted(parts.items()):
        with faults:
            found += _part(source, lessons=lessons, first=first, name=name)
    with faults:
        spec = _set(validated(ScenarioSetFile, head), head, found)
    faults.check()
    try:
        check_set(spec)
    except ValidationError as error:
        raise SourceErrors(head.error((), message) for message in error.messages) from error
    return spec


def _set(file: ScenarioSetFile, source: Source, scenarios: list[ScenarioSpec]) -> SetSpec:
    keys = ((("categories", i, "key"), category.key) for i, category in enumerate(file.categories))
    faults = list(twice(source, keys, "the category"))
    categories = {}
    for i, category in enumerate(file.categories):
        spec = CategorySpec(
            definition=category.definition,
            matrix=tuple(MatrixRow(**row.model_dump()) for row in category.matrix),
        )
        faults += [
            source.error(("categories", i), f"the category {category.key}: {problem}")
            for problem in spec.problems()
        ]
        categories[category.key] = spec
    if faults:
        raise SourceErrors(faults)
    return SetSpec(
        title=file.title,
        intro=file.intro,
        size=file.size,
        pass_right=file.capstone.right,
        pass_named=file.capstone.named,
        categories=categories,
        scenarios=tuple(scenarios),
    )


def _part(
    source: Source, *, lessons: Collection[str], first: dict[str, str], name: str
) -> list[ScenarioSpec]:
    """The scenarios of one file; `first` says in which file each key was met."""
    faults: list[SourceError] = []
    specs: list[ScenarioSpec] = []
    for i, entry in enumerate(validated(ScenariosFile, source).scenarios):
        spec = _scenario(entry)
        faults += [
            source.error(("scenarios", i), f"the scenario {spec.key}: {problem}")
            for problem in spec.problems()
        ]
        if spec.key in first:
            message = f"the scenario {show(spec.key)} is there twice, first in {first[spec.key]}"
            faults.append(source.error(("scenarios", i, "key"), message))
        first.setdefault(spec.key, name)
        if spec.lesson and spec.lesson not in lessons:
            message = f"the track has no lesson {show(spec.lesson)}"
            faults.append(source.error(("scenarios", i, "lesson"), message, "the key of a lesson"))
        specs.append(spec)
    if faults:
        raise SourceErrors(faults)
    return specs


def _scenario(entry: ScenarioFile) -> ScenarioSpec:
    return ScenarioSpec(
        key=entry.key,
        category=entry.category,
        complexity=entry.complexity,
        title=entry.title,
        situation=entry.situation,
        facts=tuple(Fact(title=fact.title, text=fact.text) for fact in entry.facts),
        policy=entry.policy,
        decision=entry.decision,
        criteria=tuple(CriterionSpec(key=each.key, text=each.text) for each in entry.criteria),
        explanation=entry.explanation,
        lesson=entry.lesson or "",
    )
