"""The facts of appeals. What people wrote stays out of the record."""

from datetime import datetime

from assessments import signals
from assessments.models import Appeal
from tracks.facts import Fact
from tracks.people import Person


def announce(what: str, appeal: Appeal, *, actor: Person, at: datetime) -> None:
    things = {"item": appeal.item_id, "review": appeal.review_id, "sample": appeal.sample_id}
    about = {name: str(pk) for name, pk in things.items() if pk is not None}
    fact = Fact(
        kind=f"assessments.appeal_{what}",
        subject=("assessments.Appeal", str(appeal.pk)),
        at=at,
        actor_id=actor.pk,
        learner_id=appeal.learner_id,
        payload={
            "kind": appeal.kind,
            **about,
            **({"criterion": appeal.criterion} if appeal.criterion else {}),
            "due_at": appeal.due_at.isoformat(),
            "consequence": appeal.consequence,
        },
    )
    signals.appeal_changed.send(sender=Appeal, facts=[fact])
