"""Puts a playbook's procedures in force: what changed is a new version, what is absent ends."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from enablement.access.models import SOP, Microtool, Prompt, SOPStep
from enablement.access.signals import sop_changed
from enablement.access.sop_specs import SOPSpec, StepSpec
from tracks.facts import Fact
from tracks.models import Role


@transaction.atomic
def put(*, specs: Sequence[SOPSpec], revision: int, at: datetime) -> list[SOP]:
    """Exactly these are in force afterwards; returns the new versions, none where all said so already."""
    standing = {sop.key: sop for sop in SOP.objects.select_for_update(of=("self",)).in_force()}
    wanted = {spec.key: spec for spec in specs}
    made = [
        _version(spec, standing.get(key), revision=revision, at=at)
        for key, spec in wanted.items()
        if key not in standing or standing[key].sha256 != spec.sha256
    ]
    gone = [sop for key, sop in standing.items() if key not in wanted]
    for sop in gone:
        _end(sop, at=at)
    facts = [_fact("access.sop_made", sop, revision=revision, at=at) for sop in made]
    facts += [_fact("access.sop_ended", sop, revision=revision, at=at) for sop in gone]
    if facts:
        sop_changed.send(sender=SOP, facts=facts)
    return made


def _version(spec: SOPSpec, before: SOP | None, *, revision: int, at: datetime) -> SOP:
    if before is not None:
        _end(before, at=at)
    made = SOP(
        key=spec.key,
        role=Role.objects.get(key=spec.role),
        title=spec.title,
        purpose=spec.purpose,
        begins=spec.begins,
        sha256=spec.sha256,
        policy_revision=revision,
        effective_from=at,
        supersedes=before,
    )
    made.full_clean()
    made.save()
    SOPStep.objects.bulk_create(_steps(made, spec.steps))
    return made


def _steps(sop: SOP, specs: Sequence[StepSpec]) -> list[SOPStep]:
    """Names that a carried file still has, and the playbook no longer, lead to what is retired."""
    prompts = {each.key: each for each in Prompt.objects.filter(key__in=[spec.prompt for spec in specs])}
    tools = {each.key: each for each in Microtool.objects.filter(key__in=[spec.tool for spec in specs])}
    return [
        SOPStep(
            sop=sop,
            number=number,
            key=spec.key,
            title=spec.title,
            text=spec.text,
            prompt=prompts.get(spec.prompt),
            microtool=tools.get(spec.tool),
            threshold=spec.threshold if spec.tool in tools else None,
            approver=spec.approver,
            task=spec.task,
        )
        for number, spec in enumerate(specs, start=1)
    ]


def _end(sop: SOP, *, at: datetime) -> None:
    sop.effective_until = at
    sop.save(update_fields=["effective_until"])


def _fact(kind: str, sop: SOP, *, revision: int, at: datetime) -> Fact:
    return Fact(
        kind=kind,
        subject=("access.sop", str(sop.pk)),
        at=at,
        actor_id=None,
        payload={
            "sop": sop.key,
            "role": sop.role.key,
            "sha256": sop.sha256,
            "supersedes": str(sop.supersedes_id or ""),
            "policy_revision": revision,
        },
    )
