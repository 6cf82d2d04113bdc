"""`survey-<key>.yaml`: a survey of a track."""

from django.core.exceptions import ValidationError

from enablement.playbook.checks import twice
from enablement.playbook.content.formats import ItemFile, SurveyFile
from enablement.playbook.errors import SourceErrors
from enablement.playbook.faults import validated
from enablement.playbook.yaml_source import Source
from surveys.specs import ItemSpec, OptionSpec, SurveySpec


def read_survey(source: Source, *, key: str, position: int) -> SurveySpec:
    survey = validated(SurveyFile, source)
    faults = list(
        twice(source, ((("items", i, "key"), item.key) for i, item in enumerate(survey.items)), "the item")
    )
    if survey.anonymous:
        message = "anonymous surveys cannot be asked yet: every answer here carries its person's name"
        faults.append(source.error(("anonymous",), message, "anonymous: false"))
    items = tuple(_item(item) for item in survey.items)
    for i, item in enumerate(items):
        faults += [source.error(("items", i), f"the item {item.key}: {text}") for text in item.problems()]
    if faults:
        raise SourceErrors(faults)
    spec = SurveySpec(key=key, title=survey.title, intro=survey.intro, items=items, position=position)
    try:
        spec.check()
    except ValidationError as error:
        raise SourceErrors(source.error((), message) for message in error.messages) from error
    return spec


def _item(item: ItemFile) -> ItemSpec:
    return ItemSpec(
        key=item.key,
        kind=item.kind,
        prompt=item.prompt,
        low=item.low,
        high=item.high,
        options=tuple(OptionSpec(key=option.key, text=option.text) for option in item.options),
        minimum=item.minimum,
        maximum=item.maximum,
        unit=item.unit,
        required=item.required,
        max_length=item.max_length,
    )
