"""Forms of sessions and attendance."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from enablement.people.person_field import PersonField
from enablement.programs.models import Attendance, Session
from enablement.programs.services import Details
from tracks.models import Enrolment

Mark = Attendance.Mark
REASON_MAX = 500


class _Moment(forms.DateTimeField):
    def __init__(self, **kwargs: Any) -> None:
        widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
        super().__init__(widget=widget, **kwargs)


class SessionForm(forms.Form):
    """What a session is; times in the zone of who fills it in."""

    title = forms.CharField(label=_("Title"), max_length=200)
    starts_at = _Moment(label=_("Begins"))
    ends_at = _Moment(label=_("Ends"))
    place = forms.CharField(
        label=_("Place"), max_length=200, required=False, help_text=_("A place, a link, or both.")
    )
    link = forms.URLField(
        label=_("Link"), max_length=500, required=False, assume_scheme="https", help_text=_("To join online.")
    )
    host = PersonField(
        label=_("Host (e-mail)"),
        help_text=_("Holds it, and marks who was there. The cohort's mentors are suggested."),
        widget=forms.EmailInput(attrs={"list": "hosts"}),
    )

    def details(self) -> Details:
        return Details(**self.cleaned_data)

    @staticmethod
    def of(session: Session) -> dict[str, Any]:
        """The initial values for one that is to change."""
        said = {name: getattr(session, name) for name in ("title", "starts_at", "ends_at", "place", "link")}
        return said | {"host": session.host.email}


class CancelForm(forms.Form):
    reason = forms.CharField(
        label=_("Why it is cancelled"),
        max_length=REASON_MAX,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("The people of the cohort read it."),
    )


class AttendanceForm(forms.Form):
    """One choice for each person. standing: what was saved before, by enrolment; chosen: to begin with."""

    def __init__(
        self,
        *args: Any,
        people: Sequence[Enrolment],
        standing: Mapping[UUID, str],
        chosen: Mapping[UUID, str],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._names = {f"mark-{enrolment.pk}": enrolment for enrolment in people}
        self.standing = {each.pk: standing[each.pk] for each in people if each.pk in standing}
        for name, enrolment in self._names.items():
            self.fields[name] = forms.ChoiceField(
                label=str(enrolment.user),
                choices=Mark.choices,
                widget=forms.RadioSelect,
                initial=standing.get(enrolment.pk) or chosen.get(enrolment.pk),
                error_messages={"required": _("Choose one.")},
            )
        if self.standing:
            self.fields["reason"] = forms.CharField(
                label=_("Why saved marks change"),
                required=False,
                max_length=REASON_MAX,
                help_text=_(
                    "Needed only where you correct a mark; both stay on record. No details of illness."
                ),
            )

    def marks(self) -> dict[UUID, str]:
        return {each.pk: self.cleaned_data[name] for name, each in self._names.items()}

    def rows(self) -> list[tuple[Enrolment, forms.BoundField]]:
        return [(enrolment, self[name]) for name, enrolment in self._names.items()]
