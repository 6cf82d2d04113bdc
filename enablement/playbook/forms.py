"""Forms of playbooks."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from enablement.access.models.approval import COMMENT_MAX
from enablement.playbook.archive import MAX_ARCHIVE_BYTES

if TYPE_CHECKING:
    from django.core.files.uploadedfile import UploadedFile

ENDINGS = (".yaml", ".yml", ".zip")
MAX_NAME = 200


class UploadForm(forms.Form):
    """`cleaned_data["file"]` is a playbook's file of a size that may be read."""

    file = forms.FileField(
        label=_("Playbook"),
        max_length=MAX_NAME,
        help_text=_("A .yaml file, or a .zip with the playbook and its folder content/. At most 10 MB."),
        widget=forms.ClearableFileInput(attrs={"accept": ",".join(ENDINGS)}),
    )

    def clean_file(self) -> "UploadedFile[Any]":
        file: UploadedFile[Any] = self.cleaned_data["file"]
        if not (file.name or "").lower().endswith(ENDINGS):
            raise forms.ValidationError(_("Choose a file that ends in .yaml, .yml or .zip."))
        if (file.size or 0) > MAX_ARCHIVE_BYTES:
            raise forms.ValidationError(_("The file is larger than 10 MB."))
        return file


class DecisionForm(forms.Form):
    decision = forms.ChoiceField(choices=(("approve", _("Approve")), ("reject", _("Turn down"))))
    comment = forms.CharField(
        label=_("Comment"),
        required=False,
        max_length=COMMENT_MAX,
        help_text=_("Whoever proposed it reads it. Needed to turn it down."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class CommentForm(forms.Form):
    text = forms.CharField(
        label=_("Your comment"), max_length=COMMENT_MAX, widget=forms.Textarea(attrs={"rows": 3})
    )


class ApplyForm(forms.Form):
    """`base`: the revision that the plan on the page was made against."""

    base = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    note = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=500,
        help_text=_("Why this is applied. It is kept with the revision for good."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, *args: Any, proposes: bool = False, **kwargs: Any) -> None:
        """proposes: others have to approve it, and this is what they read."""
        super().__init__(*args, **kwargs)
        if proposes:
            note = self.fields["note"]
            note.required, note.label = True, _("Why it should change")
            note.help_text = _(
                "Everybody who has to approve it reads this, and it is kept with the revision for good."
            )
