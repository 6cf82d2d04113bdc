"""A lab is complete in its module once its sign-off is proof."""

from datetime import datetime

from assessments.models import SignOff
from tracks.models import Component
from tracks.people import Person
from tracks.services.progress import record_completion


def complete(signed: SignOff, actor: Person, at: datetime) -> None:
    lab = signed.lab
    record_completion(
        enrolment=signed.enrolment,
        module=lab.module,
        kind=Component.Kind.LAB,
        key=lab.key,
        actor=actor,
        at=at,
    )
