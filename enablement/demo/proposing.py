"""A change of the playbook in the demo that loosens: its first approver agreed, and it waits for security."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from django.db import transaction

from enablement.demo import texts
from enablement.people.models import User
from enablement.playbook.bundle import read_bundle
from enablement.playbook.services import chain, current_number

NAME = "frankfurt.yaml"
REGIONS, WIDER = '["us-east-1", "eu-west-1"]', '["us-east-1", "eu-west-1", "eu-central-1"]'


@transaction.atomic
def build(people: Mapping[str, User], *, path: Path, end: datetime) -> None:
    """The author wants one region more."""
    bundle = read_bundle(path)
    done = chain.submit(
        bundle=replace(bundle, yaml=bundle.yaml.replace(REGIONS, WIDER), file=NAME),
        base_number=current_number(),
        actor=people["author"],
        at=end - timedelta(hours=3),
        note=texts.WIDER_WHY,
    )
    if done.proposal is None:
        raise RuntimeError("One region more is put in force without anybody's approval.")
    chain.decide(
        proposal=done.proposal,
        approve=True,
        actor=people["dutymanager"],
        at=end - timedelta(hours=1),
        comment=texts.WIDER_SEEN,
    )
