"""Forms of lab work: evidence, marks, withdrawal."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from assessments.models import Submission
from assessments.services.labs.evidence import ACCEPT, CheckedFile, check_file
from assessments.services.labs.marking import LONGEST_COMMENT
from tracks.errors import Refused
from tracks.models import Lab

if TYPE_CHECKING:
    from django.core.files import File

_LONGEST_TEXT = 50_000


class FilesInput(forms.ClearableFileInput):
    """Several files at once."""

    allow_multiple_selected = True


class FilesField(forms.Field):
    """Uploaded files as they came; the form looks into them."""

    widget = FilesInput

    def to_python(self, value: Any) -> "list[File[bytes]]":
        if not value:
            return []
        return value if isinstance(value, list) else [value]


class FormOfErrors(forms.Form):
    """Takes in what a service found wrong, by field."""

    def add_errors(self, error: ValidationError, *, prefix: str = "") -> None:
        found = error.message_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.messages}
        for name, problems in found.items():
            field = f"{prefix}{name}"
            for problem in problems:
                self.add_error(field if field in self.fields else None, problem)


def as_validation_error(error: Refused | ValidationError) -> ValidationError:
    """What a service raised, for `add_errors`."""
    return error if isinstance(error, ValidationError) else ValidationError(error.message, code=error.code)


class LabWorkForm(FormOfErrors):
    """Text, link and files as far as the lab takes them.

    A draft may lack what handing in demands, so nothing is missed here: the service says it. Files are
    checked one by one; `good_files` can be kept, whatever is wrong with the others.
    """

    text = forms.CharField(
        label=_("Your work"),
        max_length=_LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 14}),
        help_text=_("You can use Markdown for headings, lists and tables."),
    )
    link = forms.URLField(label=_("Link"), max_length=500, assume_scheme="https")
    files = FilesField(  # type: ignore[assignment]  # a field here, uploads on the bound form: Django's own names
        label=_("Files"),
        widget=FilesInput(attrs={"accept": ACCEPT}),
    )

    def __init__(self, *args: Any, lab: Lab, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lab = lab
        self.good_files: list[CheckedFile] = []
        self.fields["files"].help_text = _files_help(lab)
        if lab.file_types:
            accept = ",".join(f".{kind}" for kind in lab.file_types)
            self.fields["files"].widget.attrs["accept"] = accept
        for name, kind in (("text", "text"), ("link", "link"), ("files", "file")):
            demand = lab.evidence.get(kind, "none")
            if demand == "none":
                del self.fields[name]
            else:
                self.fields[name].required = demand == "required"

    def full_clean(self) -> None:
        demanded = {name: field.required for name, field in self.fields.items()}
        for field in self.fields.values():
            field.required = False
        super().full_clean()
        for name, field in self.fields.items():
            field.required = demanded[name]

    def clean_files(self) -> list[CheckedFile]:
        errors: list[ValidationError] = []
        for file in self.cleaned_data["files"]:
            try:
                self.good_files.append(check_file(file, lab=self.lab))
            except ValidationError as error:
                errors += [ValidationError(message) for message in error.messages]
        if errors:
            raise ValidationError(errors)
        return self.good_files


def _files_help(lab: Lab) -> str:
    kinds = (
        _("Files of type %(types)s") % {"types": ", ".join(lab.file_types)}
        if lab.file_types
        else _("Text, PDF, image, Word or Excel without macros")
    )
    if lab.min_files > 1:
        return _("%(kinds)s; %(min)d to %(max)d files of at most 10 MB.") % {
            "kinds": kinds,
            "min": lab.min_files,
            "max": lab.max_files,
        }
    return ngettext(
        "%(kinds)s; at most %(max)d file of 10 MB.",
        "%(kinds)s; at most %(max)d files of 10 MB.",
        lab.max_files,
    ) % {"kinds": kinds, "max": lab.max_files}


class ReviewForm(FormOfErrors):
    """Marks and a note by criterion, a comment, and the hash of the evidence that the page showed."""

    comment = forms.CharField(
        label=_("Comment"),
        required=False,
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("The learner reads it. To send the work back, say what has to change."),
    )
    evidence_hash = forms.CharField(max_length=64, widget=forms.HiddenInput)

    def __init__(self, *args: Any, submission: Submission, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial = {"evidence_hash": submission.content_hash}
        self.rubric = submission.lab.rubric
        for criterion in self.rubric:
            self.fields[f"mark-{criterion['key']}"] = forms.TypedChoiceField(
                label=criterion["title"],
                required=False,
                coerce=int,
                empty_value=None,
                choices=[(level["points"], level["title"]) for level in criterion["levels"]],
            )
            self.fields[f"note-{criterion['key']}"] = forms.CharField(
                label=_("Note on “%(criterion)s”") % {"criterion": criterion["title"]},
                required=False,
                max_length=LONGEST_COMMENT,
                widget=forms.Textarea(attrs={"rows": 2}),
            )

    @property
    def marks(self) -> dict[str, int]:
        """What was chosen, by the criterion's key."""
        chosen = {
            criterion["key"]: self.cleaned_data[f"mark-{criterion['key']}"] for criterion in self.rubric
        }
        return {key: points for key, points in chosen.items() if points is not None}

    @property
    def comments(self) -> dict[str, str]:
        """What was noted, by the criterion's key."""
        noted = {criterion["key"]: self.cleaned_data[f"note-{criterion['key']}"] for criterion in self.rubric}
        return {key: note for key, note in noted.items() if note}

    @property
    def criteria(self) -> list[dict[str, Any]]:
        """What the page's rubric shows of each criterion."""
        return [self._criterion(criterion) for criterion in self.rubric]

    def _criterion(self, criterion: dict[str, Any]) -> dict[str, Any]:
        field = self[f"mark-{criterion['key']}"]
        chosen = field.value()
        return {
            "name": field.html_name,
            "legend": criterion["title"],
            "minimum": criterion.get("minimum", 0),
            "weight": criterion.get("weight", 1),
            "note": self[f"note-{criterion['key']}"],
            "error": " ".join(map(str, field.errors)),
            "chosen": "" if chosen is None else str(chosen),
            "levels": [
                {"value": level["points"], "label": level["title"], "text": level["description"]}
                for level in criterion["levels"]
            ],
        }


class CountersignForm(FormOfErrors):
    """The hash of the evidence that the page showed."""

    evidence_hash = forms.CharField(max_length=64, widget=forms.HiddenInput)


class WithdrawForm(FormOfErrors):
    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("The learner reads it, and it stays on record."),
    )
