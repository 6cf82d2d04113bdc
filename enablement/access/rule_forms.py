"""The form on which a rule is tried out."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from enablement.access.api.serializers import MAX_TEXT
from enablement.access.decisions.approval_rule import ApprovalRuleError, parse
from enablement.access.models import Microtool, Policy
from enablement.people.models import User
from tracks.models import Role

MAX_RULE = 2_000


class ToolForm(forms.Form):
    """Which tool's rule is shown; its name is the address's only parameter."""

    tool = forms.ModelChoiceField(
        label=_("Tool"),
        queryset=Microtool.objects.live(),
        to_field_name="key",
        empty_label=None,
    )


class ExampleForm(forms.Form):
    """A rule, the words of the yellow zone, and an example to decide."""

    rule = forms.CharField(
        label=_("Approval rule"),
        required=False,
        max_length=MAX_RULE,
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}),
        help_text=_("As the tool has it. Change it to see what another rule would do; nothing is kept."),
    )
    terms = forms.CharField(
        label=_("Yellow-zone terms"),
        required=False,
        max_length=MAX_RULE,
        help_text=_("With commas between them."),
    )
    role = forms.ModelChoiceField(
        label=_("Role"), queryset=Role.objects.live(), to_field_name="key", empty_label=None
    )
    works_in = forms.ChoiceField(
        label=_("Works in"), required=False, help_text=_("Stricter rules may hold for a region.")
    )
    line = forms.ChoiceField(
        label=_("Line of business"), required=False, help_text=_("Or for a line of business.")
    )
    action = forms.ChoiceField(
        label=_("What for"),
        choices=(
            ("apply", _("Using what the tool wrote")),
            ("invoke", _("Calling the tool")),
        ),
    )
    region = forms.ChoiceField(label=_("Region of the call"), required=False)
    prompt = forms.ChoiceField(label=_("Prompt"), required=False)
    workflow = forms.CharField(
        label=_("Task"),
        required=False,
        max_length=255,
        help_text=_("As gateways send it, refund_credits say."),
    )
    confidence = forms.DecimalField(
        label=_("Confidence"), required=False, min_value=0, max_value=1, help_text=_("From 0 to 1.")
    )
    text = forms.CharField(
        label=_("Output"),
        required=False,
        max_length=MAX_TEXT,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("It is decided on and forgotten."),
    )

    def __init__(self, *args: Any, tool: Microtool, **kwargs: Any) -> None:
        policy = Policy.objects.first()
        super().__init__(*args, **kwargs)
        self.initial = {
            "rule": tool.approval_rule,
            "terms": ", ".join(policy.yellow_zone_terms) if policy else "",
            "role": tool.track.role.key if tool.track else None,
        }
        prompts = tool.prompts.filter(retired_at=None).values_list("key", flat=True)
        self._offer("prompt", _("None"), {key: key for key in prompts})
        self._offer_places(policy)

    def _offer_places(self, policy: Policy | None) -> None:
        """Regions of the playbook and of the roster; the lines of business that the playbook knows."""
        allowed = policy.regions if policy else []
        known = User.objects.exclude(region="").order_by().values_list("region", flat=True).distinct()
        regions = {region: region for region in sorted({*allowed, *known})}
        lines = policy.lines_of_business if policy else {}
        risk = _("%(line)s (%(risk)s risk tolerance)")
        self._offer("works_in", _("Not on record"), regions)
        self._offer(
            "line", _("Not on record"), {line: risk % {"line": line, "risk": lines[line]} for line in lines}
        )
        self._offer("region", _("Not said"), {region: region for region in allowed})
        first = next(iter(allowed), "")
        self.initial = {**self.initial, "works_in": first, "region": first}

    def _offer(self, name: str, empty: str | Promise, choices: Mapping[str, str]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - for the type checker
        field.choices = [("", empty), *choices.items()]

    def clean_rule(self) -> str:
        """Sound, or empty. The message says line and column."""
        rule: str = self.cleaned_data["rule"].strip()
        if rule:
            try:
                parse(rule)
            except ApprovalRuleError as error:
                words = _("Line %(line)d, column %(column)d: %(message)s.")
                place = {"line": error.line, "column": error.column, "message": error}
                raise ValidationError(words, code="rule", params=place) from error
        return rule

    def clean_terms(self) -> list[str]:
        return [term for part in self.cleaned_data["terms"].split(",") if (term := part.strip())]
