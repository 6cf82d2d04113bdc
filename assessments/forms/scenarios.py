"""Forms of exception cases: a decision, a grade, a case that a mentor observed."""

import uuid
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from assessments.forms.labs import FormOfErrors
from assessments.models import CaseDecision, Category, Complexity, Verdict
from assessments.services.scenarios.drills import LONGEST_JUSTIFICATION
from assessments.services.scenarios.grading import LONGEST_COMMENT


class DecisionForm(FormOfErrors):
    decision = forms.ChoiceField(
        label=_("What do you decide?"),
        choices=Verdict.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose approve, deny or escalate.")},
    )
    justification = forms.CharField(
        label=_("Why"),
        max_length=LONGEST_JUSTIFICATION,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("At least one full sentence: which rule decides it, which facts, and what happens next."),
        error_messages={"required": _("Say why in at least one full sentence.")},
    )


class GradeForm(FormOfErrors):
    """`named`: keys of the criteria that the justification names."""

    named = forms.MultipleChoiceField(
        label=_("The justification names"), required=False, widget=forms.CheckboxSelectMultiple
    )
    comment = forms.CharField(
        label=_("Comment"),
        required=False,
        max_length=LONGEST_COMMENT,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("The learner reads it."),
    )

    def __init__(self, *args: Any, case: CaseDecision, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        criteria = case.scenario.criteria if case.scenario else []
        named = self.fields["named"]
        if isinstance(named, forms.MultipleChoiceField):
            named.choices = [(each["key"], each["text"]) for each in criteria]


class ObservedForm(FormOfErrors):
    """A handled exception; `key` is the record's own, so that sending the form twice makes one record."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    category = forms.ChoiceField(label=_("Category"), choices=Category.choices)
    complexity = forms.TypedChoiceField(label=_("Complexity"), choices=Complexity.choices, coerce=int)
    handled_at = forms.DateTimeField(
        label=_("Handled at"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    decision = forms.ChoiceField(
        label=_("The learner decided"), choices=Verdict.choices, widget=forms.RadioSelect
    )
    right = forms.TypedChoiceField(
        label=_("Was that right?"),
        choices=[("yes", _("Yes")), ("no", _("No"))],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
    )
    note = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=LONGEST_COMMENT,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Without names of customers. Where the decision was wrong: what was right, and why."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial = {"key": uuid.uuid4(), "handled_at": timezone.localtime()}
