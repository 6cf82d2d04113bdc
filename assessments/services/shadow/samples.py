"""The learner's part of shadow mode: draw a case, decide it blind, then judge the tool's output."""

import random
from datetime import datetime
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Case, Exists, Max, OuterRef, Q, When
from django.utils.translation import gettext as _

from assessments import signals
from assessments.models import CaseJudgement, Route, ShadowCase, ShadowPool, ShadowSample, ShadowVersion
from assessments.services.shadow.scoring import lock_case, score
from assessments.services.shadow.stratify import Had, Stratum, choose
from assessments.windows import FRESH_CASES
from tracks.errors import Refused
from tracks.facts import Fact
from tracks.models import Enrolment
from tracks.people import Person
from tracks.rules import ensure_open

RANDOM = random.SystemRandom()


@transaction.atomic
def draw(*, pool: ShadowPool, actor: Person, at: datetime, rng: random.Random = RANDOM) -> ShadowSample:
    """The actor's open sample; a new one where there is none.

    Never a case that they have judged, or had before in whatever version. Refused `not_enrolled`,
    `pool_retired`, `pool_exhausted`, or where the enrolment is closed.
    """
    enrolment = _locked_enrolment(pool, actor)
    samples = ShadowSample.objects.filter(pool=pool, learner=actor)
    if open_one := samples.open().select_related("case", "pool").first():
        return _of(open_one, enrolment)
    ensure_open(enrolment)
    if pool.retired_at is not None:
        raise Refused("pool_retired", _("These cases are no longer part of the track."))
    case_id = _choose(pool, actor, rng)
    last = samples.aggregate(last=Max("number"))["last"] or 0
    return ShadowSample.objects.create(
        pool=pool,
        case=ShadowCase.objects.get(pk=case_id),
        learner=actor,
        enrolment=enrolment,
        number=last + 1,
        drawn_at=at,
    )


@transaction.atomic
def decide(*, sample: ShadowSample, decision: str, actor: Person, at: datetime) -> ShadowSample:
    """The blind answer; only after it may the tool's output be shown. The same again changes nothing.

    Raises ValidationError for an unknown answer; Refused `not_yours`, `already_decided`, `dropped`, or where
    the enrolment is closed.
    """
    check_decision(decision)
    sample = _locked(sample, actor)
    if not sample.decision:
        sample.decision, sample.decided_at = decision, at
        sample.save(update_fields=["decision", "decided_at"])
    elif sample.decision != decision:
        raise already_decided()
    return sample


@transaction.atomic
def judge_output(*, sample: ShadowSample, usable: bool, actor: Person, at: datetime) -> ShadowSample:
    """The second answer, on the output; scored at once where quality assurance has settled the case.

    Raises Refused `not_yours`, `not_decided`, `already_judged`, `dropped`, or where the enrolment is closed.
    """
    case = lock_case(sample.case_id)
    sample = _locked(sample, actor)
    if not sample.decision:
        raise Refused("not_decided", _("Decide the case first, without the tool's output."))
    if sample.judged_at is not None:
        if sample.usable != usable:
            raise already_judged()
        return sample
    sample.usable, sample.judged_at = usable, at
    sample.save(update_fields=["usable", "judged_at"])
    fact = Fact(
        kind="assessments.sample_judged",
        subject=("assessments.ShadowSample", str(sample.pk)),
        at=at,
        actor_id=actor.pk,
        learner_id=actor.pk,
        payload={"pool": sample.pool.key, "case": case.key, "number": sample.number},
    )
    signals.sample_judged.send(sender=ShadowSample, facts=[fact])
    _announce_fresh(case, sample, at)
    score(case=case, at=at)
    sample.refresh_from_db()
    return sample


def check_decision(decision: str) -> None:
    if decision not in Route.values:
        raise ValidationError({"decision": _("Choose one of the four answers.")}, code="decision")


def already_decided() -> Refused:
    return Refused("already_decided", _("You have decided this case already; the first answer counts."))


def already_judged() -> Refused:
    return Refused("already_judged", _("You have judged this output already; the first answer counts."))


def _locked_enrolment(pool: ShadowPool, user: Person) -> Enrolment:
    """The row that two draws of the same person meet at."""
    enrolments = Enrolment.objects.live().select_for_update(of=("self",)).select_related("cohort")
    enrolment = enrolments.filter(user=user, track=pool.track_id).first()
    if enrolment is None:
        raise Refused("not_enrolled", _("You are not enrolled in the track of these cases."))
    return enrolment


def _of(sample: ShadowSample, enrolment: Enrolment) -> ShadowSample:
    """An open case goes along with who was withdrawn from the track and is enrolled again."""
    if sample.enrolment_id != enrolment.pk:
        sample.enrolment = enrolment
        sample.save(update_fields=["enrolment"])
    return sample


def _locked(sample: ShadowSample, actor: Person) -> ShadowSample:
    if sample.learner_id != actor.pk:
        raise Refused("not_yours", _("This is somebody else's sample."))
    held = Enrolment.objects.select_for_update(of=("self",)).select_related("cohort")
    ensure_open(held.get(pk=sample.enrolment_id))
    found = ShadowSample.objects.select_related("pool", "case").get(pk=sample.pk)
    if found.dropped_at is not None:
        raise Refused("dropped", _("Quality assurance has dropped this case; take another one."))
    return found


def _choose(pool: ShadowPool, actor: Person, rng: random.Random) -> UUID:
    rows = pool.cases.live().filter(dropped_at=None).exclude(imported_by=actor).order_by("key")
    # A known answer is settled before anybody judged it; it must not come before others for that.
    judged_once = CaseJudgement.objects.filter(case=OuterRef("pk"), judged_at__isnull=False)
    cases = list(
        rows.annotate(
            outcome=_outcome(), done=Q(settled_at__isnull=False) & Q(Exists(judged_once))
        ).values_list("key", "content_sha256", "pk", "yellow_zone", "outcome", "category", "done")
    )
    had = list(
        ShadowSample.objects.filter(pool=pool, learner=actor)
        .annotate(outcome=_outcome("case__"))
        .values_list("case__key", "case__content_sha256", "case__yellow_zone", "outcome", "case__category")
    )
    judged = CaseJudgement.objects.filter(case__pool=pool, judge=actor)
    met = {*judged.values_list("case__key", flat=True), *(row[0] for row in had), *(row[1] for row in had)}
    strata = {
        key: Stratum(pk=pk, yellow=yellow, outcome=outcome, category=category, settled=done)
        for key, _content, pk, yellow, outcome, category, done in cases
    }
    chosen = choose(
        pool=list(strata.values()),
        drawn=[Had(yellow, outcome, category) for _key, _content, yellow, outcome, category in had],
        free=[strata[key] for key, content, *_rest in cases if key not in met and content not in met],
        rng=rng,
    )
    if chosen is None:
        raise Refused("pool_exhausted", _("You have had every case of this pool."))
    return chosen.pk


def _outcome(prefix: str = "") -> Case:
    """The right decision as settled, else as the case's author has it."""
    return Case(
        When(**{f"{prefix}settled_decision": ""}, then=f"{prefix}right_decision"),
        default=f"{prefix}settled_decision",
    )


def _announce_fresh(case: ShadowCase, sample: ShadowSample, at: datetime) -> None:
    """Say when a learner has judged the fresh cases that carry their agreement over to a new version."""
    pool = case.pool
    if pool.version == 1 or case.version != pool.version:
        return
    window = ShadowVersion.objects.get(pool=pool, number=pool.version)
    fresh = ShadowSample.objects.judged().filter(
        pool=pool, learner=sample.learner_id, case__version=pool.version, judged_at__lt=window.fresh_by
    )
    if at < window.fresh_by and fresh.count() == FRESH_CASES:
        fact = Fact(
            kind="assessments.fresh_cases_done",
            subject=("assessments.ShadowPool", str(pool.pk)),
            at=at,
            actor_id=sample.learner_id,
            learner_id=sample.learner_id,
            payload={"pool": pool.key, "version": pool.version, "cases": FRESH_CASES},
        )
        signals.fresh_cases_done.send(sender=ShadowSample, facts=[fact])
