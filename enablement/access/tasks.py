"""Background work. Each task delegates to one service, and may run twice."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from celery import shared_task
from django.utils import timezone

from enablement.access.services import approvals, decision_log, grants, nightly, retention, telling
from enablement.access.services.approvals import channels
from enablement.access.services.approvals.mailing import mail
from enablement.access.services.telling.changes import Change


@shared_task(acks_late=True)
def open_grants(user_ids: list[str], cause: str, actor_id: str | None) -> Callable[[], None]:
    """What opened for more people than one request should wait for; the effect commits with the job."""

    def effect() -> None:
        grants.reevaluate(
            user_ids=[UUID(user_id) for user_id in user_ids],
            cause=cause,
            actor_id=UUID(actor_id) if actor_id else None,
            at=timezone.now(),
            at_once=len(user_ids),
        )

    return effect


@shared_task(acks_late=True)
def mail_approval(request_id: str, occasion: str) -> dict[str, int]:
    """Tell people about a request: they are asked, it is late, it is settled."""
    return {"sent": mail(request_id=UUID(request_id), occasion=occasion, at=timezone.now())}


@shared_task(acks_late=True)
def post_approval(request_id: str, occasion: str, channel: str) -> dict[str, int]:
    """Tell a channel of Slack or Teams that an approval waits for a person."""
    return {"sent": channels.post(request_id=UUID(request_id), occasion=occasion, channel=channel)}


@shared_task(acks_late=True)
def mail_grant_changes(changes: list[str]) -> dict[str, int]:
    """Tell people that a tool opened or closed; each line as `telling.changes.Change` has it."""
    lines = [Change.of(line) for line in changes]
    return {"sent": telling.mail_changes(changes=lines, at=timezone.now())}


@shared_task(acks_late=True)
def mail_kept(grant_ids: list[str], revision: int) -> dict[str, int]:
    """Tell people that a gate became stricter, and until when they keep the tool."""
    ids = [UUID(pk) for pk in grant_ids]
    return {"sent": telling.mail_kept(grant_ids=ids, revision=revision, at=timezone.now())}


@shared_task(acks_late=True)
def mail_auditor(access_id: str) -> dict[str, int]:
    """Tell an auditor that they were let in, until when, and where."""
    return {"sent": telling.mail_auditor(access_id=UUID(access_id), at=timezone.now())}


@shared_task(acks_late=True)
def mail_grant_warnings(warning_ids: list[str]) -> dict[str, int]:
    """Tell people that a tool is about to close."""
    ids = [UUID(pk) for pk in warning_ids]
    return {"sent": telling.mail_warnings(warning_ids=ids, at=timezone.now())}


@shared_task(acks_late=True)
def mail_denies(person_id: str, microtool: str, count: int, since: str) -> Callable[[], dict[str, int]]:
    """Tell compliance that somebody is denied again and again; the record of it commits with the job."""
    denies = telling.Denies(UUID(person_id), microtool, count, datetime.fromisoformat(since))
    sent = telling.mail_denied(denies)

    def effect() -> dict[str, int]:
        telling.record_denies(denies, at=timezone.now())
        return {"sent": sent}

    return effect


@shared_task(acks_late=True)
def mail_rework(hold_id: str) -> dict[str, int]:
    """Tell mentors and compliance that a rework spike closed somebody's tool."""
    return {"sent": telling.mail_rework(hold_id=UUID(hold_id))}


@shared_task(acks_late=True)
def mail_incident(report_id: str) -> dict[str, int]:
    """Tell compliance that an output led to an incident."""
    return {"sent": telling.mail_incident(report_id=UUID(report_id))}


@shared_task(acks_late=True)
def tell_of_stop(stop_id: str, what: str) -> Callable[[], dict[str, int]]:
    """Ask for the messages about a kill switch; the jobs for them commit with this one."""

    def effect() -> dict[str, int]:
        return {"people": telling.ask_for_mails(stop_id=UUID(stop_id), what=what, at=timezone.now())}

    return effect


@shared_task(acks_late=True)
def mail_stop(stop_id: str, what: str, user_ids: list[str]) -> dict[str, int]:
    """Tell these people that what they hold is stopped, or that the stop has ended."""
    people = [UUID(pk) for pk in user_ids]
    return {"sent": telling.mail_stop(stop_id=UUID(stop_id), what=what, user_ids=people)}


@shared_task(acks_late=True)
def mail_stop_review(stop_id: str, what: str) -> dict[str, int]:
    """Tell compliance of a stop, and after its end ask for the review."""
    return {"sent": telling.mail_review(stop_id=UUID(stop_id), what=what)}


@shared_task
def alert_repeated_denies() -> None:
    """Every minute: the same person, denied the same tool again and again."""
    telling.alert_repeated_denies(at=timezone.now())


@shared_task
def escalate_and_expire_approvals() -> None:
    """Every minute: what nobody decided in time goes on to the next owner, then ends."""
    approvals.escalate_and_expire(at=timezone.now())
    approvals.forget_keys(at=timezone.now())


@shared_task
def reevaluate_all_grants() -> None:
    """Every night: what lapsed closes, and what was not used for long is suspended."""
    nightly.reevaluate_all(at=timezone.now())
    nightly.suspend_unused(at=timezone.now())
    telling.warn_lapsing(at=timezone.now())


@shared_task
def index_decisions() -> None:
    """Every few seconds, after the linker: new decisions become searchable."""
    decision_log.project()


@shared_task
def purge_content() -> None:
    """Every night: words whose time is over go, unless a legal hold is over them."""
    retention.purge(at=timezone.now())
