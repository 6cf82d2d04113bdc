"""Exception cases as their author wants them. What somebody has drawn stays as it was."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.db import transaction

from assessments.models import CaseDecision, Scenario, ScenarioSet
from assessments.scenario_specs import ScenarioSpec, SetSpec, check_set
from tracks.models import Track


@transaction.atomic
def put_set(*, track: Track, spec: SetSpec, at: datetime) -> ScenarioSet:
    """Make the track hold exactly these scenarios; absent ones are retired. Idempotent.

    A changed scenario that somebody has drawn is retired and its new version put beside it.
    Raises ValidationError, by scenario.
    """
    check_set(spec)
    wanted = _settings(spec)
    found, _created = ScenarioSet.objects.get_or_create(track=track, defaults=wanted)
    found = ScenarioSet.objects.select_for_update().get(pk=found.pk)
    for name, value in wanted.items():
        setattr(found, name, value)
    found.save(update_fields=list(wanted))
    _put_scenarios(found, spec.scenarios, at)
    return found


def _settings(spec: SetSpec) -> dict[str, Any]:
    return {
        "title": spec.title,
        "intro": spec.intro,
        "size": spec.size,
        "pass_right": spec.pass_right,
        "pass_named": spec.pass_named,
        "categories": {key: asdict(category) for key, category in spec.categories.items()},
        "retired_at": None,
    }


def _put_scenarios(scenario_set: ScenarioSet, specs: Sequence[ScenarioSpec], at: datetime) -> None:
    """A scenario is known by its key; its hash tells whether it is still the same."""
    rows = list(scenario_set.scenarios.all())
    live = {row.key: row for row in rows if row.retired_at is None}
    versions = {(row.key, row.sha256): row for row in rows}
    drawn = set(
        CaseDecision.objects.filter(scenario__scenario_set=scenario_set).values_list("scenario_id", flat=True)
    )
    new: list[Scenario] = []
    rewritten: list[Scenario] = []
    revived: list[Scenario] = []
    retired = [row for key, row in live.items() if key not in {spec.key for spec in specs}]
    for spec in specs:
        current, same = live.get(spec.key), versions.get((spec.key, spec.sha256))
        if current is not None and current.sha256 == spec.sha256:
            continue
        if current is not None and current.pk not in drawn and same is None:
            rewritten.append(_fill(current, spec))
            continue
        if current is not None:
            retired.append(current)
        if same is not None:
            revived.append(same)
        else:
            new.append(_fill(Scenario(scenario_set=scenario_set, key=spec.key, added_at=at), spec))
    # Retired before anything takes the same key.
    Scenario.objects.filter(pk__in=[row.pk for row in retired]).update(retired_at=at)
    Scenario.objects.filter(pk__in=[row.pk for row in revived]).update(retired_at=None)
    Scenario.objects.bulk_update(rewritten, _COLUMNS, batch_size=50)
    Scenario.objects.bulk_create(new, batch_size=100)


_SAME = ("sha256", "category", "complexity", "title", "situation", "policy", "explanation", "lesson")
_COLUMNS = (*_SAME, "facts", "criteria", "right_decision")


def _fill(row: Scenario, spec: ScenarioSpec) -> Scenario:
    for name in _SAME:
        setattr(row, name, getattr(spec, name))
    row.facts = [asdict(fact) for fact in spec.facts]
    row.criteria = [asdict(criterion) for criterion in spec.criteria]
    row.right_decision = spec.decision
    return row
