"""The other tracks of the demo: labs with observed cases, a second marker, a second signature."""

from collections.abc import Mapping
from datetime import timedelta

from assessments.models import Observation
from assessments.services import labs
from enablement.demo import texts_elsewhere as texts
from enablement.demo.learning import Clock, full_marks
from enablement.people.models import User
from tracks.models import Enrolment, Lab
from tracks.services import delegations

Outcome = Observation.Outcome
#: What the operations manager handled while a mentor looked on: days before today, what, how it ended.
OBSERVED = (
    (4, "Fourteen price complaints from one file", Outcome.ALONE, texts.OBSERVED_CAUSE),
    (4, "A letter from a lawyer in the billing queue", Outcome.HELPED, texts.OBSERVED_LAWYER),
    (
        2,
        "A disputed answer, offered to the person whose answer it was",
        Outcome.TAKEN_OVER,
        texts.OBSERVED_DISPUTE,
    ),
    (1, "Heat map with a dark hour after a batch", Outcome.ALONE, ""),
)


def labs_elsewhere(people: Mapping[str, User], *, clock: Clock) -> None:
    """Each of the other learners is right before a step that takes a second person."""
    _observed(people, clock)
    _marked_once(people, clock)
    _signed_once(people, clock)
    _delegate(people, clock)


def _observed(people: Mapping[str, User], clock: Clock) -> None:
    enrolment = _enrolment(people["opsmanager"])
    lab = Lab.objects.live().get(module__track=enrolment.track, observed_cases__gt=0)
    for days, what, outcome, note in OBSERVED:
        at = clock.end - timedelta(days=days)
        labs.record_case(
            enrolment=enrolment,
            lab=lab,
            happened_on=at.date(),
            what=what,
            outcome=outcome,
            note=note,
            actor=people["mentor1"],
            at=at,
        )


def _marked_once(people: Mapping[str, User], clock: Clock) -> None:
    enrolment = _enrolment(people["qa1"])
    lab = Lab.objects.live().get(module__track=enrolment.track, second_marker=True)
    draft = labs.save_draft(
        enrolment=enrolment, lab=lab, text=texts.SAMPLE_AND_FINDING, actor=people["qa1"], at=clock.step(40)
    )
    handed_in = labs.hand_in(submission=draft, actor=people["qa1"], at=clock.step())
    labs.mark(
        submission=handed_in,
        marks=full_marks(lab),
        comments={"finding": texts.NOTE_ON_FINDING},
        evidence_hash=handed_in.content_hash,
        actor=people["mentor2"],
        at=clock.step(200),
    )


def _signed_once(people: Mapping[str, User], clock: Clock) -> None:
    enrolment = _enrolment(people["compliance"])
    lab = Lab.objects.live().get(module__track=enrolment.track, countersigned=True)
    draft = labs.save_draft(
        enrolment=enrolment,
        lab=lab,
        text=texts.ANSWER_AND_WAIVER,
        actor=people["compliance"],
        at=clock.step(40),
    )
    handed_in = labs.hand_in(submission=draft, actor=people["compliance"], at=clock.step())
    labs.sign_off(
        submission=handed_in,
        marks=full_marks(lab),
        comment=texts.SIGNED_ONCE,
        evidence_hash=handed_in.content_hash,
        actor=people["mentor3"],
        at=clock.step(120),
    )


def _delegate(people: Mapping[str, User], clock: Clock) -> None:
    """A mentor has leave ahead, and somebody who stands in."""
    first = (clock.end + timedelta(days=5)).date()
    delegations.name_delegate(
        delegate=people["mentor1"],
        first_day=first,
        last_day=first + timedelta(days=11),
        actor=people["mentor3"],
        at=clock.step(),
    )


def _enrolment(user: User) -> Enrolment:
    return Enrolment.objects.live().select_related("track", "cohort").get(user=user)
