"""Forms of question files: what comes in, and what its author agrees to."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from assessments.formats.parsed import MAX_BYTES

MAX_NAME = 200


class QuestionFileForm(forms.Form):
    """`cleaned_data["file"]` is of a size that may be read; `tag` may be empty."""

    file = forms.FileField(
        label=_("Question file"),
        max_length=MAX_NAME,
        help_text=_("GIFT (.txt, .gift), Moodle XML (.xml) or QTI 3 (.xml, .zip). At most 10 MB."),
        widget=forms.ClearableFileInput(attrs={"accept": ".txt,.gift,.xml,.zip"}),
    )
    tag = forms.SlugField(
        label=_("Tag for all of them"),
        required=False,
        help_text=_("Quizzes draw by tag. Categories and tags of the file become tags too."),
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        # Its size is known before a byte of it is read.
        if file.size > MAX_BYTES:
            raise forms.ValidationError(_("The file is larger than 10 MB. Split it."), code="too_large")
        return file


class AgreeForm(forms.Form):
    """`seen`: the plan that was on the page. `agree` is asked only where something would be lost."""

    seen = forms.CharField(max_length=64, widget=forms.HiddenInput)
    agree = forms.BooleanField(
        label=_("I have read what is left out and what changes, and agree to it"), required=True
    )

    def __init__(self, *args: Any, losses: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not losses:
            del self.fields["agree"]
