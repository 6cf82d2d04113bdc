"""The form on which a prompt is proposed as a step of a procedure."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.validators import MinValueValidator
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from enablement.access import approvers
from enablement.access.models import SOP, Policy, Prompt, RoleProfile
from tracks.models import Role
from tracks.words import in_words

_LONG = 4_000


class PromoteForm(forms.Form):
    """`sop`, `after` and `step()` as `promoting.promote` takes them. `possible`: whether there is a place."""

    place = forms.ChoiceField(label=_("Where"))
    title = forms.CharField(
        label=_("What the step is called"),
        max_length=200,
        help_text=_("What the person does, in a few words: “Have the ticket summarised”."),
    )
    text = forms.CharField(
        label=_("What to do"),
        max_length=_LONG,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("Also what to do without the tool. Markdown."),
    )
    threshold = forms.DecimalField(
        label=_("Confidence below which the output is compared with its source"),
        required=False,
        max_digits=4,
        decimal_places=3,
        max_value=1,
    )
    approver = forms.ChoiceField(label=_("Who approves before the next step"), required=False)
    task = forms.ChoiceField(
        label=_("Task that needs an approval"),
        required=False,
        help_text=_("Where the role has to ask before it does this."),
    )
    reason = forms.CharField(
        label=_("Why it should be a step"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("For whoever approves it."),
    )

    def __init__(self, *args: Any, prompt: Prompt, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.prompt = prompt
        profiles = RoleProfile.objects.filter(role__retired_at=None).select_related("role")
        holding = [profile for profile in profiles if prompt.key in profile.prompts]
        rows = SOP.objects.in_force().filter(role__in=[profile.role_id for profile in holding])
        places = [place for sop in rows.prefetch_related("steps") for place in _places(sop)]
        self.possible = bool(places)
        tasks = sorted({task for profile in holding for task in profile.approvals})
        self._choose("place", [("", _t("Choose a place")), *places])
        self._choose("approver", [("", _t("Nobody")), *_approvers()])
        self._choose("task", [("", _t("None")), *((task, in_words(task)) for task in tasks)])
        self._bound_threshold()

    def clean(self) -> dict[str, Any]:
        tool = self.prompt.microtool
        if self.cleaned_data.get("threshold") is not None and tool and tool.confidence_threshold is None:
            self.add_error("threshold", _t("Every output of this tool is looked at: leave it empty."))
        return self.cleaned_data

    @property
    def sop(self) -> str:
        return str(self.cleaned_data["place"]).partition("/")[0]

    @property
    def after(self) -> str:
        return str(self.cleaned_data["place"]).partition("/")[2]

    def step(self) -> dict[str, Any]:
        said = self.cleaned_data
        threshold = said["threshold"]
        return {
            "title": said["title"].strip(),
            "text": said["text"],
            "prompt": self.prompt.key,
            "tool": self.prompt.microtool.key if self.prompt.microtool else "",
            "threshold": float(threshold) if threshold is not None else None,
            "approver": said["approver"],
            "task": said["task"],
        }

    def _bound_threshold(self) -> None:
        """A procedure may ask for more than its tool, never for less."""
        own = self.prompt.microtool.confidence_threshold if self.prompt.microtool else None
        field = self.fields["threshold"]
        if own is not None and isinstance(field, forms.DecimalField):
            shown = f"{own.normalize():f}"
            field.validators.append(MinValueValidator(own))
            field.widget.attrs |= {"min": shown, "step": "0.001"}
            field.help_text = _t("At least %(own)s, the tool's own. Empty: the tool's own.") % {"own": shown}

    def _choose(self, name: str, choices: Sequence[Any]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - for the type checker
        field.choices = choices


def _places(sop: SOP) -> list[tuple[str, str]]:
    """Every place in a procedure; each says which one, because a closed list shows nothing else."""
    first = _t("%(procedure)s: as the first step") % {"procedure": sop}
    steps = sorted(sop.steps.all(), key=lambda step: step.number)
    after = _t("%(procedure)s: after %(step)s")
    return [
        (f"{sop.key}/", first),
        *((f"{sop.key}/{step.key}", after % {"procedure": sop, "step": step}) for step in steps),
    ]


def _approvers() -> list[tuple[str, str]]:
    """Roles and owners that a step may name; one for the two names of the managers."""
    policy = Policy.objects.first()
    names = [*approvers.STEP_ROLES, *Role.objects.live().values_list("key", flat=True)]
    names += list(policy.owners) if policy else []
    title = approvers.titles()
    by_role = {approvers.role_of(name): name for name in reversed(names)}
    return sorted(((name, title(name)) for name in by_role.values()), key=lambda choice: choice[1])
