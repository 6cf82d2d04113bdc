"""What the tables hold of procedures, as comparable values (see `in_force`)."""

from collections.abc import Iterator, Mapping
from typing import Any

from enablement.access.models import SOP, SOPStep
from enablement.playbook.plan import Item, Lines, Text


def sops() -> Iterator[tuple[Item, Mapping[str, Any]]]:
    """Each procedure in force, a line for each step: whoever approves a plan reads all that changes in it.

    Two queries.
    """
    steps: dict[Any, list[SOPStep]] = {}
    rows = SOPStep.objects.filter(sop__effective_until=None).select_related("prompt", "microtool")
    for step in rows.order_by("sop", "number"):
        steps.setdefault(step.sop_id, []).append(step)
    for sop in SOP.objects.in_force().select_related("role"):
        own = steps.get(sop.pk, [])
        yield (
            Item("procedure", sop.key),
            {
                "title": sop.title,
                "role": sop.role.key,
                "purpose": Text(sop.purpose),
                "begins": sop.begins,
                "steps": Lines(map(_line, own)),
                "order": [step.key for step in own],
            },
        )


def _line(step: SOPStep) -> str:
    """“Sum it up (prompt summarise, tool summariser, a person looks below 0.85): Run the prompt.”"""
    named = (
        ("prompt {}", step.prompt.key if step.prompt else ""),
        ("tool {}", step.microtool.key if step.microtool else ""),
        ("a person looks below {}", "" if step.threshold is None else f"{step.threshold.normalize():f}"),
        ("approved by {}", step.approver),
        ("asks for {}", step.task),
    )
    said = ", ".join(words.format(value) for words, value in named if value)
    text = " ".join(step.text.split())
    return f"{step.title} ({said}): {text}" if said else f"{step.title}: {text}"
