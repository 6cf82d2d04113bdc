"""The form on which a change of a ruling is proposed."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from enablement.access.models import RoleProfile, Ruling
from tracks.models import Module, Role
from tracks.words import capitalised

_LONG = 2_000


class RulingForm(forms.Form):
    """`activity()` as roles.yaml has it. The key of an activity that is there cannot be changed."""

    key = forms.SlugField(
        label=_("Key of the activity"),
        max_length=100,
        help_text=_("As gateways send it: letters, digits and hyphens. It stays for good."),
    )
    line = forms.ChoiceField(label=_("Line"), choices=capitalised(Ruling.Line), widget=forms.RadioSelect)
    text = forms.CharField(label=_("What"), max_length=_LONG, widget=forms.Textarea(attrs={"rows": 2}))
    why = forms.CharField(label=_("Why"), max_length=_LONG, widget=forms.Textarea(attrs={"rows": 3}))
    prompt = forms.ChoiceField(label=_("Prompt"), required=False)
    taught_in = forms.MultipleChoiceField(
        label=_("Modules that teach it"), required=False, widget=forms.CheckboxSelectMultiple
    )
    reason = forms.CharField(
        label=_("Why it should change"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("For whoever looks at the plan and applies it."),
    )

    def __init__(self, *args: Any, role: Role, ruling: Ruling | None, **kwargs: Any) -> None:
        initial: dict[str, Any] = {}
        if ruling is not None:
            links = ruling.taught_in.select_related("module__track")
            initial = {
                "line": ruling.line,
                "text": ruling.text,
                "why": ruling.reason,
                "prompt": ruling.prompt,
                "taught_in": [f"{link.module.track.key}/{link.module.key}" for link in links],
            }
        super().__init__(*args, **kwargs)
        self.initial = initial
        self.workflow = ruling.workflow if ruling else ""
        if ruling is not None:
            del self.fields["key"]
        profile = RoleProfile.objects.filter(role=role).first()
        self._choose(
            "prompt", [("", _("None")), *((key, key) for key in (profile.prompts if profile else ()))]
        )
        modules = Module.objects.live().filter(track__role=role, track__retired_at=None)
        rows = modules.select_related("track").order_by("track__position", "position")
        self._choose("taught_in", [(f"{row.track.key}/{row.key}", row.title) for row in rows])

    def activity(self) -> dict[str, Any]:
        said = self.cleaned_data
        return {
            "key": self.workflow or said["key"],
            "text": said["text"].strip(),
            "why": said["why"].strip(),
            "prompt": said["prompt"],
            "taught_in": said["taught_in"],
        }

    def _choose(self, name: str, choices: list[Any]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - for the type checker
        field.choices = choices
