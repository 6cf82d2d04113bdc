"""Gates and the policy in force, both written by applying a playbook."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Gate(models.Model):
    """What must be shown on a track before its tools open. `tree` is described in `access.gates`.

    immediate: a change of it binds at once whoever holds its tools, not at their re-certification.
    """

    track = models.OneToOneField("tracks.Track", models.PROTECT, related_name="gate")
    tree = models.JSONField(_("requirements"), default=dict)
    immediate = models.BooleanField(_("changes bind holders at once"), default=False)

    class Meta:
        verbose_name = _("gate")

    def __str__(self) -> str:
        return str(self.track)


class FormerGate(models.Model):
    """A gate that `revision` replaced, and by which who held a tool then may keep it (decision 116)."""

    track = models.ForeignKey("tracks.Track", models.PROTECT, related_name="former_gates")
    tree = models.JSONField(_("requirements"))
    replaced_at = models.DateTimeField(_("replaced"))
    until = models.DateTimeField(_("counts until, at the latest"))
    revision = models.PositiveIntegerField(_("replaced by revision"))

    class Meta:
        verbose_name = _("former gate")
        indexes = (models.Index(fields=("revision",), name="former_gate_by_revision"),)

    def __str__(self) -> str:
        return f"{self.track} before revision {self.revision}"


#: Of the seed's playbook: 24 months.
RETENTION_DAYS = 730


class Policy(models.Model):
    """The one policy in force: what decisions read besides grants. A row, so that no process caches it.

    regions: allowed regions. yellow_zone_terms: words that make an output wait for a person.
    owners: `{"security_partner": e-mail, …}`. slo: targets of the playbook.
    overlays: as `access.overlays.Overlay` reads them. lines_of_business: `{key: risk tolerance}`.
    stops: `{"microtool" | "model" | "region": [value, …]}`, the live rows of `Stop`, kept by its services.
    keeps_content, retention_days: the playbook's `observability`; the texts of calls, without personal data.
    """

    SINGLETON = 1

    id = models.PositiveSmallIntegerField(primary_key=True, default=SINGLETON, editable=False)
    revision = models.PositiveIntegerField(_("revision"))
    regions = models.JSONField(_("allowed regions"), default=list)
    yellow_zone_terms = models.JSONField(_("yellow-zone terms"), default=list)
    block_on_confidence_lt = models.DecimalField(
        _("outputs below this confidence are blocked"), max_digits=4, decimal_places=3
    )
    manual_review_required = models.BooleanField(_("yellow-zone outputs need a review"), default=True)
    owners = models.JSONField(_("owners"), default=dict)
    slo = models.JSONField(_("service levels"), default=dict)
    overlays = models.JSONField(_("overlays"), default=list, blank=True)
    lines_of_business = models.JSONField(_("lines of business"), default=dict, blank=True)
    stops = models.JSONField(_("stopped"), default=dict, blank=True)
    keeps_content = models.BooleanField(_("prompts and outputs are kept"), default=True)
    retention_days = models.PositiveIntegerField(_("days for which they are kept"), default=RETENTION_DAYS)

    class Meta:
        verbose_name = _("policy")
        verbose_name_plural = _("policies")
        constraints = (
            models.CheckConstraint(condition=models.Q(id=1), name="policy_is_the_only_one"),
            models.CheckConstraint(condition=models.Q(retention_days__gte=1), name="policy_keeps_for_a_day"),
        )

    def __str__(self) -> str:
        return f"revision {self.revision}"
