"""The form on which a mentor marks answers in words."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from assessments.selectors.marking import AnswerInWords


class MarkingForm(forms.Form):
    """For each answer one field a criterion, `mark-<position>-<key>`, and `comment-<position>`."""

    def __init__(self, *args: Any, answers: Sequence[AnswerInWords], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.answers = answers
        for answer in answers:
            for criterion in answer.rubric:
                self.fields[f"mark-{answer.position}-{criterion['key']}"] = forms.CharField(
                    label=criterion["title"], required=False, max_length=10
                )
            self.fields[f"comment-{answer.position}"] = forms.CharField(
                label=_("Comment"),
                required=False,
                max_length=2000,
                help_text=_(
                    "Say what was good and what was missing. The person reads it with the result: leave out "
                    "which decision is right, the quiz says that when it may."
                ),
                widget=forms.Textarea(attrs={"rows": 3}),
            )

    @property
    def marks(self) -> dict[int, dict[str, object]]:
        """Points as text, by position and criterion; the service says whether they are levels."""
        return {
            answer.position: {
                criterion["key"]: value
                for criterion in answer.rubric
                if (value := self.cleaned_data[f"mark-{answer.position}-{criterion['key']}"])
            }
            for answer in self.answers
        }

    @property
    def comments(self) -> dict[int, str]:
        return {answer.position: self.cleaned_data[f"comment-{answer.position}"] for answer in self.answers}

    @property
    def parts(self) -> list[dict[str, Any]]:
        """Each answer with its rubric's criteria as the pages' component takes them, and its comment."""
        return [
            {
                "answer": answer,
                "criteria": [
                    self._criterion(f"mark-{answer.position}-{criterion['key']}", criterion)
                    for criterion in answer.rubric
                ],
                "comment": self[f"comment-{answer.position}"],
            }
            for answer in self.answers
        ]

    def _criterion(self, name: str, criterion: Any) -> dict[str, Any]:
        return {
            "name": name,
            "title": criterion["title"],
            "levels": [
                {"value": str(level["points"]), "label": level["title"], "text": level["description"]}
                for level in criterion["levels"]
            ],
            "chosen": str(self[name].value() or ""),
            "error": " ".join(map(str, self.errors.get(name, []))),
        }

    def add_errors(self, error: ValidationError) -> None:
        """Errors of the service, by "position-criterion"."""
        for name, errors in error.error_dict.items():
            self.add_error(f"mark-{name}", errors)
