"""Forms of the pages on which access is changed by hand."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from enablement.access.models import Microtool, Stop

REASON_MAX = 500


class ReasonForm(forms.Form):
    reason = forms.CharField(
        max_length=REASON_MAX,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("It stays on record beside the step."),
    )

    def __init__(self, *args: Any, label: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].label = label


#: The choice of a model that is written, because no call has named it yet.
_WRITTEN = f"{Stop.Kind.MODEL}:"


class StopForm(forms.Form):
    """One choice of all that is known; only a model that no call has named yet is written."""

    what = forms.ChoiceField(label=_("What to stop"), error_messages={"required": _("Choose what to stop.")})
    model = forms.CharField(
        label=_("Another model"),
        max_length=255,
        required=False,
        help_text=_("Where it is not in the list: as gateways send it, gpt-4o-mini, say."),
    )
    unseen = forms.BooleanField(
        label=_("No call has named this model yet; stop it all the same"), required=False
    )
    reason = forms.CharField(
        label=_("Reason"), max_length=REASON_MAX, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(
        self,
        *args: Any,
        microtools: QuerySet[Microtool],
        regions: list[str],
        models: list[str],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._models = {name.casefold(): name for name in models}
        listed = [(f"{Stop.Kind.MODEL}:{name}", name) for name in models]
        groups = [
            (_("Tools"), [(f"{Stop.Kind.MICROTOOL}:{tool.key}", tool.title) for tool in microtools]),
            (_("Regions"), [(f"{Stop.Kind.REGION}:{name}", name) for name in regions]),
            (_("Models"), [*listed, (_WRITTEN, _("Another model, written below"))]),
        ]
        field = self.fields["what"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - for the type checker
        field.choices = [("", _("Choose")), *((label, rows) for label, rows in groups if rows)]
        self.fields["unseen"].widget = forms.HiddenInput()

    def clean(self) -> dict[str, str]:
        """`kind`, `value` and `reason`, as the service takes them."""
        data = self.cleaned_data
        what, model = data.get("what", ""), data.get("model", "").strip()
        kind, _colon, value = what.partition(":")
        if what == _WRITTEN:
            value = self._models.get(model.casefold(), model)
            if not model:
                self.add_error("model", ValidationError(_("Say which model."), code="required"))
            elif value not in self._models.values() and not data.get("unseen"):
                self._ask_about(model)
        elif what and model:
            message = _("Leave this empty, or choose “Another model” above: one thing is stopped at a time.")
            self.add_error("model", ValidationError(message, code="both"))
        return {"kind": kind, "value": value, "reason": data.get("reason", "")}

    def _ask_about(self, model: str) -> None:
        """It may be a typing mistake, and what is meant would go on: so it takes a second look."""
        self.fields["unseen"].widget = forms.CheckboxInput()
        message = gettext("No call has named “%(name)s” yet. If it is right, say so below and stop it again.")
        self.add_error("model", ValidationError(message % {"name": model}, code="unseen"))
