"""The learner's first page."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from enablement.people.requests import PersonRequest
from enablement.programs.selectors.path import track_plans


@require_safe
def my_path(request: PersonRequest) -> HttpResponse:
    plans = track_plans(user=request.user, at=timezone.now())
    return render(request, "programs/my_path.html", {"plans": plans})
