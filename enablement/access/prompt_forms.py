"""The form on which a version of a prompt is written."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from enablement.access.models import PromptVersion
from enablement.access.prompt_texts import MAX_TEXT, PromptSpec


class PromptForm(forms.Form):
    """`spec()` is sound. Filled in with `version`, on which the new one builds."""

    title = forms.CharField(label=_("Title"), max_length=200)
    text = forms.CharField(
        label=_("Text"),
        max_length=MAX_TEXT,
        widget=forms.Textarea(attrs={"rows": 14}),
        help_text=_("Write {{ ticket }} where something is filled in."),
    )
    variables = forms.CharField(
        label=_("Variables"),
        required=False,
        max_length=4_000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("One a line: the name, a colon, what to fill in."),
    )
    model_hint = forms.CharField(label=_("Model it was written for"), max_length=200, required=False)
    changelog = forms.CharField(
        label=_("What is new"), max_length=500, help_text=_("For whoever approves it, and for its users.")
    )

    def __init__(self, *args: Any, version: PromptVersion | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if version is not None:
            lines = [f"{name}: {words}" for name, words in version.variables.items()]
            self.initial = {
                "title": version.title,
                "text": version.text,
                "variables": "\n".join(lines),
                "model_hint": version.model_hint,
            }

    def clean_variables(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for number, line in enumerate(self.cleaned_data["variables"].splitlines(), start=1):
            name, colon, words = (part.strip() for part in line.partition(":"))
            if not line.strip():
                continue
            if not (name and colon and words) or name in found:
                raise ValidationError(
                    _("Line %(number)d: write a name once, a colon, and what to fill in."),
                    code="variables",
                    params={"number": number},
                )
            found[name] = words
        return found

    def clean(self) -> dict[str, Any]:
        if {"text", "variables", "title"} <= self.cleaned_data.keys():
            for message, line, column in self.spec().faults():
                place = _("Line %(line)d, column %(column)d: %(message)s.")
                values = {"line": line, "column": column, "message": message}
                self.add_error(
                    "text" if line else "variables",
                    ValidationError(place if line else "%(message)s.", code="prompt", params=values),
                )
        return self.cleaned_data

    def spec(self) -> PromptSpec:
        said = self.cleaned_data
        return PromptSpec(
            title=said["title"].strip(),
            text="\n".join(line.rstrip() for line in said["text"].strip().splitlines()),
            variables=said["variables"],
            model_hint=said.get("model_hint", "").strip(),
        )
