"""A day, as every form of the project takes it."""

from datetime import date
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

FIRST, LAST = date(1900, 1, 1), date(2199, 12, 31)


class DayField(forms.DateField):
    """Not at the ends of the calendar: there is no day before or after, and none in another zone."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("widget", forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
        super().__init__(validators=[MinValueValidator(FIRST), MaxValueValidator(LAST)], **options)


def refuse_unordered(form: forms.Form, first: str, last: str) -> None:
    """For a form's `clean`: the last day has an error where it lies before the first one."""
    begin, end = form.cleaned_data.get(first), form.cleaned_data.get(last)
    if begin and end and end < begin:
        form.add_error(last, forms.ValidationError(_("This is before the first day."), code="order"))
