"""Where quizzes and labs are worked on, for the pages of `tracks` (see `tracks.links`)."""

from collections.abc import Mapping, Sequence

from django.db.models import F
from django.urls import reverse

from assessments.models import Quiz
from tracks import links
from tracks.models import Component, Lab


def register() -> None:
    links.register(Component.Kind.QUIZ, quiz_urls)
    links.register(Component.Kind.LAB, lab_urls)


def quiz_urls(components: Sequence[Component]) -> Mapping[int, str]:
    """One query."""
    rows = Quiz.objects.filter(module__components__in=components, key=F("module__components__key"))
    return {
        component: reverse("quiz", args=[pk])
        for component, pk in rows.values_list("module__components", "pk")
    }


def lab_urls(components: Sequence[Component]) -> Mapping[int, str]:
    """One query."""
    rows = Lab.objects.filter(module__components__in=components, key=F("module__components__key"))
    return {
        component: reverse("lab", args=[pk]) for component, pk in rows.values_list("module__components", "pk")
    }
