"""Requests that a person settles: another person's approval, or the user's own review of an output."""

import uuid
from typing import Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

SHA256_LENGTH = 64
PURPOSE_MAX, COMMENT_MAX = 500, 2_000


class Kind(models.TextChoices):
    APPROVAL = "approval", _("approval")
    REVIEW = "review", _("own review")
    CHANGE = "change", _("change of the playbook")

    @classmethod
    def of_calls(cls) -> list[tuple[str, str]]:
        """What a call can need, and a gateway ask for."""
        return [(kind.value, str(kind.label)) for kind in (cls.APPROVAL, cls.REVIEW)]


class ApprovalRequestQuerySet(models.QuerySet["ApprovalRequest"]):
    def undecided(self) -> Self:
        return self.filter(state__in=ApprovalRequest.UNDECIDED)


class ApprovalRequest(models.Model):
    """Bound to one call: its subject and `input_sha256`, the fingerprint of everything else that it says.

    A change of the playbook has whoever proposes it as its subject, no tool, and the playbook's SHA-256; it
    is spent by being put in force, and `spent_decision` is the ledger entry of that.

    `requirements` are those of the decision that it would settle: `[{"type", "reason", "approver"}]`.
    due_at: when it is escalated. expires_at: undecided, it ends then; approved, it has to be used before.
    text_entry: the ledger entry beside which the output is kept; None where none was sent, or none is kept.
    token: which gateway asked; None for a person on a page. `purpose` and comments are people's own words.
    spent_key: the X-Request-ID (and place in a batch) of the call that used it, for the same answer again.
    """

    class State(models.TextChoices):
        PENDING = "pending", _("waiting")
        ESCALATED = "escalated", _("escalated")
        APPROVED = "approved", _("approved")
        REJECTED = "rejected", _("turned down")
        EXPIRED = "expired", _("expired")
        SPENT = "spent", _("used")
        CANCELLED = "cancelled", _("withdrawn")
        OUTRUN = "outrun", _("outrun by another playbook")

    UNDECIDED = (State.PENDING, State.ESCALATED)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    subject = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="approval_requests", verbose_name=_("for")
    )
    microtool = models.ForeignKey(
        "access.Microtool", models.PROTECT, null=True, blank=True, related_name="approval_requests"
    )
    action = models.CharField(_("action"), max_length=20)
    prompt = models.CharField(_("prompt"), max_length=255, blank=True)
    workflow_id = models.CharField(_("workflow"), max_length=255, blank=True)
    confidence = models.CharField(_("confidence"), max_length=40, blank=True)
    text_length = models.PositiveIntegerField(_("characters of the output"), null=True, blank=True)
    text_entry = models.UUIDField(null=True, blank=True, editable=False)
    input_sha256 = models.CharField(_("fingerprint"), max_length=SHA256_LENGTH, editable=False)
    purpose = models.CharField(_("what for"), max_length=PURPOSE_MAX, blank=True)
    requirements = models.JSONField(_("what it settles"), default=list)
    policy_revision = models.PositiveIntegerField(_("policy revision"))
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.PENDING)
    token = models.ForeignKey("people.ApiToken", models.PROTECT, null=True, related_name="approval_requests")
    requested_at = models.DateTimeField(_("asked"))
    due_at = models.DateTimeField(_("due"))
    escalated_at = models.DateTimeField(_("escalated"), null=True, blank=True)
    expires_at = models.DateTimeField(_("ends"))
    settled_at = models.DateTimeField(_("settled"), null=True, blank=True)
    spent_at = models.DateTimeField(_("used"), null=True, blank=True)
    spent_decision = models.UUIDField(_("decision"), null=True, blank=True)
    spent_token = models.ForeignKey("people.ApiToken", models.PROTECT, null=True, related_name="+")
    spent_key = models.CharField(max_length=220, blank=True)

    objects = ApprovalRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("approval request")
        ordering = ("due_at", "id")
        indexes = (
            models.Index(fields=("state", "due_at"), name="approval_request_due_index"),
            models.Index(fields=("subject", "-requested_at"), name="approval_request_subject_index"),
        )
        constraints = (
            models.CheckConstraint(
                condition=models.Q(due_at__gt=models.F("requested_at"))
                & models.Q(expires_at__gt=models.F("requested_at")),
                name="approval_request_ends_after_it_is_asked",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=("pending", "escalated"), settled_at=None)
                | (~models.Q(state__in=("pending", "escalated")) & models.Q(settled_at__isnull=False)),
                name="approval_request_settled_says_when",
            ),
            models.CheckConstraint(
                condition=models.Q(state="spent", spent_at__isnull=False, spent_decision__isnull=False)
                | (~models.Q(state="spent") & models.Q(spent_at=None, spent_decision=None)),
                name="approval_request_spent_names_its_decision",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="escalated") | models.Q(escalated_at__isnull=False),
                name="approval_request_escalated_says_when",
            ),
            models.CheckConstraint(
                condition=~models.Q(requirements=[]), name="approval_request_settles_something"
            ),
            models.CheckConstraint(
                condition=models.Q(kind="change", microtool=None, token=None)
                | (models.Q(kind__in=("approval", "review")) & models.Q(microtool__isnull=False)),
                name="approval_request_is_of_a_tool_or_a_change",
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.microtool or self.input_sha256[:8]} {self.state}"

    @property
    def state_words(self) -> str:
        """The state in one word, the same on every page and in every mail."""
        if self.is_change and self.state == self.State.SPENT:
            return _now("in force")
        return self.get_state_display()

    @property
    def is_undecided(self) -> bool:
        return self.state in self.UNDECIDED

    @property
    def is_review(self) -> bool:
        return self.kind == Kind.REVIEW

    @property
    def is_change(self) -> bool:
        return self.kind == Kind.CHANGE


class ApprovalStep(models.Model):
    """One decision of a chain. `approver` names a role or an owner, and is "" for a review: the subject.

    `escalated_to`: who may decide as well since the request was late. `on_behalf_of`: whose delegate decided.
    `kind` and `subject` repeat the request's, so that the database itself can keep people from approving
    what is their own; the steps of a change are approvals too.
    """

    class Decision(models.TextChoices):
        APPROVED = "approved", _("approved")
        REJECTED = "rejected", _("turned down")

    request = models.ForeignKey(ApprovalRequest, models.PROTECT, related_name="steps")
    number = models.PositiveSmallIntegerField(_("step"))
    kind = models.CharField(max_length=10, choices=Kind.choices)
    subject = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    approver = models.CharField(_("approver"), max_length=100, blank=True)
    escalated_to = models.CharField(_("escalated to"), max_length=100, blank=True)
    decision = models.CharField(_("decision"), max_length=10, choices=Decision.choices, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="approval_decisions"
    )
    on_behalf_of = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    comment = models.TextField(_("comment"), max_length=COMMENT_MAX, blank=True)

    class Meta:
        verbose_name = _("approval step")
        ordering = ("request", "number")
        indexes = (models.Index(fields=("approver", "decision"), name="approval_step_queue_index"),)
        constraints = (
            models.UniqueConstraint("request", "number", name="approval_step_one_decision_each"),
            models.UniqueConstraint(
                "request",
                "decided_by",
                condition=models.Q(decided_by__isnull=False),
                name="approval_step_two_steps_two_people",
            ),
            models.CheckConstraint(
                condition=models.Q(decision="", decided_by=None, decided_at=None, on_behalf_of=None)
                | (
                    models.Q(decision__in=("approved", "rejected"))
                    & models.Q(decided_by__isnull=False, decided_at__isnull=False)
                ),
                name="approval_step_decision_is_whole",
            ),
            models.CheckConstraint(
                condition=models.Q(kind="review")
                | models.Q(decided_by=None)
                | ~models.Q(decided_by=models.F("subject")),
                name="approval_step_never_by_its_subject",
            ),
            models.CheckConstraint(
                condition=models.Q(kind="approval")
                | models.Q(decided_by=None)
                | models.Q(decided_by=models.F("subject")),
                name="approval_step_review_is_ones_own",
            ),
            models.CheckConstraint(
                condition=models.Q(on_behalf_of=None)
                | (
                    ~models.Q(on_behalf_of=models.F("subject"))
                    & ~models.Q(on_behalf_of=models.F("decided_by"))
                ),
                name="approval_step_behalf_is_anothers",
            ),
            models.CheckConstraint(
                condition=models.Q(kind="review", approver="")
                | (models.Q(kind="approval") & ~models.Q(approver="")),
                name="approval_step_names_its_approver",
            ),
        )

    def __str__(self) -> str:
        return f"{self.request_id} {self.number} {self.decision}"


class ApprovalComment(models.Model):
    """What somebody said about a request; it decides nothing."""

    request = models.ForeignKey(ApprovalRequest, models.PROTECT, related_name="comments")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    text = models.TextField(_("comment"), max_length=COMMENT_MAX)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("comment")
        ordering = ("at", "pk")
        constraints = (
            models.CheckConstraint(condition=~models.Q(text=""), name="approval_comment_says_something"),
        )

    def __str__(self) -> str:
        return f"{self.author}, {self.at:%Y-%m-%d}"


class RequestKey(models.Model):
    """An `Idempotency-Key` of one token: which body it came with, and which request came of it.

    request: None while the first call with this key is under way.
    """

    token = models.ForeignKey("people.ApiToken", models.PROTECT, related_name="request_keys")
    key = models.CharField(max_length=255)
    body_sha256 = models.CharField(max_length=SHA256_LENGTH)
    started_at = models.DateTimeField()
    request = models.OneToOneField(ApprovalRequest, models.PROTECT, null=True, related_name="idempotency_key")

    class Meta:
        verbose_name = _("idempotency key")
        constraints = (
            models.UniqueConstraint("token", "key", name="request_key_once_a_token"),
            models.CheckConstraint(condition=~models.Q(key=""), name="request_key_is_not_empty"),
        )

    def __str__(self) -> str:
        return f"{self.token}: {self.key}"
