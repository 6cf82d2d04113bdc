"""Forms of the webhook pages."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from enablement.access.models import Microtool
from enablement.webhooks.models.endpoint import URL_MAX


class EndpointForm(forms.Form):
    name = forms.CharField(
        label=_("Name"), max_length=100, help_text=_("Which program listens there: zendesk-gateway, say.")
    )
    url = forms.CharField(
        label=_("Address"),
        max_length=URL_MAX,
        widget=forms.URLInput(),
        help_text=_("Where events are sent by POST: https://hooks.example.com/enablement, say."),
    )
    microtools = forms.MultipleChoiceField(
        label=_("Tools"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("What it hears of. Without a tick it hears of every tool, later ones too."),
    )

    def __init__(self, *args: Any, kept: Iterable[str] = (), **kwargs: Any) -> None:
        """`kept`: keys of tools that stay to be chosen though they are retired."""
        super().__init__(*args, **kwargs)
        field = self.fields["microtools"]
        assert isinstance(field, forms.MultipleChoiceField)  # noqa: S101 - for the type checker
        tools = Microtool.objects.live() | Microtool.objects.filter(key__in=list(kept))
        field.choices = [(tool.key, str(tool)) for tool in tools.order_by("key")]
