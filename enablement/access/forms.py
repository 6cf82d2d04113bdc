"""Forms of the approval pages."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from enablement.access import prompts as library
from enablement.access.models import Microtool
from enablement.access.models.approval import COMMENT_MAX, PURPOSE_MAX
from tracks.day_field import DayField
from tracks.words import in_words
from tracks.zones import local_date


class DecisionForm(forms.Form):
    decision = forms.ChoiceField(choices=(("approve", _("Approve")), ("reject", _("Turn down"))))
    comment = forms.CharField(
        label=_("Comment"),
        required=False,
        max_length=COMMENT_MAX,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Whoever asked reads it. Needed to turn a request down."),
    )


class LookForm(forms.Form):
    usable = forms.TypedChoiceField(
        choices=(("yes", _("It may be used")), ("no", _("It must not be used"))),
        coerce=lambda value: value == "yes",
    )
    looked = forms.BooleanField(
        label=_("I have read the whole output in my tool, and it is the one with this fingerprint"),
        error_messages={"required": _("Look at the output first, then tick this.")},
    )


class CommentForm(forms.Form):
    text = forms.CharField(
        label=_("Your comment"), max_length=COMMENT_MAX, widget=forms.Textarea(attrs={"rows": 3})
    )


class AskForm(forms.Form):
    """What a person asks approval for, before the tool is called: one of the tasks that their role names."""

    microtool = forms.ChoiceField(label=_("Tool"))
    workflow_id = forms.ChoiceField(label=_("Task"), help_text=_("For these your role needs an approval."))
    prompt = forms.ChoiceField(
        label=_("Prompt"), required=False, help_text=_("The approval holds for this prompt alone.")
    )
    purpose = forms.CharField(
        label=_("What for"),
        max_length=PURPOSE_MAX,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("For whoever decides: which case, and what happens without it."),
    )

    def __init__(
        self, *args: Any, tools: list[Microtool], workflows: list[str], prompts: list[str], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._choose("microtool", [(tool.key, tool.title) for tool in tools])
        self._choose("workflow_id", [("", _("Choose a task")), *((key, in_words(key)) for key in workflows)])
        titles = library.titles()
        named = sorted((titles.get(key, in_words(key)), key) for key in prompts)
        self._choose("prompt", [("", _("None")), *((key, title) for title, key in named)])

    def _choose(self, name: str, choices: list[Any]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - for the type checker
        field.choices = choices


class DelegateForm(forms.Form):
    """Who decides in an approver's place, from when, until when."""

    email = forms.EmailField(label=_("E-mail address of the delegate"))
    first_day = DayField(label=_("First day"))
    last_day = DayField(
        label=_("Last day"),
        help_text=_("From the day after, only you decide again."),
    )

    def __init__(self, *args: Any, zone: str, at: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["first_day"].initial = local_date(at, zone)
