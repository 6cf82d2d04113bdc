"""What is looked for in the decision log and in the role audit."""

from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enablement.access.api.serializers import REASONS
from enablement.access.decision_log import OUTCOMES, Wanted
from enablement.access.models import Microtool, OutcomeReport
from enablement.people.models import User
from tracks.day_field import DayField, refuse_unordered
from tracks.models import Cohort

#: More people than that are no answer to “who”.
MAX_PEOPLE = 20
_EVERY = ("", _("Any"))


def tool_field() -> "forms.ModelChoiceField[Microtool]":
    return forms.ModelChoiceField(
        label=_("Tool"),
        queryset=Microtool.objects.all(),
        to_field_name="key",
        required=False,
        empty_label=_("Any"),
    )


class _AuditForm(forms.Form):
    """`cleaned_data["person"]` is a set of ids, None for whoever it was; `text` keeps what was typed."""

    person = forms.CharField(label=_("Name or e-mail address"), max_length=254, required=False)

    def clean_person(self) -> frozenset[UUID] | None:
        text = self.cleaned_data["person"]
        if not text:
            return None
        exact = User.objects.filter(email__iexact=text)
        found = exact or User.objects.filter(Q(name__icontains=text) | Q(email__icontains=text))
        ids = frozenset(found.values_list("pk", flat=True)[: MAX_PEOPLE + 1])
        if not ids:
            raise forms.ValidationError(_("Nobody here has this name or address."), code="nobody")
        if len(ids) > MAX_PEOPLE:
            message = _("More than %(n)d people have this in their name; write more of it.")
            raise forms.ValidationError(message, code="too_many", params={"n": MAX_PEOPLE})
        return ids

    @property
    def text(self) -> str:
        return str(self.data.get("person", "")).strip()


class DecisionSearchForm(_AuditForm):
    """Days are the reader's, in their zone; both are included."""

    microtool = tool_field()
    outcome = forms.ChoiceField(
        label=_("Outcome"),
        required=False,
        choices=[_EVERY, *((key, words) for key, (words, _tone) in OUTCOMES.items())],
    )
    reason = forms.ChoiceField(label=_("Reason"), required=False, choices=[_EVERY, *REASONS.items()])
    reported = forms.ChoiceField(
        label=_("What became of it"), required=False, choices=[_EVERY, *OutcomeReport.Outcome.choices]
    )
    first = DayField(label=_("From"), required=False)
    last = DayField(label=_("To"), required=False)

    def clean(self) -> dict[str, Any]:
        refuse_unordered(self, "first", "last")
        return self.cleaned_data

    def wanted(self) -> Wanted:
        data, tool = self.cleaned_data, self.cleaned_data["microtool"]
        return Wanted(
            people=data["person"],
            microtool=tool.key if tool else "",
            outcome=data["outcome"],
            reason=data["reason"],
            reported=data["reported"],
            since=start_of(data["first"]),
            until=start_of(data["last"] + timedelta(days=1)) if data["last"] else None,
        )


def start_of(day: date | None) -> datetime | None:
    return timezone.make_aware(datetime.combine(day, time.min)) if day else None


class RoleAuditForm(_AuditForm):
    """A moment in the reader's zone; now where none is given, never later."""

    at = forms.DateTimeField(
        label=_("At this moment"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    tool = tool_field()
    cohort = forms.ModelChoiceField(
        label=_("Cohort"), queryset=Cohort.objects.all(), required=False, empty_label=_("Any")
    )
    show = forms.ChoiceField(
        label=_("Show"), required=False, choices=[("", _("What was open")), ("all", _("Closed tools too"))]
    )
    field_order = ("at", "person", "cohort", "tool", "show")

    def clean_at(self) -> datetime:
        now = timezone.now()
        at: datetime = self.cleaned_data["at"] or now
        if at > now:
            raise forms.ValidationError(_("This moment is still to come."), code="future")
        return at

    @property
    def people(self) -> frozenset[UUID] | None:
        """Who is looked for: by name, of a cohort (whoever is or was in it), or both; None for all."""
        named: frozenset[UUID] | None = self.cleaned_data["person"]
        cohort: Cohort | None = self.cleaned_data["cohort"]
        if cohort is None:
            return named
        enrolled = frozenset(cohort.enrolments.values_list("user_id", flat=True))
        return enrolled if named is None else enrolled & named

    @property
    def microtool(self) -> str:
        tool = self.cleaned_data["tool"]
        return tool.key if tool else ""
