"""Forms of appeals: say why one disagrees; uphold or reject, with what follows."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from assessments.models import Appeal, Route
from assessments.services.appeals import Answer

Consequence = Appeal.Consequence
UPHOLD, REJECT = "uphold", "reject"


class AppealForm(forms.Form):
    reason = forms.CharField(
        label=_("Why do you disagree?"),
        max_length=2000,
        help_text=_(
            "Somebody who did not judge it reads this. Name the words, the rule or the fact you rely on."
        ),
        widget=forms.Textarea(attrs={"rows": 6}),
    )


class AnswerForm(forms.Form):
    """`consequences` are those open to this person; `rubric` of the criteria that can be marked anew: of an
    answer in words all, of a lab the appealed one.
    """

    verdict = forms.ChoiceField(
        label=_("Verdict"),
        choices=((UPHOLD, _("Uphold: the person is right")), (REJECT, _("Do not uphold: it stays as it is"))),
        widget=forms.RadioSelect,
    )
    decision = forms.ChoiceField(
        label=_("Who handles this case?"), choices=Route.choices, widget=forms.RadioSelect, required=False
    )
    usable = forms.ChoiceField(
        label=_("May the output be used as it stands?"),
        choices=(("yes", _("Yes, as it stands")), ("no", _("No"))),
        widget=forms.RadioSelect,
        required=False,
    )
    text = forms.CharField(
        label=_("Answer to the person"), max_length=2000, widget=forms.Textarea(attrs={"rows": 4})
    )
    note = forms.CharField(
        label=_("Reasons that name what is right"),
        max_length=2000,
        required=False,
        help_text=_("The person reads these only once the quiz shows its right answers."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(
        self,
        *args: Any,
        kind: str,
        consequences: Sequence[str],
        rubric: Sequence[Mapping[str, Any]],
        hidden: bool,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.kind, self.rubric = kind, rubric
        self.consequences = consequences
        labels = dict(Consequence.choices)
        if len(consequences) > 1:
            self.fields["consequence"] = forms.ChoiceField(
                label=_("If you uphold it"),
                choices=[(each, labels[each].capitalize()) for each in consequences],
                widget=forms.RadioSelect,
                required=False,
            )
        if kind != Appeal.Kind.SAMPLE:
            del self.fields["decision"], self.fields["usable"]
        if kind != Appeal.Kind.QUESTION:
            del self.fields["note"]
        elif hidden:
            self.fields["text"].help_text = _(
                "Do not name the right answer: the quiz still keeps it to itself."
            )
        self._add_marks()
        self.order_fields(["verdict", "consequence", *self.mark_names, "decision", "usable", "text", "note"])

    @property
    def mark_names(self) -> list[str]:
        return [f"mark-{criterion['key']}" for criterion in self.rubric]

    def _add_marks(self) -> None:
        for name, criterion in zip(self.mark_names, self.rubric, strict=True):
            levels = [
                (level["points"], f"{level['title']} ({level['points']})") for level in criterion["levels"]
            ]
            self.fields[name] = forms.ChoiceField(
                label=_("New mark: %(title)s") % {"title": criterion["title"]},
                choices=[("", _("no new mark")), *levels],
                required=False,
            )

    def answer(self) -> Answer:
        """What was filled in; the service says what is missing."""
        data = self.cleaned_data
        marks = {
            criterion["key"]: data[name]
            for name, criterion in zip(self.mark_names, self.rubric, strict=True)
            if data.get(name)
        }
        only = self.consequences[0] if len(self.consequences) == 1 else Consequence.NONE
        first = next(iter(marks.values()), "")
        return Answer(
            upheld=data["verdict"] == UPHOLD,
            text=data["text"],
            note=data.get("note", ""),
            consequence=data.get("consequence") or only,
            marks=marks,
            points=int(first) if self.kind == Appeal.Kind.LAB and first else None,
            decision=data.get("decision", ""),
            usable={"yes": True, "no": False}.get(data.get("usable", "")),
        )

    def add_errors(self, error: ValidationError) -> None:
        """Errors of the service: by field, by criterion, or of the whole."""
        by_name = error.error_dict if hasattr(error, "error_dict") else {}
        for name, errors in by_name.items():
            known = [name, f"mark-{name}", *(self.mark_names if name == "points" else [])]
            target = next((each for each in known if each in self.fields), None)
            self.add_error(target, errors)
        if not by_name:
            self.add_error(None, error)
