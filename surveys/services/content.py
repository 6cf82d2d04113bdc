"""Surveys come from playbooks: putting one brings it in line, and says whether that changed anything."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from surveys.models import Item, Survey
from surveys.specs import ItemSpec, SurveySpec
from tracks.errors import Refused
from tracks.models import Track


@transaction.atomic
def put_survey(*, track: Track, spec: SurveySpec, at: datetime) -> tuple[Survey, bool]:
    """Make the track have this survey. Idempotent; an item that the spec no longer holds is retired.

    Answers stay with the items they were given to. Raises ValidationError for a survey that cannot be asked,
    and where an item that has answers would become of another kind; Refused for an anonymous one, because
    no anonymous way of answering exists yet.
    """
    if spec.anonymous:
        raise Refused(
            "survey_anonymous",
            _("Survey “%(key)s” is anonymous; only named surveys can be asked so far.") % {"key": spec.key},
        )
    spec.check()
    held = Survey.objects.select_for_update().filter(track=track, key=spec.key).first()
    survey = held or Survey(track=track, key=spec.key)
    wanted = {
        "title": spec.title,
        "intro": spec.intro.strip(),
        "position": spec.position,
        "valid_months": spec.valid_months,
        "retired_at": None,
    }
    changed = _bring_in_line(survey, wanted, new=held is None)
    items = {item.key: item for item in Item.objects.select_for_update().filter(survey=survey)}
    for position, item_spec in enumerate(spec.items):
        item = items.get(item_spec.key)
        if item is not None:
            _refuse_other_kind(item, item_spec)
        wanted = _values(item_spec, position)
        row = item or Item(survey=survey, key=item_spec.key)
        changed |= _bring_in_line(row, wanted, new=item is None)
    absent = survey.items.live().exclude(key__in=[item_spec.key for item_spec in spec.items])
    changed |= bool(absent.update(retired_at=at))
    return survey, changed


@transaction.atomic
def retire_survey(*, survey: Survey, at: datetime) -> bool:
    """Nobody is asked any more; what was answered stays. True where it was live."""
    return bool(Survey.objects.filter(pk=survey.pk, retired_at=None).update(retired_at=at))


def _bring_in_line(row: Survey | Item, wanted: dict[str, Any], *, new: bool) -> bool:
    different = [name for name, value in wanted.items() if getattr(row, name) != value]
    if not new and not different:
        return False
    for name, value in wanted.items():
        setattr(row, name, value)
    row.full_clean()
    row.save()
    return True


def _values(spec: ItemSpec, position: int) -> dict[str, Any]:
    return {
        "kind": spec.kind,
        "prompt": spec.prompt.strip(),
        "low": spec.low,
        "high": spec.high,
        "options": [{"key": option.key, "text": option.text} for option in spec.options],
        "minimum": spec.minimum,
        "maximum": spec.maximum,
        "unit": spec.unit,
        "required": spec.required,
        "max_length": spec.max_length,
        "position": position,
        "retired_at": None,
    }


def _refuse_other_kind(item: Item, spec: ItemSpec) -> None:
    if item.kind != spec.kind and item.answers.exists():
        raise ValidationError(
            _("Item “%(key)s” has answers as %(before)s; give the %(after)s item another key."),
            code="item_kind_fixed",
            params={"key": item.key, "before": item.kind, "after": spec.kind},
        )
