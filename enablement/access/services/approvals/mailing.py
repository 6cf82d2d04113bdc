"""E-mails about requests: who is asked, that it is late, what came of it. Each holds a link and few words."""

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMessage
from django.urls import reverse

from enablement.access import approvers
from enablement.access.models import ApprovalRequest, ApprovalStep
from enablement.people.letters import letter, send
from enablement.people.models import User


def mail(*, request_id: UUID, occasion: str, at: datetime) -> int:
    """Send what there is to say now; returns how many were sent.

    It may be sent twice after a fault: the message's id is the same then, so that mail programs show one.
    What was settled in the meantime is asked of nobody.
    """
    request = ApprovalRequest.objects.select_related("subject", "microtool").get(pk=request_id)
    step = request.steps.filter(decision="").first()
    if occasion == "settled":
        to, number = [request.subject], 0
    elif step is None or not request.is_undecided:
        return 0
    else:
        to, number = _deciders(step, occasion=occasion, at=at), step.number
    messages = [_message(request, person, occasion, number) for person in to if person.is_active]
    return send(messages)


def _deciders(step: ApprovalStep, *, occasion: str, at: datetime) -> list[User]:
    if step.kind == "review":
        return [step.subject]
    late = [step.escalated_to or step.approver]
    names = late if occasion == "escalated" else [step.approver, step.escalated_to]
    found = {person for name in names if name for person in approvers.people_for(name, at=at)}
    return sorted(found - {step.subject}, key=lambda person: person.email)


def _message(request: ApprovalRequest, person: User, occasion: str, number: int) -> EmailMessage:
    context = {
        "request": request,
        "person": person,
        "occasion": occasion,
        "link": f"{settings.SITE_URL}{reverse('approval', args=[request.pk])}",
    }
    key = f"approval.{request.pk}.{occasion}.{number}.{person.pk}"
    return letter("access/mail/approval", person, key=key, context=context)
